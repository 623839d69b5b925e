package near

import (
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// MissingKey returns the first label of a selector that the pods lack or give
// another value.
func MissingKey(s graph.Selector, w *graph.Workload) string {
	for _, key := range text.SortedKeys(s.Equal) {
		if !w.Carries(key, s.Equal[key]) {
			return key
		}
	}
	return ""
}
