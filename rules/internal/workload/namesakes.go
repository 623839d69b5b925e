package workload

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// AreNamesakes reports whether one of two controllers is a DaemonSet and looks
// as if it were to take the place of the other: both have one name, and by their
// selectors their pods are the same.
func AreNamesakes(p *analyzer.Pass, a, b *graph.Workload) bool {
	if b.Kind == "DaemonSet" {
		a, b = b, a
	}
	switch b.Kind {
	case "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController":
	default:
		return false
	}
	return a.Kind == "DaemonSet" && a.Name == b.Name && a.Selector.String() == b.Selector.String() && !b.Custom && !b.Controlled() && (a.Own || b.Own) &&
		!p.Unit.Rewrites(kustomize.Relations) && p.Graph.SameNamespace(a.Resource, b.Resource) && !p.Unit.Alternatives(a.File(), b.File())
}
