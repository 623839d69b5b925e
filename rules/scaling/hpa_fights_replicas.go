package scaling

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// HPAFightsReplicas reports counts of replicas that each apply sets back.
var HPAFightsReplicas = &analyzer.Rule{
	ID:    "hpa-fights-replicas",
	Title: "A workload sets replicas although an autoscaler does",
	Claim: analyzer.Advice,
	Kinds: []string{"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"},
	Why: `Where an autoscaler sets the count, spec.replicas of the manifest is only right by chance: each apply sets it back and deletes what is too many at once, and the autoscaler starts the pods anew a little later. It is advice, because many live with it; it is a warning where the count lies outside of the autoscaler's own limits, so that each apply leaves them for certain.

Removing the field is not safe at once: kubectl apply then falls back to the default, 1. Remove it from the last-applied configuration first ("kubectl apply edit-last-applied"), or hand the field over by server-side apply.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
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
  minReplicas: 3
  maxReplicas: 9
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
  minReplicas: 3
  maxReplicas: 9
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling",
		"https://github.com/kubernetes/kubernetes/issues/25238",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Name == "" || w.Superseded || w.Get("spec", "replicas") == nil {
				continue
			}
			n, ok := w.Replicas()
			s := p.Graph.ScaledBy(w)
			switch {
			case s == nil || !ok || n == 0: // 0 is another matter: hpa-disabled-zero
			case p.Unit.Rewrites(kustomize.Relations):
				p.Skip(w.Resource, "workloads: their replicas may come from kustomize")
			default:
				p.Report(setBack(s, w, n))
			}
		}
		return nil
	},
}

func setBack(s *graph.Scaler, w *graph.Workload, n int) analyzer.Finding {
	path := []string{"spec", "replicas"}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s sets replicas: %d, but %s sets the count too", w, n, s),
		Label:       "set back by each apply",
		Consequence: fmt.Sprintf("each apply sets it back to %d, until the autoscaler corrects it", n),
		Help:        "remove spec.replicas, from the last-applied configuration first: else the next apply falls back to 1",
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
		Related:     []analyzer.Related{{Location: s.EntryLocation(graph.RefName(s)...), Message: fmt.Sprintf("%s scales it", s)}},
	}
	least, hasLeast := s.MinReplicas()
	most, hasMost := s.MaxReplicas()
	switch {
	case hasLeast && n < least:
		f.Claim = analyzer.Suspect
		f.Message = fmt.Sprintf("%s sets replicas: %d, less than the %d that %s keeps", w, n, least, s)
		f.Consequence = fmt.Sprintf("each apply deletes all pods but %d, and the autoscaler starts them anew", n)
		f.Related[0] = analyzer.Related{Location: s.EntryLocation(s.MinPath()...), Message: fmt.Sprintf("never less than %d", least)}
	case hasMost && n > most:
		f.Claim = analyzer.Suspect
		f.Message = fmt.Sprintf("%s sets replicas: %d, more than the %d that %s allows", w, n, most, s)
		f.Consequence = fmt.Sprintf("each apply starts %d pods, and the autoscaler deletes what is more than %d", n, most)
		f.Related[0] = analyzer.Related{Location: s.EntryLocation(s.MaxPath()...), Message: fmt.Sprintf("never more than %d", most)}
	}
	return f
}
