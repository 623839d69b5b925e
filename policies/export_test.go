package policies

import (
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
)

// TestExportSaysTheSame holds each policy that can be exported against the
// template made of it: on its own examples both find the same.
func TestExportSaysTheSame(t *testing.T) {
	t.Parallel()
	rules, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	exported := 0
	for _, r := range rules {
		template, err := ExportGatekeeper(strings.TrimPrefix(r.Policy, "policies/"))
		if err != nil {
			if !strings.Contains(err.Error(), "Gatekeeper shows a policy one object") {
				t.Error(err)
			}
			continue
		}
		exported++
		for name, example := range map[string]string{"bad": r.Bad, "good": r.Good} {
			own := messagesOf(t, r, example, "")
			other := messagesOf(t, constraintViolated, string(template)+"---\n"+example, ": ")
			if strings.Join(own, "\n") != strings.Join(other, "\n") {
				t.Errorf("%s, %s example: the policy says %q, the template %q", r.ID, name, own, other)
			}
		}
	}
	if exported == 0 {
		t.Error("no policy can be exported")
	}
}

// messagesOf returns what a rule says of a manifest, behind a mark if there is
// one.
func messagesOf(t *testing.T, r *analyzer.Rule, text, after string) []string {
	t.Helper()
	findings, err := run(r, graphOf(tree{"u/a.yaml": text}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range findings {
		if after != "" {
			_, f.Message, _ = strings.Cut(f.Message, after)
		}
		all = append(all, f.Message)
	}
	return all
}
