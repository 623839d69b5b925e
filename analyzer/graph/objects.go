package graph

import (
	"sync"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Objects finds resources by group, kind and name.
type Objects struct {
	kinds map[groupKind]*ofKind
}

type groupKind struct{ group, kind string }

// ofKind finds the resources of one kind. Few kinds are asked for, so its indices are
// made when it is.
type ofKind struct {
	all    []*manifest.Resource
	byName func() map[string][]*manifest.Resource
	byFile func() map[*source.File][]*manifest.Resource
}

func newObjects(lists ...[]*manifest.Resource) *Objects {
	o := &Objects{kinds: map[groupKind]*ofKind{}}
	for _, list := range lists {
		for _, r := range list {
			k := o.kinds[groupKind{r.Group, r.Kind}]
			if k == nil {
				k = newOfKind()
				o.kinds[groupKind{r.Group, r.Kind}] = k
			}
			k.all = append(k.all, r)
		}
	}
	return o
}

// noneOfKind are the resources of a kind that is not there.
var noneOfKind = newOfKind()

func (o *Objects) of(group, kind string) *ofKind {
	if k := o.kinds[groupKind{group, kind}]; k != nil {
		return k
	}
	return noneOfKind
}

func newOfKind() *ofKind {
	k := &ofKind{}
	k.byName = sync.OnceValue(func() map[string][]*manifest.Resource {
		byName := make(map[string][]*manifest.Resource, len(k.all))
		for _, r := range k.all {
			byName[r.Name] = append(byName[r.Name], r)
		}
		return byName
	})
	k.byFile = sync.OnceValue(func() map[*source.File][]*manifest.Resource {
		byFile := map[*source.File][]*manifest.Resource{}
		for _, r := range k.all {
			byFile[r.File()] = append(byFile[r.File()], r)
		}
		return byFile
	})
	return k
}

var objectsKey, siblingObjectsKey memo.Key[*Objects]

// Objects returns the objects of the unit and its context.
func (g *Graph) Objects() *Objects {
	return objectsKey.Of(g, func() *Objects { return newObjects(g.Unit.Resources, g.Unit.Context) })
}

// SiblingObjects returns the objects of the directories beside the unit. They
// never satisfy a reference.
func (g *Graph) SiblingObjects() *Objects {
	return siblingObjectsKey.Of(g, func() *Objects { return newObjects(g.Unit.Siblings) })
}

// Named returns the objects of a name in all namespaces, in their order.
func (o *Objects) Named(t Target) []*manifest.Resource { return o.of(t.Group, t.Kind).byName()[t.Name] }

// InFile returns the objects of a kind in the file of another one, at most 256.
func (o *Objects) InFile(r *manifest.Resource, group, kind string) []*manifest.Resource {
	found := o.of(group, kind).byFile()[r.File()]
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

// maxAlike bounds how many objects of one file are compared.
const maxAlike = 256

// OfKind returns the objects of a kind in all namespaces, in their order.
func (o *Objects) OfKind(group, kind string) []*manifest.Resource { return o.of(group, kind).all }

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
