package kustomize

import (
	"path"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// FuzzRead looks for kustomizations that cannot be read, and for references
// that lead out of the tree.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"resources: [a.yaml, ../b, 'https://example.com/x?ref=v1', /etc/passwd, '']\npatches: [{path: p.yaml}, {patch: |-\n  - op: add\n}]",
		"secretGenerator: [{name: s, literals: [a=b], envs: [.env], files: [x=y, z]}]\nconfigMapGenerator: [{env: e}]",
		"helmCharts: [{name: x}]\nopenapi: {path: o.json}\nreplacements: [{path: r.yaml}]\ncomponents: [&a ../../c, *a]",
		"resources: {a: b}\npatchesStrategicMerge: ['kind: Secret\ndata: {a: b}', 1, [x], null]\nkind: Component", "[]", "a: &a {<<: *a}",
	} {
		f.Add([]byte(seed), "k/d")
	}
	f.Fuzz(func(t *testing.T, data []byte, dir string) {
		if dir = path.Clean(dir); path.IsAbs(dir) || dir == ".." || strings.HasPrefix(dir, "../") {
			t.Skip()
		}
		for _, d := range manifest.ParseAny(source.NewFile("f", "f", data)).Documents {
			if !manifest.IsMapping(d.Root) {
				continue
			}
			k := Read(dir, d)
			all := append(k.Targets, k.Inputs...)
			for _, g := range k.generatorInputs() {
				all = append(all, g.Reference)
			}
			for _, r := range all {
				if path.IsAbs(r.Path) || r.Path == ".." || strings.HasPrefix(r.Path, "../") {
					t.Errorf("%q leads to %q", r.Text, r.Path)
				}
				_ = k.Location(r.Field...).Start()
			}
			for line := range d.File.Lines() {
				_ = d.File.LineText(line)
			}
		}
	})
}
