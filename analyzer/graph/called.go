package graph

import "github.com/kubeknot/kubeknot/analyzer/memo"

// namedKey is the key of the index of the workloads' names.
var namedKey memo.Key[map[string][]*Workload]

// Called returns the workloads of a name, of any kind and namespace.
func (g *Graph) Called(name string) []*Workload {
	byName := namedKey.Of(g, func() map[string][]*Workload {
		all := map[string][]*Workload{}
		for _, w := range g.Workloads {
			all[w.Name] = append(all[w.Name], w)
		}
		return all
	})
	return byName[name]
}
