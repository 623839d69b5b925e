package selectors

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
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
	Supersedes: verdict.Causes(apiserver.SelectorRequired, apiserver.SelectorEmpty, apiserver.SelectorMismatch, verdict.Generic(apiserver.UnknownField), verdict.Generic(apiserver.WrongType)),
	Run: func(p *analyzer.Pass) error {
		moved := map[*manifest.Resource]bool{}
		for _, v := range verdict.All(p.Graph) {
			moved[v.Resource] = v.Moved()
		}
		for _, w := range p.Graph.Workloads {
			if !w.Own || !workload.NeedsSelector(w) || hasSelector(moved, w) || unfinished(p, w) {
				continue
			}
			f := selectorMissing(w)
			if workload.LooksLikePatch(w) {
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
	return moved[w.Resource] && (manifest.Field(w.Node, "selector").Key != nil || w.Get("spec", "selector", workload.StrayKey(w)) != nil && manifest.IsMapping(w.Get("spec", "selector", workload.StrayKey(w))))
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
	if key := workload.StrayKey(w); key != "" {
		f.Message = fmt.Sprintf("%s has a selector without matchLabels", w)
		f.Consequence = "the API server refuses it: a selector has no such field"
		f.Location = w.EntryLocation("spec", "selector", key)
		f.Label = "not under matchLabels"
		f.Help = fmt.Sprintf("put %s under spec.selector.matchLabels", key)
	}
	return f
}
