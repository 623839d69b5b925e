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

// without reports whether a selector has a requirement that no workload meets.
func (ix index) without(s labels.Selector) bool {
	requirements, _ := s.Requirements()
	return slices.ContainsFunc(requirements, func(r labels.Requirement) bool {
		switch r.Operator() {
		case selection.In, selection.Equals, selection.DoubleEquals:
			for v := range r.Values() {
				if len(ix.byLabel[[2]string{r.Key(), v}]) > 0 {
					return false
				}
			}
			return len(ix.byLabel[[2]string{r.Key(), anyValue}]) == 0
		case selection.Exists, selection.GreaterThan, selection.LessThan:
			return len(ix.byKey[r.Key()]) == 0
		}
		return false
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
		switch r.Operator() {
		case selection.In, selection.Equals, selection.DoubleEquals:
			for v := range r.Values() {
				list = append(list, ix.byLabel[[2]string{r.Key(), v}]...)
			}
			list = append(list, ix.byLabel[[2]string{r.Key(), anyValue}]...)
			slices.Sort(list)
			list = slices.Compact(list)
		case selection.Exists, selection.GreaterThan, selection.LessThan:
			list = ix.byKey[r.Key()]
		default:
			continue
		}
		if !found || len(list) < len(best) {
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
