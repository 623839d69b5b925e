package workload

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// NeedsSelector reports whether a controller lacks a selector that Kubernetes
// asks for. Older API versions took it from the template, but none of them
// ever knew another field than matchLabels and matchExpressions in it.
func NeedsSelector(w *graph.Workload) bool {
	switch w.Kind {
	case "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet":
	default:
		return false
	}
	switch w.Selector.State {
	case graph.Missing:
		return w.APIVersion == "apps/v1" && !w.Custom
	case graph.Empty:
		return !w.Custom && (w.APIVersion == "apps/v1" || StrayKey(w) != "")
	}
	return false
}

// StrayKey returns the first field of a selector that is none.
func StrayKey(w *graph.Workload) string {
	for key := range manifest.Fields(w.Get("spec", "selector")) {
		if key != "matchLabels" && key != "matchExpressions" {
			return key
		}
	}
	return ""
}

// LooksLikePatch reports whether the object has so little of a controller that
// it may be a patch which no kustomization here names.
func LooksLikePatch(w *graph.Workload) bool {
	return w.Selector.State == graph.Missing && len(w.Labels) == 0
}

// IsPatch reports whether a resource is a workload that looks like a patch.
func IsPatch(g *graph.Graph, r *manifest.Resource) bool {
	return slices.ContainsFunc(g.Workloads, func(w *graph.Workload) bool { return w.Resource == r && NeedsSelector(w) && LooksLikePatch(w) })
}
