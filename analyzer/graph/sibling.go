package graph

import "github.com/kubeknot/kubeknot/analyzer/unit"

// siblingKey is the key of the index of the siblings among the views.
type siblingKey struct{}

// SelectSiblings is Select among the workloads of the directories beside the
// unit.
func (g *Graph) SelectSiblings(namespace string, s Selector) []*Workload {
	if s.Selector == nil {
		return nil
	}
	all := g.Siblings()
	ix := g.View(siblingKey{}, func() any { return newIndex(all) }).(index)
	var found []*Workload
	for _, w := range ix.candidates(s.Selector, all) {
		if unit.SameNamespace(namespace, g.Namespace(w.Resource)) && w.MatchedBy(s.Selector) {
			found = append(found, w)
		}
	}
	return found
}
