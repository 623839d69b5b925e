package driver

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// draft is the ties of a unit without the findings about them.
type draft struct {
	analyzer.UnitTies
	objects []*manifest.Resource // what each object is; nil for what stands in no manifest
	written [][]written          // where each tie is
}

// written are the fields of an object that make a tie to another one.
type written struct {
	in    *manifest.Resource
	paths [][]string
}

// holds reports whether a field is one of them or lies in one.
func (w written) holds(path []string) bool {
	return slices.ContainsFunc(w.paths, func(p []string) bool {
		return len(p) > 0 && len(path) >= len(p) && slices.Equal(path[:len(p)], p)
	})
}

// mark is a finding about a field of an object: where it is in the result, and
// what the rule said of this unit's object, which may be one of many builds.
type mark struct {
	index int
	path  []string
}

// markTies says of the ties of all units which findings are about them. The
// passes of files come first: what they say holds in all units of the file.
func markTies(l *Loaded, findings []analyzer.Finding) []analyzer.UnitTies {
	known := faults{}
	for i := range findings {
		known.add(&findings[i], i)
	}
	marks := map[*manifest.Resource][]mark{}
	for p := range l.passes() {
		for _, f := range p.Findings {
			if same := known.find(&f, false); same != nil && f.Resource != nil {
				marks[f.Resource] = append(marks[f.Resource], mark{same.index, f.Path})
			}
		}
	}
	var all []analyzer.UnitTies
	for _, t := range l.tasks {
		if d := t.ties; d != nil && len(d.Objects) > 0 {
			d.mark(marks)
			all = append(all, d.UnitTies)
		}
	}
	return all
}

func (d *draft) mark(marks map[*manifest.Resource][]mark) {
	for i, r := range d.objects {
		if r != nil {
			for _, m := range marks[r] {
				add(&d.Objects[i].Findings, m.index)
			}
		}
	}
	for i := range d.Ties {
		t := &d.Ties[i]
		for _, w := range d.written[i] {
			for _, m := range marks[w.in] {
				if !w.holds(m.path) {
					continue
				}
				add(&t.Findings, m.index)
				if d.Objects[t.To].Missing { // it has no other place for its fault
					add(&d.Objects[t.To].Findings, m.index)
				}
			}
		}
	}
}

// add adds an index to a list in order, once.
func add(list *[]int, index int) {
	if i, found := slices.BinarySearch(*list, index); !found {
		*list = slices.Insert(*list, i, index)
	}
}
