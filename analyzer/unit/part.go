package unit

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// This file finds parts: files that lie where a kustomization builds objects, but
// that it does not name, and that hold too little to be objects. They are patches
// which are switched off, as kubebuilder's config/ keeps them, or left over.
// kustomize reads a patch only where a kustomization names it, and kubectl would
// be refused if it applied one (https://book.kubebuilder.io/reference/project-config,
// sigs.k8s.io/kustomize/api/types Kustomization).

// Unnamed returns the files that may be parts, each with the kustomizations that
// it may belong to: the closest one above it, or else those beside its directory.
// A file that any kustomization names is not among them.
func Unnamed(t Tree) map[string][]*kustomize.Kustomization {
	named, custom := map[string]bool{}, map[string]*kustomize.Kustomization{}
	beside := map[string][]*kustomize.Kustomization{} // by the directory that holds the kustomization's
	for _, k := range t.Kustomizations {
		for _, r := range slices.Concat(k.Targets, k.Inputs) {
			named[r.Path] = true
		}
		if len(k.Targets)+len(k.Inputs) > 0 {
			custom[k.Dir] = k
			beside[path.Dir(k.Dir)] = append(beside[path.Dir(k.Dir)], k)
		}
	}
	unnamed := map[string][]*kustomize.Kustomization{}
	for _, f := range t.Files {
		if named[f] || kustomize.IsFile(f) || len(custom) == 0 {
			continue
		}
		if k := closest(custom, path.Dir(f)); k != nil {
			unnamed[f] = []*kustomize.Kustomization{k}
		} else if all := beside[path.Dir(path.Dir(f))]; len(all) > 0 && path.Dir(f) != "." {
			unnamed[f] = all
		}
	}
	return unnamed
}

// closest returns the kustomization of a directory or of the closest one above
// it, nil if there is none.
func closest(custom map[string]*kustomize.Kustomization, dir string) *kustomize.Kustomization {
	for ; ; dir = path.Dir(dir) {
		if k := custom[dir]; k != nil || dir == "." {
			return k
		}
	}
}

// Parts returns those of the unnamed files that are parts. parse returns the
// documents of a file, nil if it cannot be read.
func Parts(t Tree, unnamed map[string][]*kustomize.Kustomization, parse func(path string) *manifest.File) map[string]PassedOver {
	p := &parts{parse: parse, custom: map[string]*kustomize.Kustomization{}, built: map[string]map[named]*manifest.Resource{}}
	for _, k := range t.Kustomizations {
		p.custom[k.Dir] = k
	}
	found := map[string]PassedOver{}
	for _, f := range slices.Sorted(maps.Keys(unnamed)) {
		if p.isPart(f, unnamed[f]) {
			found[f] = part
		}
	}
	return found
}

// parts remembers what kustomizations build while files are held against it.
type parts struct {
	parse  func(string) *manifest.File
	custom map[string]*kustomize.Kustomization
	built  map[string]map[named]*manifest.Resource // by the kustomization's directory
}

// named is what a patch finds its object by, without the group and the namespace:
// patches that were left over often have those of an earlier version.
type named struct{ kind, name string }

// isPart reports whether every document of a file is a part.
func (p *parts) isPart(f string, of []*kustomize.Kustomization) bool {
	file := p.parse(f)
	if file == nil {
		return false
	}
	objects, patches := 0, 0
	for _, d := range file.Documents {
		switch d.Role {
		case manifest.Patch:
			patches++
		case manifest.Object:
		default:
			return false // rules say what is wrong with it, or that it is no manifest
		}
		for _, r := range d.Resources {
			objects++
			if !slices.ContainsFunc(of, func(k *kustomize.Kustomization) bool { return p.lacks(r, k) }) {
				return false
			}
		}
	}
	return objects > 0 || patches > 0
}

// lacks reports whether a resource cannot stand alone and so is a part of
// something else than its own file.
func (p *parts) lacks(r *manifest.Resource, k *kustomize.Kustomization) bool {
	closeBy := path.Dir(r.File().Rel) == k.Dir || strings.HasPrefix(r.File().Rel, k.Dir+"/") || k.Dir == "."
	whole := p.objects(k)[named{r.Kind, r.Name}]
	switch {
	case whole != nil:
		return partial(r, true) || lacksHalf(r, whole)
	case !closeBy: // only the name of an object leads from there to the kustomization
		return false
	}
	return partial(r, false) || len(content(r)) == 0 && hollow[r.Kind] || missing(r) == 1 && namedPatch(r.File().Rel)
}

// hollow are the kinds that the API server accepts without anything but metadata,
// although that says nothing: only a patch is written so.
var hollow = map[string]bool{"MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true, "Role": true, "ClusterRole": true, "PodDisruptionBudget": true}

// partial reports whether the API server would refuse a resource because it has too
// little to be an object. Where no other file has the object, one missing field may
// be one that an author has forgotten.
func partial(r *manifest.Resource, defined bool) bool {
	n := missing(r)
	return n > 1 || n == 1 && (defined || len(content(r)) == 0)
}

// namedPatch reports whether the path says that the file is a patch.
func namedPatch(f string) bool {
	return slices.ContainsFunc(strings.Split(f, "/"), func(step string) bool { return strings.Contains(strings.ToLower(step), "patch") })
}

// missing counts the fields without which the API server refuses the object. It
// is 0 for a kind that the server does not serve.
func missing(r *manifest.Resource) int {
	data, ok := manifest.AppendJSON(nil, r.Node)
	if !ok || !apiserver.Known(r.APIVersion, r.Kind) {
		return 0
	}
	n := 0
	for _, refusal := range apiserver.Create(apiserver.Object{APIVersion: r.APIVersion, Kind: r.Kind, JSON: data}).Refusals {
		path := manifest.FieldPath(refusal.Path)
		switch {
		case refusal.Family == apiserver.Required, path == "spec":
			n++
		case path == "spec.template.metadata.labels" && r.Kind == "DaemonSet" && r.Get("spec", "selector") == nil:
			n++ // of other controllers it says that the selector is required
		}
	}
	return n
}

// lacksHalf reports whether a resource has at most half of the fields that the
// whole object of its name has: a further version of the object has most of them.
func lacksHalf(r, whole *manifest.Resource) bool {
	all, there := content(whole), content(r)
	n := 0
	for key := range all {
		if there[key] {
			n++
		}
	}
	return len(all) > 0 && 2*n <= len(all)
}

// content returns the fields of an object besides those that say what it is: those
// of its spec, or of the top if it has none.
func content(r *manifest.Resource) map[string]bool {
	keys := map[string]bool{}
	for key, entry := range manifest.Fields(r.Node) {
		switch key {
		case "apiVersion", "kind", "metadata", "status":
		case "spec":
			for field := range manifest.Fields(entry.Value) {
				keys["spec."+field] = true
			}
		default:
			keys[key] = true
		}
	}
	return keys
}

// objects returns the objects that a kustomization and what it is built of list
// and make, as their files define them.
func (p *parts) objects(k *kustomize.Kustomization) map[named]*manifest.Resource {
	if all, ok := p.built[k.Dir]; ok {
		return all
	}
	all := map[named]*manifest.Resource{}
	p.built[k.Dir] = all // which ends circles
	for _, target := range k.Targets {
		if base := p.custom[target.Path]; base != nil {
			maps.Copy(all, p.objects(base))
			continue
		}
		if target.Path == "" {
			continue
		}
		if file := p.parse(target.Path); file != nil {
			for _, r := range file.Resources() {
				all[named{r.Kind, r.Name}] = r
			}
		}
	}
	return all
}
