package disruption_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/rules/disruption"
)

func TestFixtures(t *testing.T) {
	t.Parallel()
	analyzertest.Fixtures(t, "../../testdata", disruption.All())
}
