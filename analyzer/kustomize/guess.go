package kustomize

import (
	"path"
	"slices"

	"sigs.k8s.io/kustomize/api/resource"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// To have kustomize say where each object comes from is dear: it notes every
// transformer too, in an annotation that it reads and writes for each. Mostly
// kind and name say it as well.

// birthplace is where an object can come from: a file, or the generators of a
// kustomization.
type birthplace struct {
	rel   string         // the file
	lists *Kustomization // of generators; nil for a file
	// plugin is the kind of the generator; "" if that is unknown.
	plugin string
}

// kindName is an object by its kind and a name that it may have in the end.
type kindName struct{ kind, name string }

// births returns where objects of a kind and name can come from, each place
// once.
func (tr *tracer) births() map[kindName][]birthplace {
	all := map[kindName][]birthplace{}
	add := func(kind, name string, at birthplace) {
		key := kindName{kind, name}
		if !slices.Contains(all[key], at) {
			all[key] = append(all[key], at)
		}
	}
	for _, k := range tr.build.Parts {
		for _, way := range tr.chains[k.Dir] {
			chain := tr.withComponents(way)
			for _, target := range k.Targets {
				if f := tr.tree.plainFile(target.Path); f != nil {
					for _, r := range f.Resources() {
						names := tr.tree.namesAlong(chain, r.Name)
						if r.Kind == "Namespace" {
							names = append(names, namespacesOf(chain)...)
						}
						for _, name := range names {
							add(r.Kind, name, birthplace{rel: target.Path})
						}
					}
				}
			}
			for _, m := range tr.tree.configuration(k).makers {
				if m.merges() {
					continue
				}
				for _, name := range tr.tree.namesAlong(chain, m.called()) {
					add(m.kind(), name, birthplace{lists: k, plugin: m.plugin})
				}
			}
		}
	}
	return all
}

// namespacesOf returns the namespaces that kustomizations set; a Namespace gets
// the name of the one it passes through (api/filters/namespace).
func namespacesOf(chain []*Kustomization) []string {
	var names []string
	for _, k := range chain {
		if name := manifest.String(k.Document.Root, "namespace"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// plainFile returns a file that is listed as a resource, nil for a directory.
func (t *Tree) plainFile(rel string) *manifest.File {
	if rel == "" || t.Kustomizations[rel] != nil {
		return nil
	}
	return t.File(rel)
}

// guess returns where the resources of a build come from. It is nil if that is
// not plain for each of them: then kustomize has to be asked.
func (tr *tracer) guess(resources []*resource.Resource) []*origin {
	births := tr.births()
	origins := []*origin{}
	for _, r := range resources {
		kind, name := r.GetKind(), r.GetName()
		at := births[kindName{kind, name}]
		if cut := len(name) - hashLength; cut > 0 && hash.MatchString(name[cut:]) {
			at = slices.Concat(at, births[kindName{kind, name[:cut]}])
		}
		if len(at) != 1 {
			return nil
		}
		o := tr.originAt(r, at[0])
		if o == nil {
			return nil
		}
		origins = append(origins, o)
	}
	return origins
}

// hashLength is the length of what hash finds.
const hashLength = 11

// said returns where the resource comes from by the annotation that kustomize
// has put on it. What it says nothing of that is known here comes from the
// kustomization that is built, as far as kubeknot can tell.
func (tr *tracer) said(r *resource.Resource) *origin {
	at := birthplace{lists: tr.build.Kustomization}
	if from, err := r.GetOrigin(); err == nil && from != nil {
		at = birthplace{rel: path.Join(tr.build.Kustomization.Dir, from.Path+from.ConfiguredIn)}
		if from.ConfiguredIn != "" {
			at.plugin = from.ConfiguredBy.Kind
			at.lists = tr.makerIn(at.rel, at.plugin)
		}
	}
	_ = r.SetOrigin(nil)
	if o := tr.originAt(r, at); o != nil {
		return o
	}
	return tr.originAt(r, birthplace{lists: tr.build.Kustomization})
}

// originAt returns nil if the object is not what is written there.
func (tr *tracer) originAt(r *resource.Resource, at birthplace) *origin {
	o := &origin{kind: r.GetKind(), lists: at.lists, tree: tr.tree, build: tr.build}
	if o.lists != nil {
		o.generated(tr.tree.maker(o.lists, at.plugin, o.kind, r.GetName()), r.GetName())
	} else if o.lists = tr.listing(at.rel); o.lists == nil || !o.written(tr.tree.File(at.rel), r.GetName(), r.GetNamespace()) {
		return nil
	}
	o.node = manifest.FromYAML(r.YNode())
	o.pass(tr, o.lists, r.GetName())
	for _, k := range o.chain {
		o.patches = append(o.patches, tr.tree.patchesOf(k, o)...)
	}
	return o
}
