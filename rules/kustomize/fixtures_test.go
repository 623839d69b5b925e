package kustomize_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/rules/kustomize"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	analyzertest.Fixtures(t, "../../testdata", kustomize.All())
}
