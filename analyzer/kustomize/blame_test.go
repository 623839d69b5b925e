package kustomize

import (
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestTheEntryAtFaultIsNamed: a build that fails is the fault of one entry, in
// whichever kustomization of the build it stands.
func TestTheEntryAtFaultIsNamed(t *testing.T) {
	t.Parallel()
	const settings = "-- base/a.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {color: blue}\n"
	for _, tt := range []struct{ name, base, prod, dir, field string }{
		{"a field that kustomize does not know", "resources: [a.yaml]\nlables: # x\n- pairs: {a: b}\n", "resources: [../base]", "base", "lables"},
		{"an object twice", "resources: [a.yaml]", "resources:\n- ../base\n- ../base/a.yaml", "prod", "resources/1"},
		{"a generator that merges into nothing", "resources: [a.yaml]", "resources: [../base]\nconfigMapGenerator:\n- {name: b, literals: [x=1]}\n- {name: c, behavior: merge, literals: [x=1]}", "prod", "configMapGenerator/1"},
		{"a replacement without a source", "resources: [a.yaml]", "resources: [../base]\nreplacements:\n- source: {kind: ConfigMap, name: b, fieldPath: data.color}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.color]}]", "prod", "replacements/0"},
		{"a patch of nothing", "resources: [a.yaml]", "resources: [../base]\npatches:\n- patch: |-\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {size: large}}\n- patch: |-\n    {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {size: large}}\n", "prod", "patches/1"},
		{"a count for nothing", "resources: [a.yaml]", "resources: [../base]\nreplicas:\n- {name: web, count: 2}", "prod", "replicas/0"},
		{"a builtin that does not exist", "resources: [a.yaml]", "resources: [../base]\ntransformers:\n- |-\n  {apiVersion: builtin, kind: ImageTransformer, metadata: {name: a}}\n", "prod", "transformers/0"},
	} {
		b := build(t, txtar.Parse([]byte(settings+"-- base/kustomization.yaml --\n"+tt.base+"\n-- prod/kustomization.yaml --\n"+tt.prod+"\n")), nil)
		if b.Failure == nil {
			t.Errorf("%s: it is built, or not: %+v", tt.name, b.Unbuilt)
		} else if got := strings.Join(b.Failure.Field, "/"); got != tt.field || b.Failure.In.Dir != tt.dir {
			t.Errorf("%s: got %s %s: %s", tt.name, b.Failure.In.Dir, got, b.Failure.Text)
		}
	}
}
