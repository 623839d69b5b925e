package driver

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// spot is where findings can report the same fault: one rule, one policy, one
// place. Each rendering of a chart has files of its own, so their paths count.
type spot struct {
	rule, policy string
	place
}

// place is a location, the same in all files of a path.
type place struct {
	path string
	span source.Span
}

func placeOf(l source.Location) place {
	if l.File == nil {
		return place{}
	}
	return place{l.File.Path, l.Span}
}

// fault is a finding that was collected, with what later findings are compared
// with.
type fault struct {
	index  int // of the finding
	fields string
	said   string
	built  bool            // a kustomization was built to find it
	shown  map[string]bool // the objects that have it, see objectOf
}

// faults are the findings collected so far, by their spots.
type faults map[spot][]*fault

func spotOf(f *analyzer.Finding) spot { return spot{f.Rule, f.Policy, placeOf(f.Location)} }

// find returns the fault that a finding reports again, nil for a new one. Equal
// words are the same fault. Different words are the same fault only where a
// build has renamed the objects that they name: not within one object, and not
// if quotes is set, because the words of a policy say what it found.
func (all faults) find(f *analyzer.Finding, quotes bool) *fault {
	fields, said, built := fieldsOf(f), saidOf(f), len(f.Builds) > 0
	var renamed *fault
	for _, other := range all[spotOf(f)] {
		anyBuilt := built || other.built
		switch {
		case anyBuilt && other.fields != fields:
		case other.said == said:
			return other
		case renamed == nil && anyBuilt && !quotes && !other.shown[objectOf(f)]:
			renamed = other
		}
	}
	return renamed
}

// add enters the finding at an index.
func (all faults) add(f *analyzer.Finding, index int) *fault {
	added := &fault{index: index, fields: fieldsOf(f), said: saidOf(f), shown: map[string]bool{}}
	all[spotOf(f)] = append(all[spotOf(f)], added)
	added.show(f)
	return added
}

// show notes that another finding reports the fault.
func (known *fault) show(f *analyzer.Finding) {
	known.built = known.built || len(f.Builds) > 0
	known.shown[objectOf(f)] = true
}

// fieldsOf returns the field path without indices: a patch may move an entry of
// a list.
func fieldsOf(f *analyzer.Finding) string {
	return manifest.FieldPath(slices.DeleteFunc(slices.Clone(f.Path), func(step string) bool { return strings.Trim(step, "0123456789") == "" }))
}

// saidOf returns the message as it reads before the build renames the object.
func saidOf(f *analyzer.Finding) string {
	r := f.Resource
	if r == nil || len(f.Builds) == 0 {
		return f.Message
	}
	said := f.Message
	if r.Name != "" {
		said = strings.ReplaceAll(said, r.Name, r.WrittenName())
	}
	if r.Namespace != "" {
		said = strings.ReplaceAll(said, r.Namespace, "")
	}
	return said
}

// objectOf tells the objects of all units apart.
func objectOf(f *analyzer.Finding) string {
	if f.Resource == nil {
		return f.Unit
	}
	id := f.Resource.ID()
	return strings.Join([]string{f.Unit, id.Group, id.Kind, id.Namespace, id.Name}, "\x00")
}

// add adds a finding. One fault that shows in several units is one finding:
// that of the first unit in which it is loudest, with its other ends and its
// builds in all of them, so that each of those files is told of it.
func (r *run) add(f analyzer.Finding, known faults) {
	same := known.find(&f, f.Policy != "" || r.quoting[f.Rule])
	if same == nil {
		known.add(&f, len(r.findings))
		r.findings = append(r.findings, f)
		return
	}
	same.show(&f)
	kept, other := r.findings[same.index], f
	if !kept.Severity.AtLeast(f.Severity) {
		kept, other = f, kept
	}
	for _, end := range other.Related {
		same := func(r analyzer.Related) bool {
			return placeOf(r.Location) == placeOf(end.Location) && (r.Message == end.Message || len(kept.Builds) > 0)
		}
		if !slices.ContainsFunc(kept.Related, same) {
			kept.Related = append(slices.Clip(kept.Related), end)
		}
	}
	for _, b := range other.Builds {
		if !slices.Contains(kept.Builds, b) {
			kept.Builds = append(slices.Clip(kept.Builds), b)
		}
	}
	slices.SortFunc(kept.Builds, func(a, b analyzer.Build) int { return cmp.Compare(a.Name, b.Name) })
	r.findings[same.index] = kept
}
