package nearmiss

import "github.com/kubeknot/kubeknot/analyzer/graph"

// These readings go by a name that is a part of the other one, as likely does,
// where other references speak against it. They are warnings.

// renamedBySome: several objects reference the name, and the only object whose
// name has its words is referenced by nothing: it was renamed, and its
// references were not.
func (d dangling) renamedBySome(candidates []candidate) *Explanation {
	c, ok := d.onlyKin(candidates)
	if !ok || c.made || !d.idle(c) || servesItself(c.resource) {
		return nil
	}
	e := d.meant(c)
	e.Weak = true
	return e
}

// usedByOthers: others of the file reference the only object whose name is like
// this one, and this reference alone adds words to it. Not the other way round: of
// "proxy" and "kfserving-proxy" both are names of their own. Secrets are often
// created by hand.
func (d dangling) usedByOthers(candidates []candidate) *Explanation {
	c, ok := d.onlyKin(candidates)
	if !ok || c.made || d.ref.Target.Kind == "Secret" || d.ref.Use == graph.ScaleTarget ||
		len(d.ref.Target.Name) < len(c.written) || c.resource.File() != d.ref.From.File() || !d.single() || d.usesToo(c) {
		return nil
	}
	e := d.meant(c)
	e.Weak = true
	return e
}

// onlyKin returns the only candidate whose name and that of the reference have
// the same words or are a part of each other. It is in the same file, or the unit
// holds all.
func (d dangling) onlyKin(candidates []candidate) (found candidate, ok bool) {
	for _, c := range candidates {
		if Compare(d.ref.Target.Name, c.written) < Part || !d.reachable(c) || !d.holds(c) {
			continue
		}
		if ok {
			return candidate{}, false
		}
		found, ok = c, true
	}
	return found, ok && d.whole(found)
}

// usesToo reports whether the object with the reference also references a
// candidate: then it knows both names.
func (d dangling) usesToo(c candidate) bool {
	t := d.ref.Target
	t.Name = c.name
	for _, other := range d.Graph.References().Naming(t) {
		if other.From == d.ref.From {
			return true
		}
	}
	return false
}
