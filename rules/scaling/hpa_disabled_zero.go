package scaling

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// HPADisabledZero reports autoscalers whose target is scaled to nothing.
var HPADisabledZero = &analyzer.Rule{
	ID:    "hpa-disabled-zero",
	Title: "An autoscaler is switched off by a target with replicas: 0",
	Claim: analyzer.Broken,
	Kinds: []string{"HorizontalPodAutoscaler", "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"},
	Why: `An autoscaler does nothing while its target has no replicas: ScalingActive is False with the reason ScalingDisabled, and minReplicas does not hold either. A target that says replicas: 0 therefore stays without pods, and each apply takes away those that somebody started by hand.

This is also the documented way to pause autoscaling, so it is a warning: ignore it where the pause is meant.

A KEDA ScaledObject is left alone: KEDA starts its target from zero itself.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 0
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          resources:
            requests: {cpu: 100m}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 5
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          resources:
            requests: {cpu: 100m}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 5
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#implicit-maintenance-mode-deactivation",
		"k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go: reconcileAutoscaler",
	},
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Scalers {
			least, ok := s.MinReplicas()
			w := zeroTarget(p.Graph, s)
			switch {
			case !s.IsHPA() || s.TargetName == "" || !ok || least == 0 || w == nil || !s.Own && !w.Own:
			case p.Unit.Rewrites(kustomize.Relations):
				p.Skip(s.Resource, "autoscalers: the replicas of their targets may come from kustomize")
			default:
				p.Report(disabled(s, w, least))
			}
		}
		return nil
	},
}

// zeroTarget returns the target if every definition of it asks for no pods.
func zeroTarget(g *graph.Graph, s *graph.Scaler) *graph.Workload {
	var target *graph.Workload
	for _, w := range g.Targets(s) {
		if n, ok := w.Replicas(); !ok || n != 0 {
			return nil
		}
		if !w.Superseded {
			target = w
		}
	}
	return target
}

// disabled is the finding: at the autoscaler, or at the count of replicas if
// only the workload is the unit's own.
func disabled(s *graph.Scaler, w *graph.Workload, least int) analyzer.Finding {
	f := analyzer.Finding{
		Severity:    analyzer.Warning, // it may be a pause
		Message:     fmt.Sprintf("%s scales %s, which has replicas: 0", s, w),
		Label:       "switched off",
		Consequence: fmt.Sprintf("it does nothing, and minReplicas %d does not hold: ScalingActive is False, ScalingDisabled", least),
		Help:        "remove spec.replicas, or ignore this if the autoscaler is paused on purpose",
		Location:    s.EntryLocation(graph.RefName(s)...),
		Path:        graph.RefName(s),
		Resource:    s.Resource,
		Related:     []analyzer.Related{{Location: w.EntryLocation("spec", "replicas"), Message: fmt.Sprintf("%s asks for no pods", w)}},
	}
	if !s.Own {
		f.Message = fmt.Sprintf("%s has replicas: 0, which switches %s off", w, s)
		f.Label = "no pods"
		f.Related = []analyzer.Related{{Location: f.Location, Message: "does nothing while there are no replicas"}}
		f.Location, f.Path, f.Resource = w.EntryLocation("spec", "replicas"), []string{"spec", "replicas"}, w.Resource
	}
	return f
}
