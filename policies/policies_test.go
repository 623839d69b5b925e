package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// tree is manifests by path. The unit is the directory "u"; "base" is its
// context.
type tree map[string]string

// graphOf returns the graph of the unit of a tree. change may alter the unit
// before; it may be nil.
func graphOf(files tree, change func(*unit.Unit)) *graph.Graph {
	parsed := map[string]*manifest.File{}
	spec := unit.Spec{Dir: "u", Kind: unit.Directory}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		parsed[path] = manifest.Parse(source.NewFile(path, path, []byte(files[path])))
		if strings.HasPrefix(path, "base/") {
			spec.Context = append(spec.Context, path)
		} else {
			spec.Files = append(spec.Files, path)
		}
	}
	u := unit.Assemble(spec, "u", "", func(path string) *manifest.File { return parsed[path] })
	if change != nil {
		change(u)
	}
	return graph.Build(u, nil)
}

// run runs a rule over a graph.
func run(rule *analyzer.Rule, g *graph.Graph) ([]analyzer.Finding, error) {
	pass := &analyzer.Pass{Rule: rule, Unit: g.Unit, Graph: g}
	err := rule.Run(pass)
	analyzer.Sort(pass.Findings)
	return pass.Findings, err
}

// show writes a finding as "path:line: marked text: message".
func show(f analyzer.Finding) string {
	return fmt.Sprintf("%s:%d: %s: %s", f.Location.File.Path, f.Location.Start().Line, f.Location.Text(), f.Message)
}

// embeddedRule returns one of the embedded rules.
func embeddedRule(t testing.TB, id string) *analyzer.Rule {
	t.Helper()
	rules, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no policy %s", id)
	return nil
}

const header = `# METADATA
# title: A title
# description: Why
# related_resources:
#   - ref: https://kubernetes.io/docs/
# custom:
#   claim: broken
#   kinds: [Deployment]
#   bad: "kind: A"
#   good: "kind: B"
package kubeknot.rules.some_rule

`

// policyOf loads a policy some-rule that consists of the header and a body.
func policyOf(body string) (*analyzer.Rule, error) {
	rules, err := Load(fstest.MapFS{"some-rule.rego": {Data: []byte(header + body)}})
	if err != nil {
		return nil, err
	}
	return rules[0], nil
}

// deployment is a Deployment of that name with 2 replicas.
func deployment(name string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: %s
spec:
  replicas: 2
`, name)
}
