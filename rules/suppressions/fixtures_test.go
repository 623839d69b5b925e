package suppressions_test

import (
	"slices"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/policies"
	"github.com/kubeknot/kubeknot/rules"
	"github.com/kubeknot/kubeknot/rules/suppressions"
)

// TestFixtures runs the rules with all others: without them there is nothing
// to review.
func TestFixtures(t *testing.T) {
	t.Parallel()
	rego, err := policies.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	analyzertest.Fixtures(t, "../../testdata", suppressions.All(), slices.Concat(rules.All(), policies.Constraints(), rego)...)
}
