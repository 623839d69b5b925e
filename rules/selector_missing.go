package rules

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
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
		moved := map[*manifest.Resource]bool{}
		for _, v := range verdicts(p.Graph) {
			moved[v.resource] = v.Moved()
		}
		for _, w := range p.Graph.Workloads {
			if !w.Own || !needsSelector(w) || hasSelector(moved, w) || unfinished(p, w) {
				continue
			}
			f := selectorMissing(w)
			if looksLikePatch(w) {
				f.Evidence = analyzer.Open
				f.Notes = []string{"the pod template has no labels either: this may be a patch of another object"}
			}
			if p.Unit.Kind == unit.Document { // which may show a part of the object
				f.Evidence = analyzer.Open
			}
			p.Report(f)
		}
		return nil
	},
}

// hasSelector reports whether the selector is there, but misplaced or
// misspelt; unknown-field says so.
func hasSelector(moved map[*manifest.Resource]bool, w *graph.Workload) bool {
	return moved[w.Resource] && (manifest.Field(w.Node, "selector").Key != nil || w.Get("spec", "selector") != nil && strayKey(w) != "")
}

// needsSelector reports whether a controller lacks a selector that Kubernetes
// asks for. Older API versions took it from the template, but none of them
// ever knew another field than matchLabels and matchExpressions in it.
func needsSelector(w *graph.Workload) bool {
	switch w.Kind {
	case "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet":
	default:
		return false
	}
	switch w.Selector.State {
	case graph.Missing:
		return w.APIVersion == "apps/v1" && !w.Custom
	case graph.Empty:
		return !w.Custom && (w.APIVersion == "apps/v1" || strayKey(w) != "")
	}
	return false
}

// strayKey returns the first field of a selector that is none.
func strayKey(w *graph.Workload) string {
	for key := range manifest.Fields(w.Get("spec", "selector")) {
		if key != "matchLabels" && key != "matchExpressions" {
			return key
		}
	}
	return ""
}

// looksLikePatch reports whether the object has so little of a controller that
// it may be a patch which no kustomization here names.
func looksLikePatch(w *graph.Workload) bool {
	return w.Selector.State == graph.Missing && len(w.Labels) == 0
}

// isPatch reports whether a resource is a workload that looks like a patch.
func isPatch(g *graph.Graph, r *manifest.Resource) bool {
	return slices.ContainsFunc(g.Workloads, func(w *graph.Workload) bool { return w.Resource == r && needsSelector(w) && looksLikePatch(w) })
}

func selectorMissing(w *graph.Workload) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s has no selector", w),
		Consequence: "the API server refuses it: spec.selector is required",
		Help:        "add spec.selector.matchLabels, with labels of the pod template",
		Location:    w.KeyLocation("spec"),
		Path:        []string{"spec", "selector"},
		Resource:    w.Resource,
	}
	if len(w.Labels) > 0 {
		f.Help = fmt.Sprintf("add spec.selector.matchLabels with labels of the template: %s", w.PodLabels())
		f.Related = []analyzer.Related{{Location: w.KeyLocation(w.At("metadata", "labels")...), Message: "the labels of its pods: " + w.PodLabels()}}
	}
	if w.Get("spec", "selector") == nil {
		return f
	}
	f.Message = fmt.Sprintf("%s has an empty selector", w)
	f.Location = w.KeyLocation("spec", "selector")
	if key := strayKey(w); key != "" {
		f.Message = fmt.Sprintf("%s has a selector without matchLabels", w)
		f.Consequence = "the API server refuses it: a selector has no such field"
		f.Location = w.EntryLocation("spec", "selector", key)
		f.Label = "not under matchLabels"
		f.Help = fmt.Sprintf("put %s under spec.selector.matchLabels", key)
	}
	return f
}
