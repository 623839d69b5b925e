package rules

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// SelectorMissing reports apps/v1 controllers without a selector.
var SelectorMissing = &analyzer.Rule{
	ID:    "selector-missing",
	Title: "A controller has no selector",
	Claim: analyzer.Rejected,
	Kinds: []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"},
	Why: `The controllers of apps/v1 must say by spec.selector which pods are theirs; it is not taken from the template, as it was in extensions/v1beta1, and an empty one ({}) is refused as well. The same is true of a selector that stands at the wrong place, or without matchLabels.

ReplicationControllers and Jobs do not need one: the API server fills it in.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    metadata:
      labels:
        app: web
    spec:
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector",
		"k8s.io/kubernetes/pkg/apis/apps/validation/validation.go: ValidateDeploymentSpec, ValidateReplicaSetSpec, ValidateStatefulSetSpec, ValidateDaemonSetSpec",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			needed := w.Group == "apps" && w.Version == "v1"
			absent := w.Selector.State == graph.Missing || w.Selector.State == graph.Empty
			if w.Own && needed && absent && !unfinished(p, w) {
				p.Report(selectorMissing(w))
			}
		}
		return nil
	},
}

func selectorMissing(w *graph.Workload) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s has no selector", w),
		Consequence: "the API server refuses it: spec.selector is required",
		Location:    w.KeyLocation("spec"),
		Path:        []string{"spec", "selector"},
		Resource:    w.Resource,
	}
	if len(w.Labels) > 0 {
		f.Help = fmt.Sprintf("add spec.selector.matchLabels with labels of the template: %s", w.PodLabels())
		f.Related = []analyzer.Related{{Location: w.KeyLocation(w.At("metadata", "labels")...), Message: "the labels of its pods: " + w.PodLabels()}}
	}
	if manifest.Field(w.Node, "selector").Key != nil {
		f.Location = w.KeyLocation("selector")
		f.Label = "not under spec"
		f.Help = "move selector under spec"
		return f
	}
	if w.Get("spec", "selector") == nil {
		return f
	}
	f.Message = fmt.Sprintf("%s has an empty selector", w)
	f.Location = w.KeyLocation("spec", "selector")
	for key := range manifest.Fields(w.Get("spec", "selector")) {
		if key != "matchLabels" && key != "matchExpressions" {
			f.Message = fmt.Sprintf("%s has a selector without matchLabels", w)
			f.Location = w.EntryLocation("spec", "selector", key)
			f.Label = "not under matchLabels"
			f.Help = fmt.Sprintf("put %s under spec.selector.matchLabels", key)
			break
		}
	}
	return f
}
