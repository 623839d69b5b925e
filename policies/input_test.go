package policies

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// plain returns the input of the given kinds as plain Go data.
func plain(t *testing.T, g *graph.Graph, kinds ...string) map[string]any {
	t.Helper()
	value, err := inputOf(g).value(kinds)
	if err != nil {
		t.Fatal(err)
	}
	data, err := ast.JSON(value)
	if err != nil {
		t.Fatal(err)
	}
	return data.(map[string]any)
}

func TestInput(t *testing.T) {
	t.Parallel()
	g := graphOf(tree{
		"u/a.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
		"base/s.yaml": `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: s, namespace: x}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}
---
apiVersion: v1
kind: ConfigMap
`,
	}, func(u *unit.Unit) {
		u.Namespace, u.Rewritten, u.Open = "x", kustomize.Everything, []string{"because"}
	})
	want := map[string]any{
		"unit": map[string]any{"name": "u", "kind": "directory", "namespace": "x", "complete": false, "rewritten": true},
		"resources": map[string]any{"Deployment": []any{map[string]any{
			"ref": number("0"), "own": true, "superseded": false, "replaces": false, "controlled": false,
			"scaledBy": map[string]any{"kind": "HorizontalPodAutoscaler", "name": "s"},
			"group":    "apps", "version": "v1", "kind": "Deployment", "namespace": "x", "name": "a",
			"object": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "a"}},
		}}},
	}
	if diff := cmp.Diff(want, plain(t, g, "Deployment", "Service")); diff != "" {
		t.Error(diff)
	}
	if all := plain(t, g)["resources"].(map[string]any); len(all) != 3 {
		t.Errorf("without kinds: %v", all)
	}
}

// marks returns the truth values of each Pod by its place in the input.
func TestInputMarks(t *testing.T) {
	t.Parallel()
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: "
	g := graphOf(tree{
		"u/a.yaml": pod + "{name: a}\n---\n" + pod + "{generateName: g}\n",
		"u/b.yaml": pod + "{name: a}\n---\n" + pod + "{generateName: g}\n---\n" + pod + "{name: a, namespace: n}\n",
		"u/c.yaml": pod + "{name: c, ownerReferences: [{name: o}, {name: p, controller: true}]}\n---\n" +
			pod + "{name: d, ownerReferences: [{name: o, controller: false}]}\n---\n" +
			pod + "{name: e, namespace: n}\n",
		"base/a.yaml": pod + "{name: a}\n---\n" + pod + "{name: b}\n---\n" + pod + "{name: e, namespace: m}\n",
	}, nil)
	var got []string
	for _, entry := range plain(t, g)["resources"].(map[string]any)["Pod"].([]any) {
		r := entry.(map[string]any)
		line := r["name"].(string)
		for _, mark := range []string{"own", "superseded", "replaces", "controlled"} {
			if r[mark].(bool) {
				line += " " + mark
			}
		}
		got = append(got, line)
	}
	want := []string{
		"a own superseded replaces", " own",
		"a own replaces", " own", "a own replaces",
		"c own controlled", "d own", "e own",
		"b", "e",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
