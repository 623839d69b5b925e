package kustomize

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Idle is an entry of a kustomization that changes nothing.
type Idle struct {
	In *Kustomization
	// Field is what names the target.
	Field []string
	// Kind and Name are what it asks for; a Kind of "" is any.
	Kind, Name string
	// Near are the names of the objects of that kind that it could have meant.
	Near []string
}

// called is an object under all the names that it has up to a kustomization.
type called struct {
	group, kind string
	names       []string
}

// IdlePatches returns the patches of a build whose target is not there.
// kustomize skips them without a word (api/internal/builtins PatchTransformer);
// patches without a target it refuses. Components are written for whoever uses
// them, so theirs are left out, and so are targets that ask for labels.
func (b *Build) IdlePatches() []Idle {
	var idle []Idle
	for _, k := range b.Parts {
		if k.Component || !b.Built() {
			continue
		}
		var objects []called
		for _, e := range b.tree.patches(k) {
			name := manifest.String(e.target, "name")
			if name == "" || manifest.Get(e.target, "labelSelector") != nil || manifest.Get(e.target, "annotationSelector") != nil {
				continue
			}
			if objects == nil {
				objects = b.tree.objectsOf(k, 0)
			}
			if i, ok := idlePatch(k, e, name, objects); ok {
				idle = append(idle, i)
			}
		}
	}
	return idle
}

// idlePatch reports whether a patch finds nothing among the objects.
func idlePatch(k *Kustomization, e patchEntry, name string, objects []called) (Idle, bool) {
	i := Idle{In: k, Field: append(slices.Clone(e.field), "target", "name"), Kind: manifest.String(e.target, "kind"), Name: name}
	for _, o := range objects {
		if !matches(e.target, "kind", o.kind) {
			continue
		}
		if slices.ContainsFunc(o.names, func(n string) bool { return matches(e.target, "name", n) }) {
			return i, false
		}
		if !slices.Contains(i.Near, o.names[0]) {
			i.Near = append(i.Near, o.names[0])
		}
	}
	return i, literal(name)
}

// literal reports whether a pattern is meant as a name: patterns may well be
// there in case something matches.
func literal(name string) bool { return !strings.ContainsAny(name, `*+?[](){}|^$\`) }

// objectsOf returns the objects that a kustomization's own patches see, its
// components' included.
func (t *Tree) objectsOf(k *Kustomization, depth int) []called {
	if depth > maxDepth {
		return nil
	}
	var all []called
	for _, g := range k.Generated {
		all = append(all, called{kind: g.Kind, names: []string{g.Name}})
	}
	for _, target := range k.Targets {
		if base := t.Kustomizations[target.Path]; base != nil {
			for _, o := range t.objectsOf(base, depth+1) {
				last := o.names[len(o.names)-1]
				if n := manifest.String(base.Document.Root, "namePrefix") + last + manifest.String(base.Document.Root, "nameSuffix"); n != last {
					o.names = append(slices.Clip(o.names), n)
				}
				all = append(all, o)
			}
		} else if f := t.File(target.Path); f != nil {
			for _, r := range f.Resources() {
				all = append(all, called{r.Group, r.Kind, []string{r.Name}})
			}
		}
	}
	return all
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
			name, now := manifest.String(e, "name"), manifest.String(e, "newName")
			if now == "" {
				now = name
			}
			if name != "" && literal(name) && !there[now] && !there[name] {
				idle = append(idle, Idle{In: k, Field: []string{"images", index(i), "name"}, Name: name})
			}
		}
	}
	return idle
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

// GeneratedObject is an object of a build that a generator made.
type GeneratedObject struct {
	Resource *manifest.Resource
	In       *Kustomization
	// Field is its entry in the kustomization.
	Field []string
	// Hashed reports that its name ends in a hash of its content, so that
	// nobody can know it but kustomize.
	Hashed bool
}

// Generators returns what the generators of a build made.
func (b *Build) Generators() []GeneratedObject {
	var all []GeneratedObject
	for _, r := range b.Resources {
		if o := r.Origin.(*origin); o.generator != nil {
			hashed := len(o.names) > 1 && hash.MatchString(strings.TrimPrefix(r.Name, o.names[len(o.names)-2]))
			all = append(all, GeneratedObject{r, o.lists, o.generator, hashed})
		}
	}
	return all
}

// hash is what kustomize puts behind the names of what it generates
// (api/hasher encode).
var hash = regexp.MustCompile(`^-[2456789bcdfghkmt]{10}$`)

// Labelled are the labels that a kustomization puts into selectors.
type Labelled struct {
	In    *Kustomization
	Field []string
	Key   string
	// Selectors are the objects of the build whose selectors got it there.
	Selectors []*manifest.Resource
}

// SelectorLabels returns the labels that the kustomizations of a build put
// into the selectors of workloads: commonLabels, and labels with
// includeSelectors.
func (b *Build) SelectorLabels() []Labelled {
	var all []Labelled
	for _, k := range b.Parts {
		root := k.Document.Root
		add := func(labels *manifest.Node, field ...string) {
			for key, e := range manifest.Fields(labels) {
				l := Labelled{In: k, Field: append(slices.Clone(field), key), Key: key}
				for _, r := range b.Resources {
					o := r.Origin.(*origin)
					made := manifest.String(r.Node, "spec", "selector", "matchLabels", key)
					if made == e.Value.Value && slices.Contains(o.chain, k) && manifest.String(o.source.Node, "spec", "selector", "matchLabels", key) != made {
						l.Selectors = append(l.Selectors, r)
					}
				}
				if len(l.Selectors) > 0 {
					all = append(all, l)
				}
			}
		}
		if n := manifest.Get(root, "commonLabels"); n != nil {
			add(n, "commonLabels")
		}
		for i, e := range manifest.Items(manifest.Get(root, "labels")) {
			if n := manifest.Get(e, "pairs"); n != nil && manifest.Bool(e, "includeSelectors") {
				add(n, "labels", index(i), "pairs")
			}
		}
	}
	return all
}
