package scaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// HPATargetUnscalable reports autoscalers of kinds that cannot be scaled.
var HPATargetUnscalable = &analyzer.Rule{
	ID:    "hpa-target-unscalable",
	Title: "An autoscaler targets a kind that cannot be scaled",
	Claim: analyzer.Broken,
	Kinds: []string{"HorizontalPodAutoscaler", "ScaledObject"},
	Why: `An autoscaler reads and writes the scale subresource of its target. The API server serves it for Deployments, ReplicaSets, StatefulSets, ReplicationControllers and for custom resources that ask for it. A DaemonSet runs one pod on each node that fits and has no count; Jobs, CronJobs and Pods have none either.

The autoscaler is accepted and never does anything: its condition AbleToScale is False with the reason FailedGetScale.`,
	Bad: `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers: [{name: agent, image: example/agent, resources: {requests: {cpu: 100m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: agent
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: DaemonSet, name: agent}
  maxReplicas: 5
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers: [{name: agent, image: example/agent, resources: {requests: {cpu: 100m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: agent
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: agent}
  maxReplicas: 5
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/",
		"k8s.io/kubernetes/pkg/registry/apps/rest/storage_apps.go: which kinds have /scale",
	},
	Supersedes: verdict.Causes(apiserver.TargetWithoutGroup),
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Scalers {
			if s.Own && unscalable(s) {
				p.Report(unscalableTarget(p.Graph, s))
			}
		}
		return nil
	},
}

// uncounted are the built-in workloads without /scale, by lower-case kind.
var uncounted = map[string]string{"daemonset": "apps", "job": "batch", "cronjob": "batch", "pod": ""}

// unscalable reports whether the target is of a built-in kind without /scale.
func unscalable(s *graph.Scaler) bool {
	group, ok := uncounted[strings.ToLower(s.TargetKind)]
	return ok && group == s.TargetGroup
}

func unscalableTarget(g *graph.Graph, s *graph.Scaler) analyzer.Finding {
	path := append(slices.Clone(s.RefPath), "kind")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s targets %s %s, a kind that cannot be scaled", s, s.TargetKind, s.TargetName),
		Label:       "has no scale subresource",
		Consequence: "it is accepted and never scales anything: AbleToScale is False, FailedGetScale",
		Help:        "remove the autoscaler, or use a Deployment",
		Location:    s.EntryLocation(path...),
		Path:        path,
		Resource:    s.Resource,
	}
	if s.Refused() {
		f.Claim, f.Consequence = analyzer.Rejected, groupMissing
	}
	if strings.EqualFold(s.TargetKind, "DaemonSet") {
		f.Help = "remove the autoscaler: a DaemonSet runs one pod on each node that fits; or use a Deployment"
	}
	for _, w := range g.Workloads {
		if s.Scales(w.Resource) {
			f.Related = append(f.Related, analyzer.Related{Location: w.Location("kind"), Message: fmt.Sprintf("%s has no count of replicas", w)})
			break
		}
	}
	return f
}
