package graph

import (
	"cmp"
	"slices"
)

// selectorIndex finds the controllers whose selectors a pod may match: each
// stands under one label that it asks for.
type selectorIndex struct {
	byLabel map[[2]string][]int
	rest    []int // those that ask for no label that must be equal
}

func newSelectorIndex(workloads []*Workload) selectorIndex {
	ix := selectorIndex{byLabel: map[[2]string][]int{}}
	for i, w := range workloads {
		if w.Selector.State != Present {
			continue
		}
		label, ok := [2]string{}, false
		for k, v := range w.Selector.Equal {
			if !ok || k < label[0] {
				label, ok = [2]string{k, v}, true
			}
		}
		if ok {
			ix.byLabel[label] = append(ix.byLabel[label], i)
		} else {
			ix.rest = append(ix.rest, i)
		}
	}
	return ix
}

// Owners returns the controllers whose selectors match a bare Pod, whatever
// their namespaces, in the order of Workloads. A Deployment is among them,
// though it adopts no Pods.
func (g *Graph) Owners(pod *Workload) []*Workload {
	at := slices.Clone(g.selectors().rest)
	for k, v := range pod.Labels {
		at = append(at, g.selectors().byLabel[[2]string{k, v}]...)
	}
	slices.SortFunc(at, cmp.Compare[int])
	var found []*Workload
	for _, i := range at {
		if w := g.Workloads[i]; pod.MatchedBy(w.Selector.Selector) {
			found = append(found, w)
		}
	}
	return found
}
