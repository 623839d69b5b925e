package nearmiss

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// dangling is a reference to an object that does not exist.
type dangling struct {
	*analyzer.Pass
	ref *graph.Reference
}

// Object explains why the object of a reference does not exist: kustomize or the
// change has renamed it, it has another name, kind or namespace, or it is the
// only one that nothing references beside the only reference that finds none.
func Object(p *analyzer.Pass, ref *graph.Reference) *Explanation {
	d := dangling{p, ref}
	candidates := d.candidates()
	if ref.Loose {
		return first([]reading[candidate]{{"kustomize", d.renamed}, {"spelling", d.misspelled}}, candidates)
	}
	return first([]reading[candidate]{
		{"kustomize", d.renamed},
		{"history", d.replaced},
		{"comment", d.commentedOut},
		{"spelling", d.misspelled},
		{"dns-name", d.qualified},
		{"other-kind", d.ofOtherKind},
		{"other-namespace", d.elsewhere},
		{"part-of-name", d.likely},
		{"same-words", d.sameWords},
		{"own-name", d.namesake},
		{"history", d.removed},
		{"pairing", d.pair},
		{"renamed-object", d.renamedBySome},
		{"others-use", d.usedByOthers},
	}, candidates)
}

// candidate is an object that a reference may have meant.
type candidate struct {
	name, written string
	// resource is the object, or what makes it; nil for what kustomize makes.
	resource *manifest.Resource
	// made reports that a controller, or kustomize, makes the object.
	made bool
	// namespace is that of a made object.
	namespace string
}

// groupKind is the argument of candidatesKey.
type groupKind struct{ group, kind string }

var candidatesKey memo.Key[*index[candidate]]

// candidates returns what has to be compared with the name of the reference.
func (d dangling) candidates() []candidate {
	t := d.ref.Target
	return candidatesKey.For(d.Graph, groupKind{t.Group, t.Kind}, func() *index[candidate] {
		var all []candidate
		for _, r := range d.Graph.Objects().OfKind(t.Group, t.Kind) {
			all = append(all, candidate{name: r.Name, written: r.WrittenName(), resource: r})
		}
		if t.Group == "" {
			for _, m := range d.Graph.Made(t.Kind) {
				all = append(all, candidate{name: m.Name, written: m.Name, resource: m.By, made: true, namespace: m.Namespace})
			}
			for _, g := range d.Unit.Generated {
				if g.Kind == t.Kind {
					all = append(all, candidate{name: g.Name, written: g.Name, made: true})
				}
			}
		}
		return newIndex(all, func(c candidate) []string {
			if c.written != c.name {
				return []string{c.name, c.written}
			}
			return []string{c.name}
		})
	}).near(t.Name)
}

// reachable reports whether a candidate is where the reference looks.
func (d dangling) reachable(c candidate) bool {
	switch {
	case c.made:
		return unit.SameNamespace(d.ref.Namespace, c.namespace)
	}
	return d.Graph.InNamespaceOf(d.ref, c.resource) && !d.Graph.Superseded(c.resource)
}

// orphan reports whether nothing references a candidate: then it may be the one
// that was meant. A ServiceAccount is used by pods and given roles by bindings,
// and one without the other may be what a reference of that use has missed.
func (d dangling) orphan(c candidate) bool {
	t := d.ref.Target
	t.Name = c.name
	if d.ref.Use == graph.ScaleTarget {
		return !slices.ContainsFunc(d.Graph.Scalers, func(s *graph.Scaler) bool { return s.Scales(c.resource) })
	}
	return !slices.ContainsFunc(d.Graph.References().Naming(t), func(other *graph.Reference) bool {
		if t.Kind == "ServiceAccount" && other.Use != d.ref.Use {
			return false
		}
		return c.resource == nil || c.made && unit.SameNamespace(other.Namespace, c.namespace) || !c.made && d.Graph.InNamespaceOf(other, c.resource)
	})
}

// renamed: kustomize has given the object another name and did not change the
// reference.
func (d dangling) renamed(candidates []candidate) *Explanation {
	for _, c := range candidates {
		if c.made || c.written != d.ref.Target.Name || c.name == c.written || !d.reachable(c) {
			continue
		}
		return &Explanation{
			Label: "kustomize did not change this name",
			At:    c.resource.NameLocation(),
			What:  fmt.Sprintf("kustomize renames it to %s", c.resource),
			Help:  "add a nameReference for this field to the configurations of the kustomization, or remove what renames the object (namePrefix, nameSuffix, or the hash by disableNameSuffixHash)",
		}
	}
	return nil
}

