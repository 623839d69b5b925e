package kustomize

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// tracer finds where the resources of one build come from. kustomize says
// which file a resource was read from, or which generator made it; where a
// value of it comes from is found by looking for it, at its path, in what
// kustomize applied: the last patch first, the resource itself in the end.
type tracer struct {
	tree  *Tree
	build *Build
	// chains are the ways from the root to each kustomization, both included.
	chains map[string][][]*Kustomization
}

// maxChains bounds the ways to one kustomization that are told apart.
const maxChains = 8

func newTracer(t *Tree, b *Build) *tracer {
	tr := &tracer{tree: t, build: b, chains: map[string][][]*Kustomization{}}
	var visit func(k *Kustomization, chain []*Kustomization)
	visit = func(k *Kustomization, chain []*Kustomization) {
		if len(tr.chains[k.Dir]) == maxChains || slices.Contains(chain, k) {
			return
		}
		chain = append(slices.Clip(chain), k)
		tr.chains[k.Dir] = append(tr.chains[k.Dir], chain)
		for _, target := range k.Targets {
			if base := t.Kustomizations[target.Path]; base != nil {
				visit(base, chain)
			}
		}
	}
	var above []*Kustomization
	if b.overlay != nil && b.overlay.Settings != nil {
		above = append(above, b.overlay.Settings)
	}
	visit(b.Kustomization, above)
	return tr
}

// origin is where one made object comes from. It implements manifest.Origin.
type origin struct {
	node *manifest.Node // the made object
	// source is the object as it is written, or the document of its generator.
	source manifest.Place
	kind   string
	// names are what it was called, as written first and as made last.
	names []string
	// lists is the kustomization that lists or generates it.
	lists *Kustomization
	// generator is what made it, nil if the object is written.
	generator *maker
	tree      *Tree
	build     *Build
	// chain are the kustomizations that it passed through, the root's first,
	// the components of each behind it.
	chain []*Kustomization
	// patches are what was applied to it, the last one first.
	patches []patch
}

// listing returns the kustomization that lists a file.
func (tr *tracer) listing(rel string) *Kustomization {
	for _, k := range tr.build.Parts {
		if slices.ContainsFunc(k.Targets, func(t Reference) bool { return t.Path == rel }) {
			return k
		}
	}
	return nil
}

// pass notes the kustomizations that the object passes through, and the names
// that it gets there. Of several ways it took the one that gives it its name.
func (o *origin) pass(tr *tracer, lists *Kustomization, name string) {
	written := o.names[0]
	for i, way := range tr.chains[lists.Dir] {
		chain := tr.withComponents(way)
		names := tr.tree.namesAlong(chain, written)
		if i == 0 || names[len(names)-1] == name {
			o.chain, o.names = chain, names
		}
	}
	if !slices.Contains(o.names, name) {
		o.names = append(o.names, name)
	}
}

// withComponents puts the components that each kustomization of a chain uses
// behind it.
func (tr *tracer) withComponents(way []*Kustomization) []*Kustomization {
	var chain []*Kustomization
	for _, k := range way {
		chain = append(chain, k)
		for _, target := range slices.Backward(k.Targets) {
			if c := tr.tree.Kustomizations[target.Path]; c != nil && c.Component && !slices.Contains(way, c) {
				chain = append(chain, c)
			}
		}
	}
	return chain
}

// namesAlong returns what an object is called on its way out of a chain, as
// written first.
func (t *Tree) namesAlong(chain []*Kustomization, name string) []string {
	names := []string{name}
	for _, k := range slices.Backward(chain) {
		name = t.rename(k, name)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// written finds the object of a file that became the resource of a name: of
// its kind, and best by the same name, else by a part of it.
func (o *origin) written(f *manifest.File, name, namespace string) bool {
	if f == nil {
		return false
	}
	var best *manifest.Resource
	rank := func(r *manifest.Resource) int {
		switch {
		case r.Name == name && r.Namespace == namespace:
			return 1 << 20
		case r.Name == name:
			return 1 << 19
		case strings.Contains(name, r.Name):
			return 1<<10 + len(r.Name)
		}
		return 0
	}
	for _, r := range f.Resources() {
		if r.Kind == o.kind && (best == nil || rank(r) > rank(best)) {
			best = r
		}
	}
	if best == nil { // a patch has changed its kind
		if all := f.Resources(); len(all) > 0 {
			best = all[0]
		}
	}
	if best == nil {
		return false
	}
	o.source = manifest.Place{Document: best.Document, Node: best.Node}
	o.names = []string{best.Name}
	return true
}

// Name returns the name that is written in the source.
func (o *origin) Name() string { return o.names[0] }

// Trace finds what a person has to edit to change the value at a path.
func (o *origin) Trace(at []string) manifest.Place {
	value := find(o.node, at)
	if manifest.IsPlain(value) {
		for _, p := range o.patches {
			if place, n, whole := p.follow(o.node, at); whole && sameScalar(n, value) {
				return place
			}
		}
	}
	if o.generator != nil {
		return o.entry(at)
	}
	steps, n, depth := follow(o.source.Node, o.node, at)
	source := manifest.Place{Document: o.source.Document, Node: o.source.Node, Path: steps}
	switch {
	case depth == len(at) && (!manifest.IsPlain(value) || sameScalar(n, value)):
		return source
	case value == nil: // missing: where it would stand
		for _, p := range o.patches {
			if place, _, d := p.reach(o.node, at); d > depth {
				return place
			}
		}
		return source
	}
	for _, p := range o.patches {
		if place, n, whole := p.follow(o.node, at); whole && !manifest.IsPlain(n) {
			return place
		}
	}
	if place, ok := o.variable(at); ok {
		return place
	}
	if place, ok := o.transformer(at, value); ok {
		return place
	}
	for _, p := range o.patches {
		if place, _, d := p.reach(o.node, at); d > depth {
			return place
		}
	}
	return source
}
