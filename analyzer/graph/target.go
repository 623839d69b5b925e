package graph

import "github.com/kubeknot/kubeknot/analyzer/manifest"

// IsHPA tells a HorizontalPodAutoscaler from a ScaledObject.
func (s *Scaler) IsHPA() bool { return s.Kind == "HorizontalPodAutoscaler" }

// MinPath and MaxPath lead to the limits of the count of replicas.
func (s *Scaler) MinPath() []string {
	if s.IsHPA() {
		return []string{"spec", "minReplicas"}
	}
	return []string{"spec", "minReplicaCount"}
}

// MaxPath is described at MinPath.
func (s *Scaler) MaxPath() []string {
	if s.IsHPA() {
		return []string{"spec", "maxReplicas"}
	}
	return []string{"spec", "maxReplicaCount"}
}

// MinReplicas returns the least count it scales to; ok is false for what is no
// number. What is left out is 1 (pkg/apis/autoscaling/v2/defaults.go), for
// KEDA 0.
func (s *Scaler) MinReplicas() (n int, ok bool) {
	switch {
	case s.Get(s.MinPath()...) != nil:
		return manifest.Int(s.Node, s.MinPath()...)
	case s.IsHPA():
		return 1, true
	}
	return 0, true
}

// MaxReplicas returns the highest count it scales to; ok is false for what is
// no number. An autoscaler must say it; for KEDA what is left out is 100.
func (s *Scaler) MaxReplicas() (n int, ok bool) {
	if s.Get(s.MaxPath()...) == nil && !s.IsHPA() {
		return 100, true
	}
	return manifest.Int(s.Node, s.MaxPath()...)
}
