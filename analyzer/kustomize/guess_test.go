package kustomize

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// twins are two objects of one kind and name, which only kustomize can tell
// apart, and one that a patch renames.
const twins = `
-- prod/kustomization.yaml --
resources: [a.yaml, b.yaml, c.yaml]
patches:
- target: {kind: ConfigMap, name: plain}
  options: {allowNameChange: true}
  patch: |-
    - {op: replace, path: /metadata/name, value: renamed}
-- prod/a.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: twin, namespace: a}
-- prod/b.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: twin, namespace: b}
-- prod/c.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: plain}
`

func TestGuessedOriginsAreThoseThatKustomizeSays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, files string
		guessed     bool
	}{
		{"shop", shop, true},
		{"twins", twins, false},
		{"one of the twins", strings.Replace(twins, " b.yaml,", "", 1), false},
		{"a Namespace", "-- prod/kustomization.yaml --\nnamespace: shop\nresources: [a.yaml]\n-- prod/a.yaml --\napiVersion: v1\nkind: Namespace\nmetadata: {name: any}\n", true},
		{"nobody renamed", strings.Replace(strings.Replace(twins, " b.yaml,", "", 1), "renamed", "plain", 1), true},
	} {
		asked := strings.Replace(tt.files, "-- prod/kustomization.yaml --\n", "-- prod/kustomization.yaml --\nbuildMetadata: [managedByLabel]\n", 1)
		a, b := buildProd(t, txtar.Parse([]byte(tt.files))), buildProd(t, txtar.Parse([]byte(asked)))
		if got, want := born(a), born(b); !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, want)
		}
		made, err := a.tree.run(a, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := newTracer(a.tree, a).guess(made.Resources()) != nil; got != tt.guessed {
			t.Errorf("%s: guessed is %v", tt.name, got)
		}
	}
}

// born describes where the resources of a build come from.
func born(b *Build) []string {
	var all []string
	for _, r := range b.Resources {
		o := r.Origin.(*origin)
		line := fmt.Sprint(r, o.names, o.source.Document.File.Rel, o.generator != nil, location(o.source).Start(), o.lists.Dir, len(o.patches))
		for _, k := range o.chain {
			line += " " + k.Dir
		}
		all = append(all, line)
	}
	return all
}
