package rules_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/selectors"
	"github.com/kubeknot/kubeknot/rules/services"
)

// findings runs a rule on a text with options; nil leaves the defaults.
func findings(t *testing.T, rule *analyzer.Rule, text string, options any) int {
	t.Helper()
	u := unit.FromFile(manifest.Parse(source.NewFile("a.yaml", "a.yaml", []byte(text))), "")
	p := &analyzer.Pass{Rule: rule, Unit: u, Graph: graph.Build(u, nil), Options: func(*manifest.Resource) any { return options }}
	if err := rule.Run(p); err != nil {
		t.Fatal(err)
	}
	return len(p.Findings)
}

func TestOptionsChangeWhatIsReported(t *testing.T) {
	t.Parallel()
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: NodePort, ports: [{port: 80, nodePort: 30080}]}\n"
	const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {app: a, git-sha: 0f516c7}}
  template:
    metadata: {labels: {app: a, git-sha: 0f516c7}}
    spec: {containers: [{name: a, image: a}]}
`
	for _, tt := range []struct {
		name    string
		rule    *analyzer.Rule
		text    string
		options any
		want    int
	}{
		{"default range", services.NodePortConflict, service, nil, 0},
		{"another range", services.NodePortConflict, service, services.NodePortRange{First: 20000, Last: 22767}, 1},
		{"default labels", selectors.VolatileLabelInSelector, deployment, nil, 0},
		{"a further label", selectors.VolatileLabelInSelector, deployment, selectors.VolatileLabels{Labels: []string{"git-sha"}}, 1},
	} {
		if got := findings(t, tt.rule, tt.text, tt.options); got != tt.want {
			t.Errorf("%s: %d findings, want %d", tt.name, got, tt.want)
		}
	}
}
