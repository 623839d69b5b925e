package services_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/rules/services"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	analyzertest.Fixtures(t, "../../testdata", services.All())
}
