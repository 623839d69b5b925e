package graph

// namedKey is the key of the index of the workloads' names among the views.
type namedKey struct{}

// Called returns the workloads of a name, of any kind and namespace.
func (g *Graph) Called(name string) []*Workload {
	byName := g.View(namedKey{}, func() any {
		all := map[string][]*Workload{}
		for _, w := range g.Workloads {
			all[w.Name] = append(all[w.Name], w)
		}
		return all
	}).(map[string][]*Workload)
	return byName[name]
}
