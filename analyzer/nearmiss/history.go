package nearmiss

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// replaced: the object was defined at the revision that the run compares with,
// and one object of the kind is new since.
func (d dangling) replaced([]candidate) *Explanation {
	if !d.vanished() {
		return nil
	}
	var added []*manifest.Resource
	for _, r := range d.Graph.Objects().OfKind(d.ref.Target.Group, d.ref.Target.Kind) {
		if d.Graph.InNamespaceOf(d.ref, r) && !d.Graph.Superseded(r) && !d.Unit.Earlier.Has(r.Group, r.Kind, r.Namespace, r.Name) {
			added = append(added, r)
		}
	}
	if len(added) != 1 {
		return nil
	}
	t, now := d.ref.Target, added[0].WrittenName()
	return &Explanation{
		Label: "renamed in this change",
		At:    added[0].NameLocation(),
		What:  fmt.Sprintf("this change renames %s %s to %s", t.Kind, t.Name, now),
		Help:  fmt.Sprintf("set %s to %s: the change renames the %s and not this reference", d.field(), now, t.Kind),
	}
}

// removed: the object was defined then, and nothing has its place.
func (d dangling) removed([]candidate) *Explanation {
	if !d.vanished() || !d.Unit.UnreadAlone() {
		return nil
	}
	t := d.ref.Target
	return &Explanation{
		Label: "removed in this change",
		What:  fmt.Sprintf("this change removes %s %s", t.Kind, t.Name),
		Help:  fmt.Sprintf("keep %s %s, or remove what references it", t.Kind, t.Name),
		Weak:  true,
	}
}

// vanished reports whether the directory defined the object at the revision, and
// neither it nor one beside defines it now.
func (d dangling) vanished() bool {
	t := d.ref.Target
	return d.Unit.Earlier.Has(t.Group, t.Kind, d.ref.Namespace, t.Name) &&
		!d.Unit.MayHold(t.Name) && !d.Unit.Rewrites(kustomize.Relations) && len(d.Graph.ResolveBeside(d.ref)) == 0
}
