package graph

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// index finds the workloads that can match a selector without looking at all
// of them: posting lists of positions, by label and by key.
type index struct {
	byLabel map[[2]string][]int
	byKey   map[string][]int
}

func newIndex(workloads []*Workload) index {
	ix := index{byLabel: map[[2]string][]int{}, byKey: map[string][]int{}}
	for i, w := range workloads {
		for k, v := range w.Labels {
			if _, added := w.added[k]; added {
				continue
			}
			ix.byLabel[[2]string{k, v}] = append(ix.byLabel[[2]string{k, v}], i)
			ix.byKey[k] = append(ix.byKey[k], i)
		}
		// Values that controllers add are not known one by one.
		for k := range w.added {
			ix.byKey[k] = append(ix.byKey[k], i)
			ix.byLabel[[2]string{k, anyValue}] = append(ix.byLabel[[2]string{k, anyValue}], i)
		}
	}
	return ix
}

// anyValue stands for the values of an added label; no label value holds NUL.
const anyValue = "\x00"

// lists calls visit with the posting lists of what meets a requirement. It is false
// if that asks for no key.
func (ix index) lists(r labels.Requirement, visit func(list []int)) bool {
	switch r.Operator() {
	case selection.In, selection.Equals, selection.DoubleEquals:
		for v := range r.Values() {
			visit(ix.byLabel[[2]string{r.Key(), v}])
		}
		visit(ix.byLabel[[2]string{r.Key(), anyValue}])
	case selection.Exists, selection.GreaterThan, selection.LessThan:
		visit(ix.byKey[r.Key()])
	default:
		return false
	}
	return true
}

// without reports whether a selector has a requirement that no workload meets.
func (ix index) without(s labels.Selector) bool {
	requirements, _ := s.Requirements()
	return slices.ContainsFunc(requirements, func(r labels.Requirement) bool {
		met := 0
		return ix.lists(r, func(list []int) { met += len(list) }) && met == 0
	})
}

// candidates returns the workloads of the shortest posting list among the
// selector's requirements, in their order; all of them if it has none that
// asks for a key.
func (ix index) candidates(s labels.Selector, all []*Workload) []*Workload {
	requirements, selectable := s.Requirements()
	if !selectable {
		return nil
	}
	best, found := []int(nil), false
	for _, r := range requirements {
		var list []int
		if !ix.lists(r, func(more []int) { list = append(list, more...) }) {
			continue
		}
		slices.Sort(list)
		if list = slices.Compact(list); !found || len(list) < len(best) {
			best, found = list, true
		}
	}
	if !found {
		return all
	}
	picked := make([]*Workload, len(best))
	for i, at := range best {
		picked[i] = all[at]
	}
	return picked
}
