package selectors

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// ReservedPodLabel reports workloads that write a label which their controller
// writes itself.
var ReservedPodLabel = &analyzer.Rule{
	ID:    "reserved-pod-label",
	Title: "A label that the controller sets itself",
	Claim: analyzer.Suspect,
	Kinds: []string{"Deployment", "DaemonSet", "StatefulSet"},
	Why: `Controllers put labels of their own on pods: a Deployment pod-template-hash, a DaemonSet and a StatefulSet controller-revision-hash, a StatefulSet also the pod's name and number. What a template says there is overwritten; it mostly comes from a manifest that was copied from a running cluster.

In the selector it does real harm. The pods get another value than the selector asks for, so the controller lets go of each one (or of its ReplicaSet) as soon as it is made, and makes another.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels:
        app: web
        pod-template-hash: 5d4f8c7b9
    spec:
      containers: [{name: web, image: nginx}]
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
      labels:
        app: web
    spec:
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pod-template-hash-label",
		"k8s.io/kubernetes/pkg/controller/deployment/sync.go: getNewReplicaSet",
		"k8s.io/kubernetes/pkg/controller/controller_ref_manager.go: ClaimObject",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if w.Own && !w.Controlled() {
				reservedLabel(p, w)
			}
		}
		return nil
	},
}

// reserved are the labels that a controller sets on each pod, by its kind:
// constants in k8s.io/api/apps/v1 types.go.
var reserved = map[string][]string{
	"Deployment":  {"pod-template-hash"},
	"DaemonSet":   {"controller-revision-hash"},
	"StatefulSet": {"controller-revision-hash", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"},
}

func reservedLabel(p *analyzer.Pass, w *graph.Workload) {
	for _, key := range reserved[w.Kind] {
		if value, ok := w.Selector.Equal[key]; ok {
			path := append(slices.Clone(w.Selector.LabelsPath), key)
			p.Report(analyzer.Finding{
				Claim:       analyzer.Broken,
				Message:     fmt.Sprintf("%s selects pods with %s=%s, a label that it gives another value itself", w, key, value),
				Label:       "set by the controller",
				Consequence: "it lets go of what it made, because that does not match, and makes more",
				Help:        fmt.Sprintf("remove %s from the selector and from the template", key),
				Location:    w.EntryLocation(path...),
				Path:        path,
				Resource:    w.Resource,
			})
			return
		}
		if value, ok := w.Labels[key]; ok {
			path := w.LabelPath(key)
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("%s gives its pods the label %s=%s, which it sets itself", w, key, value),
				Label:       "set by the controller",
				Consequence: "the value is overwritten in each pod, and whoever selects by it finds none",
				Help:        fmt.Sprintf("remove %s from the template", key),
				Location:    w.EntryLocation(path...),
				Path:        path,
				Resource:    w.Resource,
			})
			return
		}
	}
}
