package nearmiss

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// What is only likely needs more: the object is one of the unit that nothing
// uses, the reference alone dangles, and nothing else may define the name.

// likely: the name has the words of one object that nothing uses, or is a part of
// it, or the other way round.
func (d dangling) likely(candidates []candidate) *Explanation {
	var found []candidate
	best := Part
	for _, c := range candidates {
		l := Compare(d.ref.Target.Name, c.written)
		if l < best || l >= Changed || !d.reachable(c) || !d.idle(c) || !d.holds(c) {
			continue
		}
		if l > best {
			best, found = l, nil
		}
		found = append(found, c)
	}
	if len(found) == 0 || !d.whole(found[0]) || !d.single() {
		return nil
	}
	if len(found) > 1 {
		found = slices.DeleteFunc(found, func(c candidate) bool { return c.resource == nil || c.resource.File() != d.ref.From.File() })
	}
	if len(found) != 1 {
		return nil
	}
	return d.meant(found[0])
}

// holds reports whether a ConfigMap or Secret has the key that is asked for, or
// may have it.
func (d dangling) holds(c candidate) bool {
	return d.ref.Use == graph.Backend || d.ref.Key == "" || c.made || hasKey(c.resource, d.ref.Key)
}

// idle reports whether neither a reference nor a text of the unit names a
// candidate.
func (d dangling) idle(c candidate) bool {
	return d.orphan(c) && (d.ref.Use == graph.ScaleTarget || !mentioned(d.Graph).Has(c.name))
}

// whole reports whether nothing else may define the name: the unit holds all, or
// the file of the reference the candidate, and no directory beside defines it.
func (d dangling) whole(c candidate) bool {
	sameFile := c.resource != nil && c.resource.File() == d.ref.From.File()
	return (sameFile || d.Unit.UnreadAlone()) && !d.Unit.MayHold(d.ref.Target.Name) && !d.Unit.Rewrites(kustomize.Relations) && len(d.Graph.ResolveBeside(d.ref)) == 0
}

// single reports whether no other object of the kind references the name: what
// several of them reference mostly lives elsewhere.
func (d dangling) single() bool {
	return !slices.ContainsFunc(d.Graph.References().Naming(d.ref.Target), func(other *graph.Reference) bool {
		return other.From != d.ref.From && other.Use == d.ref.Use && other.From.Kind == d.ref.From.Kind &&
			unit.SameNamespace(other.Namespace, d.ref.Namespace)
	})
}

// sameWords: the name has three words or more, and one object alone of the same
// file has all of them, perhaps among others and in another order.
func (d dangling) sameWords(candidates []candidate) *Explanation {
	var found []candidate
	for _, c := range candidates {
		if !c.made && c.resource.File() == d.ref.From.File() && hasWords(c.written, d.ref.Target.Name) && d.reachable(c) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return nil
	}
	return d.meant(found[0])
}

// namesake: an object has the name of the one that refers, and nothing uses it.
func (d dangling) namesake(candidates []candidate) *Explanation {
	if d.ref.Use != graph.ScaleTarget {
		return nil
	}
	for _, w := range d.Graph.Called(d.ref.From.Name) {
		if w.Scalable() && !w.Superseded && d.Graph.SameNamespace(d.ref.From, w.Resource) && d.Graph.ScaledBy(w) == nil {
			return &Explanation{
				At:    w.NameLocation(),
				What:  fmt.Sprintf("%s has the autoscaler's name, and nothing scales it", w),
				Help:  fmt.Sprintf("set %s to %s: the autoscaler has the same name", d.field(), w.Name),
				Label: "no " + d.ref.Target.Kind + " of this name exists",
			}
		}
	}
	return nil
}

// paired are the kinds of which an object that nothing references is useless:
// nothing outside of what is applied uses it by itself.
var paired = sets.New("Role", "PersistentVolumeClaim", "Service", "ServiceAccount", "ClusterRole")

// pair: of the kind there is one object alone that nothing uses, and this is the
// only reference that finds none. Then names need not be alike.
func (d dangling) pair(candidates []candidate) *Explanation {
	t := d.ref.Target
	if !paired.Has(t.Kind) {
		return nil
	}
	var idle []candidate
	for _, r := range d.Graph.Objects().OfKind(t.Group, t.Kind) {
		c := candidate{name: r.Name, written: r.WrittenName(), resource: r}
		if d.reachable(c) && d.idle(c) && !servesItself(r) {
			idle = append(idle, c)
		}
		if len(idle) > 1 {
			return nil
		}
	}
	if len(idle) != 1 || !d.whole(idle[0]) || !d.single() || !d.together(idle[0].resource) || d.others() {
		return nil
	}
	closer := func(c candidate) bool {
		return c.name != idle[0].name && d.reachable(c) && Compare(d.ref.Target.Name, c.written) >= Part
	}
	if slices.ContainsFunc(candidates, closer) { // though something references it
		return nil
	}
	e := d.meant(idle[0])
	e.Weak = true
	return e
}

// servesItself reports whether an object is of use although nothing here
// references it: a role that is aggregated or that people are given by name, a
// Service that is reached from outside or by its name.
func servesItself(r *manifest.Resource) bool {
	switch r.Kind {
	case "ClusterRole":
		for key := range manifest.StringMap(r.Node, "metadata", "labels") {
			if strings.Contains(key, "aggregate-to") {
				return true
			}
		}
	case "ServiceAccount": // an identity of a cloud provider, which others may assume
		return manifest.IsMapping(r.Get("metadata", "annotations"))
	}
	return false
}

// together reports whether an object and the reference surely belong together:
// the file holds both, and for Services the port, or for roles the directory.
func (d dangling) together(r *manifest.Resource) bool {
	switch d.ref.Target.Kind {
	case "Role", "PersistentVolumeClaim":
		return r.File() == d.ref.From.File() || slices.Contains(d.Unit.Resources, r)
	case "Service":
		s := d.Graph.Service(r)
		return r.File() == d.ref.From.File() && d.Unit.Complete() && s != nil && d.ref.Use == graph.Backend && hasPort(s, d.ref) &&
			len(d.Graph.Objects().InFile(d.ref.From, "", "Service")) == 1
	}
	return r.File() == d.ref.From.File()
}

// others reports whether other references to objects of the kind dangle, too.
func (d dangling) others() bool {
	return slices.ContainsFunc(d.Graph.References().All, func(other *graph.Reference) bool {
		return other.Use == d.ref.Use && other.Target.Kind == d.ref.Target.Kind && other.Target != d.ref.Target && !other.Optional &&
			len(d.Graph.Resolve(other)) == 0 && !d.Graph.Produced(other)
	})
}
