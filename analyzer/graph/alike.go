package graph

// labelPart are the first or the last letters of a label's value: values that
// differ by a slip of the pen, or are a part of each other, share one of them.
type labelPart struct {
	key     string
	last    bool
	letters string
}

func labelParts(key, value string) [2]labelPart {
	n := min(3, len(value))
	return [2]labelPart{{key, false, value[:n]}, {key, true, value[len(value)-n:]}}
}

// alikeKey and namedKey are the keys of indices among the views.
type (
	alikeKey struct{}
	namedKey struct{}
)

// Alike returns workloads whose pods have a value under the key that begins or
// ends like this one, so that it need not be compared with all; at most 512.
func (g *Graph) Alike(key, value string) []*Workload {
	byPart := g.View(alikeKey{}, func() any {
		all := map[labelPart][]*Workload{}
		for _, w := range g.Workloads {
			for k, v := range w.Labels {
				for _, part := range labelParts(k, v) {
					all[part] = append(all[part], w)
				}
			}
		}
		return all
	}).(map[labelPart][]*Workload)
	var found []*Workload
	for _, part := range labelParts(key, value) {
		found = append(found, byPart[part][:min(maxAlike, len(byPart[part]))]...)
	}
	return found
}

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
