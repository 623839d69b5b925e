package graph

import (
	"slices"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Objects finds resources by group, kind and name.
type Objects struct {
	byTarget map[Target][]*manifest.Resource
	byEnds   func() map[namePart][]*manifest.Resource
	byFile   func() map[fileKind][]*manifest.Resource
}

// fileKind is a kind of object in a file.
type fileKind struct {
	file        *source.File
	group, kind string
}

// namePart are the first or the last letters of a name: names that differ by a slip
// of the pen share one of them, so that a name need not be compared with all.
type namePart struct {
	group, kind string
	last        bool
	letters     string
}

func newObjects(lists ...[]*manifest.Resource) *Objects {
	o := &Objects{byTarget: map[Target][]*manifest.Resource{}}
	for _, list := range lists {
		for _, r := range list {
			target := TargetOf(r)
			o.byTarget[target] = append(o.byTarget[target], r)
		}
	}
	o.byEnds = sync.OnceValue(func() map[namePart][]*manifest.Resource {
		byEnds := map[namePart][]*manifest.Resource{}
		for _, list := range lists {
			for _, r := range list {
				for _, e := range partsOf(TargetOf(r)) {
					byEnds[e] = append(byEnds[e], r)
				}
				if written := r.WrittenName(); written != r.Name {
					for _, e := range partsOf(Target{r.Group, r.Kind, written}) {
						byEnds[e] = append(byEnds[e], r)
					}
				}
			}
		}
		return byEnds
	})
	o.byFile = sync.OnceValue(func() map[fileKind][]*manifest.Resource {
		byFile := map[fileKind][]*manifest.Resource{}
		for _, list := range lists {
			for _, r := range list {
				in := fileKind{r.File(), r.Group, r.Kind}
				byFile[in] = append(byFile[in], r)
			}
		}
		return byFile
	})
	return o
}

func partsOf(t Target) [2]namePart {
	n := min(3, len(t.Name))
	return [2]namePart{{t.Group, t.Kind, false, t.Name[:n]}, {t.Group, t.Kind, true, t.Name[len(t.Name)-n:]}}
}

type objectsKey struct{ siblings bool }

// Objects returns the objects of the unit and its context.
func (g *Graph) Objects() *Objects {
	return g.View(objectsKey{}, func() any { return newObjects(g.Unit.Resources, g.Unit.Context) }).(*Objects)
}

// SiblingObjects returns the objects of the directories beside the unit. They
// never satisfy a reference.
func (g *Graph) SiblingObjects() *Objects {
	return g.View(objectsKey{siblings: true}, func() any { return newObjects(g.Unit.Siblings) }).(*Objects)
}

// Named returns the objects of a name in all namespaces, in their order.
func (o *Objects) Named(t Target) []*manifest.Resource { return o.byTarget[t] }

// InFile returns the objects of a kind in the file of another one, at most 256.
func (o *Objects) InFile(r *manifest.Resource, group, kind string) []*manifest.Resource {
	found := o.byFile()[fileKind{r.File(), group, kind}]
	return found[:min(maxAlike, len(found))]
}

// Superseded reports whether the unit defines the object again, later.
func (g *Graph) Superseded(r *manifest.Resource) bool {
	later := false
	for _, other := range g.Objects().Named(TargetOf(r)) {
		if later && other.Namespace == r.Namespace && r.Name != "" {
			return true
		}
		later = later || other == r
	}
	return false
}

// maxAlike bounds how many names one is compared with.
const maxAlike = 256

// Alike returns objects of the kind whose names, as they are or as they are
// written, begin or end as the target's does, those of the same beginning
// first, at most 512.
func (o *Objects) Alike(t Target) []*manifest.Resource {
	var found []*manifest.Resource
	for _, e := range partsOf(t) {
		for _, r := range o.byEnds()[e][:min(maxAlike, len(o.byEnds()[e]))] {
			if r.Name != t.Name && !slices.Contains(found, r) {
				found = append(found, r)
			}
		}
	}
	return found
}

// Resolve returns the objects of the unit and its context that a reference
// names. There are several where an object is defined more than once, and where
// namespaces are left out.
func (g *Graph) Resolve(ref *Reference) []*manifest.Resource {
	return g.finding(g.Objects(), ref)
}

// ResolveBeside returns the objects beside the unit that a reference names.
func (g *Graph) ResolveBeside(ref *Reference) []*manifest.Resource {
	return g.finding(g.SiblingObjects(), ref)
}

func (g *Graph) finding(o *Objects, ref *Reference) []*manifest.Resource {
	var found []*manifest.Resource
	for _, r := range o.Named(ref.Target) {
		if g.InNamespaceOf(ref, r) {
			found = append(found, r)
		}
	}
	return found
}
