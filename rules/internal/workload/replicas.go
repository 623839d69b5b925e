package workload

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// ReplicasOf points at what says how many pods there are, if anything does.
func ReplicasOf(g *graph.Graph, w *graph.Workload, n int) []analyzer.Related {
	if s := g.ScaledBy(w); s != nil {
		return []analyzer.Related{{Location: s.EntryLocation(s.MinPath()...), Message: fmt.Sprintf("%s keeps at least %d", s, n)}}
	}
	if w.Get("spec", "replicas") == nil {
		return nil
	}
	return []analyzer.Related{{Location: w.EntryLocation("spec", "replicas"), Message: fmt.Sprintf("asks for %s", text.Count(n, "pod", "pods"))}}
}
