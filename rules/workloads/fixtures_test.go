package workloads_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/rules/workloads"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	analyzertest.Fixtures(t, "../../testdata", workloads.All())
}
