// Package flux finds what Flux applies of a tree: the Kustomizations whose source
// is the tree, each built as kustomize-controller builds it. It imports unit and
// what unit imports.
package flux

import (
	"context"
	"path"
	"slices"
	"strings"

	gitignore "github.com/monochromegane/go-gitignore"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Group is the API group of Flux's Kustomizations.
const Group = "kustomize.toolkit.fluxcd.io"

// bootstrap is the name that "flux bootstrap" and flux-operator give the source of
// the repository itself (https://fluxcd.io/flux/installation/bootstrap/).
const bootstrap = "flux-system"

// Find returns what Flux applies of a tree. It is nil where no file mentions a
// Kustomization of Flux. The error is that of the context.
func Find(ctx context.Context, w unit.Workspace) ([]unit.Delivered, error) {
	f := &finder{Workspace: w, closures: map[string][]string{}, patterns: map[string]gitignore.IgnoreMatcher{}, seen: map[string]bool{}, own: map[string]bool{}, configs: map[string][]*manifest.Resource{}}
	f.read()
	if len(f.written)+len(f.installs) == 0 {
		return nil, nil
	}
	f.findSources()
	next, err := f.entries(ctx)
	for err == nil {
		for len(next) > 0 && err == nil {
			next, err = f.level(ctx, next)
		}
		if next = f.left(); len(next) == 0 {
			break
		}
	}
	if err != nil {
		return nil, err
	}
	return append(f.result(), f.releases()...), nil
}

// finder is the state of finding.
type finder struct {
	unit.Workspace
	written  []*manifest.Resource               // the Kustomizations of Flux as files hold them
	installs []*manifest.Resource               // the HelmReleases as files hold them
	sources  []*manifest.Resource               // GitRepositories and the like
	configs  map[string][]*manifest.Resource    // ConfigMaps and Secrets that are built, by cluster
	closures map[string][]string                // the files that a path leads to
	patterns map[string]gitignore.IgnoreMatcher // of .sourceignore files, by directory; nil for none
	seen     map[string]bool
	own      map[string]bool // sources that are known to be this tree
	all      []*applied
}

// applied is one Kustomization of Flux.
type applied struct {
	*manifest.Resource
	// cluster names the cluster that it is in. Clusters share nothing.
	cluster   string
	dir       string // spec.path inside the tree
	delivery  *unit.Delivery
	overlay   *kustomize.Overlay // nil if nothing of this tree is applied
	build     *kustomize.Build
	resources []*manifest.Resource
}

func isKustomization(r *manifest.Resource) bool {
	return r.Group == Group && r.Kind == "Kustomization"
}

// read finds the files that speak of Flux.
func (f *finder) read() {
	inputs := map[string]bool{} // patches are no Kustomizations
	for _, k := range f.Kustomizations {
		for _, in := range k.Inputs {
			inputs[in.Path] = true
		}
	}
	for _, rel := range f.Files {
		text := string(f.Text(rel))
		if inputs[rel] || !strings.Contains(text, "toolkit.fluxcd.io/") {
			continue
		}
		file := f.Parse(rel)
		if file == nil {
			continue
		}
		for _, r := range file.Resources() {
			switch {
			case isRelease(r):
				f.installs = append(f.installs, r)
			case isKustomization(r) && manifest.String(r.Node, "spec", "sourceRef", "kind") != "":
				f.written = append(f.written, r)
			case r.Group == "source.toolkit.fluxcd.io":
				f.sources = append(f.sources, r)
			}
		}
	}
}

// pathOf returns spec.path inside the tree.
func pathOf(r *manifest.Resource) string {
	return path.Clean(strings.TrimPrefix(path.Clean("/"+manifest.String(r.Node, "spec", "path")), "/"))
}

// entries returns the Kustomizations that no other one applies: those that are
// applied by hand, by "flux bootstrap" or flux-operator, and what root
// kustomizations make of them.
func (f *finder) entries(ctx context.Context) ([]*applied, error) {
	covered := map[string][]string{} // file → paths
	for _, r := range f.written {
		if dir := pathOf(r); f.isOwn(r) && f.IsDir(dir) {
			for _, rel := range f.closure(dir) {
				if !slices.Contains(covered[rel], dir) {
					covered[rel] = append(covered[rel], dir)
				}
			}
		}
	}
	var entries []*applied
	var overlays []*kustomize.Overlay
	roots := map[string]bool{}
	for _, r := range f.written {
		self := pathOf(r)
		if slices.ContainsFunc(covered[r.File().Rel], func(dir string) bool { return dir != self }) {
			continue
		}
		if k := f.rootOf(r.File().Rel); k != nil && len(covered[r.File().Rel]) == 0 {
			if !roots[k.Dir] {
				roots[k.Dir] = true
				overlays = append(overlays, &kustomize.Overlay{Kustomization: k})
			}
			continue
		}
		entries = append(entries, &applied{Resource: r, cluster: clusterOf(path.Dir(r.File().Rel))})
	}
	builds, err := f.Build(ctx, overlays)
	for _, b := range builds {
		for _, r := range b.Resources {
			if isKustomization(r) {
				entries = append(entries, &applied{Resource: r, cluster: clusterOf(b.Kustomization.Dir)})
			}
		}
	}
	return f.unseen(entries), err
}

// left returns the Kustomizations that nothing led to, as where two apply each
// other or a build has failed.
func (f *finder) left() []*applied {
	var all []*applied
	for _, r := range f.written {
		if !f.seen["file "+r.File().Rel+" "+r.Name] {
			all = append(all, &applied{Resource: r, cluster: clusterOf(path.Dir(r.File().Rel))})
		}
	}
	return f.unseen(all)
}

// unseen drops what is known, by cluster and name.
func (f *finder) unseen(all []*applied) []*applied {
	return slices.DeleteFunc(all, func(a *applied) bool {
		f.seen["file "+a.File().Rel+" "+a.WrittenName()] = true
		key := a.cluster + " " + a.Namespace + " " + a.Name
		known := f.seen[key]
		f.seen[key] = true
		return known
	})
}

// clusterOf names the cluster of an entry in a directory: what lies below
// clusters/NAME is one, as in Flux's own examples
// (https://fluxcd.io/flux/guides/repository-structure/).
func clusterOf(dir string) string {
	steps := strings.Split(dir, "/")
	for i, step := range steps {
		if step == "clusters" && i+1 < len(steps) {
			return strings.Join(steps[:i+2], "/")
		}
	}
	return dir
}

// rootOf returns the kustomization that lists a file and that no other one uses,
// nil if there is none, or several.
func (f *finder) rootOf(rel string) *kustomize.Kustomization {
	var found *kustomize.Kustomization
	for at := rel; ; {
		var users []*kustomize.Kustomization
		for _, k := range f.Kustomizations {
			if slices.ContainsFunc(k.Targets, func(t kustomize.Reference) bool { return t.Path == at }) {
				users = append(users, k)
			}
		}
		if len(users) != 1 || users[0] == found {
			return found
		}
		found, at = users[0], users[0].Dir
	}
}
