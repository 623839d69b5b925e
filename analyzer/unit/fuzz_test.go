package unit

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// FuzzPlan plans a tree of any names in which every kustomization lists what
// the text says. Each file must be in one unit as its own, in a kustomization
// or passed over, and nothing outside of the tree in any.
func FuzzPlan(f *testing.F) {
	f.Add("a.yaml\nx/b.yaml\nx/y/c.yaml", "a.yaml")
	f.Add("c/Chart.yaml\nc/templates/a.yaml\nc/charts/d/Chart.yaml\nc/charts/d/crds/x.yaml\nc/values.yaml", "")
	f.Add("k/kustomization.yaml\nk/a.yaml\nk/o/kustomization.yml\nk/o/p.yaml", "..,a.yaml,o,p.yaml,/etc/passwd,https://x/y,../../z")
	f.Add("kustomization.yaml\nKustomization\na/kustomization.yaml\nb/kustomization.yaml", ".,a,b,../a,../b,a/../..")
	f.Fuzz(func(t *testing.T, names, listed string) {
		tree := Tree{}
		known := map[string]bool{}
		for _, name := range strings.Split(names, "\n") {
			if p := path.Clean(name); p != name || p == "." || path.IsAbs(p) || strings.HasPrefix(p, "..") || known[p] {
				continue
			}
			known[name] = true
			if path.Base(name) == "Chart.yaml" {
				tree.Charts = append(tree.Charts, path.Dir(name))
			} else {
				tree.Files = append(tree.Files, name)
			}
		}
		slices.Sort(tree.Files)
		text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [" + listed + "]\npatches: [{path: " + listed + "}]\n"
		custom := map[string]bool{}
		for _, name := range tree.Files {
			if dir := path.Dir(name); kustomize.IsFile(name) && !custom[dir] {
				custom[dir] = true
				for _, d := range manifest.ParseAny(source.NewFile(name, name, []byte(text))).Documents {
					if manifest.IsMapping(d.Root) {
						tree.Kustomizations = append(tree.Kustomizations, kustomize.Read(dir, d))
						break
					}
				}
			}
		}
		checkLayout(t, tree, Plan(tree))
	})
}

func checkLayout(t *testing.T, tree Tree, layout Layout) {
	t.Helper()
	in := map[string]int{}
	built := map[string]bool{}
	for _, s := range layout.Units {
		for _, f := range slices.Concat(s.Files, s.Context, s.Siblings) {
			if !slices.Contains(tree.Files, f) {
				t.Errorf("%s %s has %q, which is not in the tree", s.Kind, s.Dir, f)
			}
		}
		for _, f := range s.Files {
			if s.Kind == Kustomization {
				built[f] = true
			} else {
				in[f]++
			}
		}
	}
	for _, f := range tree.Files {
		listed := slices.ContainsFunc(tree.Kustomizations, func(k *kustomize.Kustomization) bool {
			return slices.ContainsFunc(k.Targets, func(r kustomize.Reference) bool { return r.Path == f })
		})
		switch over := layout.PassedOver[f] != ""; {
		case over && (in[f] > 0 || built[f]):
			t.Errorf("%q is passed over and in a unit", f)
		case in[f] > 1:
			t.Errorf("%q is in %d units", f, in[f])
		case !over && in[f] == 0 && !listed:
			t.Errorf("%q is lost", f)
		}
	}
}
