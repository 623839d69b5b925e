package graph

import (
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// siblingKey is the key of the index of the siblings.
var siblingKey memo.Key[index]

// SelectSiblings is Select among the workloads of the directories beside the
// unit.
func (g *Graph) SelectSiblings(namespace string, s Selector) []*Workload {
	if s.Selector == nil {
		return nil
	}
	all := g.Siblings()
	ix := siblingKey.Of(g, func() index { return newIndex(all) })
	var found []*Workload
	for _, w := range ix.candidates(s.Selector, all) {
		if unit.SameNamespace(namespace, g.Namespace(w.Resource)) && w.MatchedBy(s.Selector) {
			found = append(found, w)
		}
	}
	return found
}