// misspelled: one name is a slip of the pen, best that of an object that nothing
// references. Of two names of one length that are both used, like "east" and
// "west", neither is a slip unless letters are swapped.
func (d dangling) misspelled(candidates []candidate) *Explanation {
	type ranked struct {
		candidate
		orphan   bool
		distance int
	}
	var found []ranked
	for _, c := range candidates {
		l := Compare(d.ref.Target.Name, c.written)
		if l < Changed || d.ref.Loose && l < Slip || !d.reachable(c) {
			continue
		}
		if orphan := d.orphan(c); orphan || l == Slip {
			found = append(found, ranked{c, orphan, Distance(d.ref.Target.Name, c.written)})
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int {
		return cmp.Or(compareBool(b.orphan, a.orphan), cmp.Compare(a.distance, b.distance))
	})
	switch {
	case len(found) == 0 && d.ref.Loose:
		return nil
	case len(found) == 0:
		return d.onlyShort(candidates)
	case len(found) > 1 && found[0].orphan == found[1].orphan && found[0].distance == found[1].distance && found[0].name != found[1].name:
		return nil // two are equally good
	}
	return d.meant(found[0].candidate)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// onlyShort: the name has one letter more or less than that of the only object of
// the kind, which nothing references: of such a pair short words count, too.
func (d dangling) onlyShort(candidates []candidate) *Explanation {
	if len(candidates) != 1 || len(d.ref.Target.Name) == len(candidates[0].written) || min(len(d.ref.Target.Name), len(candidates[0].written)) < 2 {
		return nil
	}
	c := candidates[0]
	if Distance(d.ref.Target.Name, c.written) != 1 || bare(d.ref.Target.Name) == bare(c.written) || len(words(c.written)) > 1 || !d.reachable(c) || !d.orphan(c) {
		return nil
	}
	return d.meant(c)
}

// qualified: the name is that of a Service with its namespace, as in DNS.
func (d dangling) qualified(candidates []candidate) *Explanation {
	name, namespace, ok := strings.Cut(d.ref.Target.Name, ".")
	if !ok || d.ref.Target.Kind != "Service" {
		return nil
	}
	for _, r := range d.Graph.Objects().Named(graph.Target{Kind: "Service", Name: name}) {
		if d.Graph.InNamespaceOf(d.ref, r) || d.Graph.Namespace(r) == namespace {
			return &Explanation{
				At:    r.NameLocation(),
				What:  r.String() + " exists",
				Label: "must be a name without dots",
				Help:  fmt.Sprintf("set %s to %s: the Service is looked up in the namespace of the %s", d.field(), name, d.ref.From.Kind),
			}
		}
	}
	return nil
}

// field returns the field that holds the name.
func (d dangling) field() string {
	if last := d.ref.Path[len(d.ref.Path)-1]; last != "name" || len(d.ref.Path) < 2 {
		return last
	}
	parent := d.ref.Path[len(d.ref.Path)-2]
	if strings.Trim(parent, "0123456789") == "" {
		return "name"
	}
	return parent + ".name"
}

// meant says that a candidate was meant, which end to change, and why.
func (d dangling) meant(c candidate) *Explanation {
	e := &Explanation{Wanted: d.ref.Target.Name, There: c.written}
	why := fmt.Sprintf("no other %s has a name like it", c.kind(d))
	switch {
	case c.resource == nil:
		e.What = fmt.Sprintf("kustomize makes %s %s", d.ref.Target.Kind, c.name)
	case c.made:
		e.At, e.What = c.resource.NameLocation(), fmt.Sprintf("%s makes %s %s", c.resource, d.ref.Target.Kind, c.name)
	case c.written != c.name:
		e.At, e.What = c.resource.NameLocation(), fmt.Sprintf("%s %s exists, which kustomize renames to %s", c.resource.Kind, c.written, c.name)
	default:
		e.At, e.What = c.resource.NameLocation(), c.resource.String()+" exists"
	}
	if d.orphan(c) {
		e.What += unreferenced
		why = "nothing references " + c.written
	}
	e.Help = fmt.Sprintf("set %s to %s: %s", d.field(), c.written, why)
	return e
}

const unreferenced = " and nothing references it"

func (c candidate) kind(d dangling) string { return d.ref.Target.Kind }
