package kustomize

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/resid"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Idle is an entry of a kustomization that changes nothing.
type Idle struct {
	// Location and Path are the field that keeps it from applying.
	Location source.Location
	Path     []string
	// Kind and Name are what it targets; a Kind of "" is any.
	Kind, Name string
	// Near are the names of the objects of that kind that it could have meant,
	// or of images.
	Near []string
	// Field is "version", "group" or "namespace" if objects of the kind and name
	// exist and this field of the target excludes them. Value is what it holds,
	// and Has is what the first of the objects has, which may be "".
	Field, Value, Has string
}

// called is an object under all the names and namespaces that it has up to a
// kustomization.
type called struct {
	gvk               resid.Gvk
	names, namespaces []string
}

// has returns what a target's field is compared with, best first.
func (c called) has(field string) []string {
	switch field {
	case "group":
		return []string{c.gvk.Group}
	case "version":
		return []string{c.gvk.Version}
	case "kind":
		return []string{c.gvk.Kind}
	case "namespace":
		return c.namespaces
	}
	return c.names
}

// fits reports whether a field of a target takes the object. One that does not
// count matches any, such as the group of a generated object.
func (c called) fits(target *manifest.Node, field string) bool {
	return slices.ContainsFunc(c.has(field), func(value string) bool { return matches(target, field, value) })
}

// IdlePatches returns the patches of a build whose target matches no object.
// kustomize skips them without a word (api/resmap Select, which
// PatchTransformer calls); patches without a target it refuses. Components are
// written for whoever uses them, so theirs are left out, and so are targets that
// select by labels, and kustomizations whose generators may make anything.
func (b *Build) IdlePatches() []Idle {
	var idle []Idle
	for _, k := range b.Parts {
		if k.Component || !b.Built() {
			continue
		}
		var objects []called
		known := true
		for _, e := range b.tree.configuration(k).patches {
			if e.target == nil || manifest.Get(e.target, "labelSelector") != nil || manifest.Get(e.target, "annotationSelector") != nil {
				continue
			}
			if objects == nil && known {
				objects, known = b.tree.objectsOf(k, 0)
			}
			if i, ok := e.idle(objects); ok && known {
				idle = append(idle, i)
			}
		}
	}
	return idle
}

// idle reports whether a patch finds nothing among the objects.
func (e patchEntry) idle(objects []called) (Idle, bool) {
	i := Idle{Kind: manifest.String(e.target, "kind"), Name: manifest.String(e.target, "name")}
	var named []called
	for _, o := range objects {
		switch {
		case !o.fits(e.target, "kind"):
		case o.fits(e.target, "name"):
			named = append(named, o)
		case !slices.Contains(i.Near, o.names[0]):
			i.Near = append(i.Near, o.names[0])
		}
	}
	if len(named) == 0 {
		return e.at(i, "name"), i.Name != "" && literal(i.Name)
	}
	for _, field := range []string{"group", "version", "namespace"} {
		named = slices.DeleteFunc(named, func(o called) bool {
			miss := !o.fits(e.target, field)
			if miss {
				i.Has = o.has(field)[0]
			}
			return miss
		})
		if len(named) == 0 {
			i.Field, i.Value, i.Near = field, manifest.String(e.target, field), nil
			return e.at(i, field), literal(i.Value)
		}
	}
	return i, false
}

// at places what is idle at a field of the target.
func (e patchEntry) at(i Idle, field string) Idle {
	p := e.Place
	p.Path = append(slices.Clip(p.Path), "target", field)
	i.Location, i.Path = location(p), p.Path
	return i
}

