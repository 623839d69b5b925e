package graph

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Scaler is what sets the replicas of another object: a
// HorizontalPodAutoscaler, or a KEDA ScaledObject, which makes one.
type Scaler struct {
	*manifest.Resource
	Own bool
	// Group, TargetKind and Name are its scaleTargetRef. The version is left
	// out because Kubernetes ignores it: only group and kind are mapped
	// (pkg/controller/podautoscaler/horizontal.go).
	TargetGroup, TargetKind, TargetName string
	// RefPath leads to the reference.
	RefPath []string

	graph *Graph
}

func newScaler(g *Graph, r *manifest.Resource, own bool) *Scaler {
	ref := r.Get("spec", "scaleTargetRef")
	switch {
	case ref == nil:
		return nil
	case r.Kind == "HorizontalPodAutoscaler" && r.Group == "autoscaling":
	case r.Kind == "ScaledObject" && r.Group == "keda.sh":
	default:
		return nil
	}
	s := &Scaler{Resource: r, Own: own, RefPath: []string{"spec", "scaleTargetRef"}, graph: g,
		TargetKind: manifest.String(ref, "kind"), TargetName: manifest.String(ref, "name")}
	version := manifest.String(ref, "apiVersion")
	if r.Group == "keda.sh" {
		// KEDA fills in a Deployment of apps/v1.
		if s.TargetKind == "" {
			s.TargetKind = "Deployment"
		}
		if version == "" {
			version = "apps/v1"
		}
	}
	s.TargetGroup, _, _ = strings.Cut(version, "/")
	if !strings.Contains(version, "/") {
		s.TargetGroup = ""
	}
	return s
}

// Refused reports that the API server refuses the reference: an apiVersion
// without a group stands for ReplicationControllers alone
// (pkg/apis/autoscaling/validation/validation.go).
func (s *Scaler) Refused() bool {
	return s.Kind == "HorizontalPodAutoscaler" && s.TargetGroup == "" && s.TargetKind != "ReplicationController"
}

// Scales reports whether the reference names the resource. Kubernetes maps the
// kind without regard to case.
func (s *Scaler) Scales(r *manifest.Resource) bool {
	return s.TargetName == r.Name && strings.EqualFold(s.TargetKind, r.Kind) &&
		s.TargetGroup == r.Group && s.graph.SameNamespace(s.Resource, r)
}

// ScaledBy returns the autoscaler of a workload, nil if there is none.
func (g *Graph) ScaledBy(w *Workload) *Scaler {
	for _, s := range g.scalers[w.Name] {
		if s.Scales(w.Resource) {
			return s
		}
	}
	return nil
}

// NoPods reports a workload without any pods.
func NoPods(g *Graph, w *Workload) bool {
	n, ok := g.LeastPods(w)
	return ok && n == 0
}

// RefName is the path of the name of an autoscaler's target.
func RefName(s *Scaler) []string { return append(slices.Clone(s.RefPath), "name") }

// Targets returns the workloads that an autoscaler scales: the versions of one.
func (g *Graph) Targets(s *Scaler) []*Workload {
	var found []*Workload
	for _, w := range g.Called(s.TargetName) {
		if s.Scales(w.Resource) {
			found = append(found, w)
		}
	}
	return found
}

// Reference returns what the autoscaler refers to. The kind is written as
// Kubernetes writes it.
func (s *Scaler) Reference() *Reference {
	kind := s.TargetKind
	for _, known := range []string{"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"} {
		if strings.EqualFold(known, kind) {
			kind = known
		}
	}
	return &Reference{From: s.Resource, Own: s.Own, Use: ScaleTarget, Target: Target{s.TargetGroup, kind, s.TargetName},
		Namespace: s.graph.Namespace(s.Resource), Path: slices.Concat(s.RefPath, []string{"name"})}
}
