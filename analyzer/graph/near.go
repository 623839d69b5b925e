package graph

import (
	"cmp"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// fewWorkloads is the size up to which all workloads of a unit are compared
// with a selector that matches nothing. In larger units only those are that
// share something with it, so that thousands of Services which match nothing
// are not compared with thousands of workloads each.
const fewWorkloads = 128

// maxNear bounds how many workloads one thing in common brings in.
const maxNear = 32

// nearIndex finds workloads by what a near miss shares with a selector.
type nearIndex struct {
	byName, byFile, byValue, byStart, byEnd map[string][]*Workload
	position                                map[*Workload]int
}

// Near returns the workloads that may explain why a Service's selector matches
// nothing, in the order of Workloads: all of a small unit; of a large one those
// with the Service's name, file, or a label value that is equal, or equal at
// one end, some of each.
func (g *Graph) Near(s *Service) []*Workload {
	if len(g.Workloads) <= fewWorkloads {
		return g.Workloads
	}
	ix := g.near()
	wanted := map[*Workload]bool{}
	add := func(list []*Workload) {
		for _, w := range list[:min(len(list), maxNear)] {
			wanted[w] = true
		}
	}
	add(ix.byName[s.Name])
	add(ix.byFile[s.File().Rel])
	for key, value := range s.Selector.Equal {
		add(ix.byName[value])
		add(ix.byValue[value])
		add(ix.byStart[key+"="+halfOf(value, true)])
		add(ix.byEnd[key+"="+halfOf(value, false)])
	}
	found := make([]*Workload, 0, len(wanted))
	for w := range wanted {
		found = append(found, w)
	}
	slices.SortFunc(found, func(a, b *Workload) int { return cmp.Compare(ix.position[a], ix.position[b]) })
	return found
}

// NearTarget is Near for an autoscaler whose target is not there: of a large
// unit, the workloads with the name of the target or of the autoscaler.
func (g *Graph) NearTarget(s *Scaler) []*Workload {
	if len(g.Workloads) <= fewWorkloads {
		return g.Workloads
	}
	ix := g.near()
	if s.Name == s.TargetName {
		return ix.byName[s.Name]
	}
	return slices.Concat(ix.byName[s.TargetName], ix.byName[s.Name])
}

// Targets returns the workloads that an autoscaler scales: the versions of one.
func (g *Graph) Targets(s *Scaler) []*Workload {
	var found []*Workload
	for _, w := range g.near().byName[s.TargetName] {
		if s.Scales(w.Resource) {
			found = append(found, w)
		}
	}
	return found
}

// halfOf returns the first or last half of a value, at most four bytes.
func halfOf(value string, first bool) string {
	n := min(4, (len(value)+1)/2)
	if first {
		return value[:n]
	}
	return value[len(value)-n:]
}

func newNearIndex(workloads []*Workload) nearIndex {
	ix := nearIndex{
		byName: map[string][]*Workload{}, byFile: map[string][]*Workload{}, byValue: map[string][]*Workload{},
		byStart: map[string][]*Workload{}, byEnd: map[string][]*Workload{}, position: map[*Workload]int{},
	}
	for i, w := range workloads {
		ix.position[w] = i
		ix.byName[w.Name] = append(ix.byName[w.Name], w)
		ix.byFile[w.File().Rel] = append(ix.byFile[w.File().Rel], w)
		for key, value := range w.Labels {
			ix.byValue[value] = append(ix.byValue[value], w)
			ix.byStart[key+"="+halfOf(value, true)] = append(ix.byStart[key+"="+halfOf(value, true)], w)
			ix.byEnd[key+"="+halfOf(value, false)] = append(ix.byEnd[key+"="+halfOf(value, false)], w)
		}
		for _, value := range manifest.StringMap(w.Node, "metadata", "labels") {
			if last := ix.byValue[value]; len(last) == 0 || last[len(last)-1] != w {
				ix.byValue[value] = append(ix.byValue[value], w)
			}
		}
	}
	return ix
}