// literal reports whether a pattern is meant as a name: patterns may well be
// there in case something matches.
func literal(name string) bool { return !strings.ContainsAny(name, `*+?[](){}|^$\`) }

// objectsOf returns the objects that a kustomization's own patches see, its
// components' included. known is false if there may be others, which a
// generator makes.
func (t *Tree) objectsOf(k *Kustomization, depth int) (all []called, known bool) {
	if depth > maxDepth {
		return nil, false
	}
	for _, m := range t.configuration(k).makers {
		if m.kind() == "" {
			return nil, false
		}
		gvk := resid.NewGvk("", "v1", m.kind())
		all = append(all, called{gvk, []string{m.called()}, []string{effectiveNamespace(gvk, manifest.String(m.entry(), "namespace"))}})
	}
	for _, target := range k.Targets {
		if base := t.Kustomizations[target.Path]; base != nil {
			below, known := t.objectsOf(base, depth+1)
			if !known {
				return nil, false
			}
			for _, o := range below {
				all = append(all, t.passed(base, o))
			}
		} else if f := t.File(target.Path); f != nil {
			for _, r := range f.Resources() {
				gvk := resid.NewGvk(r.Group, r.Version, r.Kind)
				all = append(all, called{gvk, []string{r.Name}, []string{effectiveNamespace(gvk, r.Namespace)}})
			}
		}
	}
	return all, true
}

// passed returns an object with the name and namespace that a kustomization
// adds to those that it had.
func (t *Tree) passed(k *Kustomization, o called) called {
	last := o.names[len(o.names)-1]
	if n := t.rename(k, last); n != last {
		o.names = append(slices.Clip(o.names), n)
	}
	if n := manifest.String(k.Document.Root, "namespace"); n != "" {
		o.namespaces = append(slices.Clip(o.namespaces), effectiveNamespace(o.gvk, n))
	}
	return o
}

// effectiveNamespace is the namespace that a target is compared with: "default"
// for none (kyaml/resid EffectiveNamespace).
func effectiveNamespace(gvk resid.Gvk, namespace string) string {
	return resid.NewResIdWithNamespace(gvk, "", namespace).EffectiveNamespace()
}

// maxDepth ends kustomizations that use each other, which kustomize refuses.
const maxDepth = 64

// IdleImages returns the images entries of a build that no container has.
func (b *Build) IdleImages() []Idle {
	var idle []Idle
	if !b.Built() {
		return nil
	}
	var there map[string]bool
	for _, k := range b.Parts {
		if k.Component {
			continue
		}
		for i, e := range manifest.Items(manifest.Get(k.Document.Root, "images")) {
			if there == nil {
				there = b.images()
			}
			name := manifest.String(e, "name")
			now := cmp.Or(manifest.String(e, "newName"), name)
			if name != "" && literal(name) && !there[now] && !there[name] {
				at := []string{"images", index(i), "name"}
				idle = append(idle, Idle{Location: k.Location(at...), Path: at, Name: name, Near: imagesLike(there, name)})
			}
		}
	}
	return idle
}

// imagesLike returns the images, sorted, whose last part is that of a name.
func imagesLike(there map[string]bool, name string) []string {
	var like []string
	for other, used := range there {
		if used && other != name && path.Base(other) == path.Base(name) {
			like = append(like, other)
		}
	}
	slices.Sort(like)
	return like
}

// images returns the names of the images of a build, and those that the
// kustomizations look for, which may be what an inner one has made.
func (b *Build) images() map[string]bool {
	there := map[string]bool{}
	var visit func(n *manifest.Node)
	visit = func(n *manifest.Node) {
		if n.Kind == manifest.MappingNode {
			for key, e := range manifest.Fields(n) {
				if key == "image" && manifest.IsPlain(e.Value) {
					there[manifest.ImageName(e.Value.Value)] = true
				}
			}
		}
		for _, c := range n.Children() {
			visit(c)
		}
	}
	for _, r := range b.Resources {
		visit(r.Node)
	}
	for _, k := range b.Parts {
		for _, e := range manifest.Items(manifest.Get(k.Document.Root, "images")) {
			if name, now := manifest.String(e, "name"), manifest.String(e, "newName"); now != "" && name != now {
				there[name] = there[name] || there[now]
			}
		}
	}
	return there
}
