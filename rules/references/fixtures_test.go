package references_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/rules/references"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	analyzertest.Fixtures(t, "../../testdata", references.All())
}
