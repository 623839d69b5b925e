package selectors

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// BarePodAdoptable reports bare Pods that a controller takes for its own.
var BarePodAdoptable = &analyzer.Rule{
	ID:    "bare-pod-adoptable",
	Title: "A controller adopts a bare Pod",
	Claim: analyzer.Suspect,
	Kinds: []string{"Pod"},
	Why: `A bare Pod has no owner, so a ReplicaSet, ReplicationController, DaemonSet, StatefulSet or Job with manualSelector whose selector matches it adopts it, and deletes it if it has enough pods already, or if the Pod does not fit its template or node. Whoever applies the Pod reads "created" all the same.

A Deployment does not adopt: its ReplicaSets select by a hash too. But its autoscaler lists pods by labels and counts the bare one. A StatefulSet only minds Pods that are named like its own.

Where the Pod may be applied in place of the controller, because it stands in another directory or the name of one is the beginning of the other's, it is info: that is also how a Pod is put under a controller on purpose.`,
	Bad: `apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
---
apiVersion: v1
kind: Pod
metadata:
  name: web-test
  labels: {app: web}
spec:
  containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
---
apiVersion: v1
kind: Pod
metadata:
  name: web-test
  labels: {app: web-test}
spec:
  containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#non-template-pod-acquisitions",
		"k8s.io/kubernetes/pkg/controller/controller_ref_manager.go: ClaimPods",
		"k8s.io/kubernetes/pkg/controller/podautoscaler/replica_calculator.go: pods are listed by selector",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if w.IsPod() && !w.Superseded && !w.Controlled() {
				adopted(p, w)
			}
		}
		return nil
	},
}

// adopted reports a bare Pod that a controller takes for one of its own, or
// that an autoscaler counts as one.
func adopted(p *analyzer.Pass, pod *graph.Workload) {
	for _, w := range p.Graph.Owners(pod) {
		if !pod.Own && !w.Own || !p.Graph.SameNamespace(pod.Resource, w.Resource) {
			continue
		}
		f := analyzer.Finding{
			Message:  fmt.Sprintf("%s carries the labels by which %s finds its pods", pod, w),
			Label:    fmt.Sprintf("matches the selector of %s", w),
			Help:     "give the Pod other labels, or remove it",
			Location: pod.KeyLocation("metadata", "labels"),
			Path:     []string{"metadata", "labels"},
			Resource: pod.Resource,
			Related:  []analyzer.Related{{Location: w.KeyLocation(w.Selector.Path...), Message: fmt.Sprintf("%s selects %s", w, w.Selector)}},
		}
		switch w.Kind {
		case "Deployment": // adopts nothing, but its autoscaler lists pods by labels
			s := p.Graph.ScaledBy(w)
			if s == nil {
				continue
			}
			f.Consequence = fmt.Sprintf("the Deployment does not adopt it, but %s counts it", s)
			f.Related = append(f.Related, analyzer.Related{Location: s.EntryLocation(s.RefPath...), Message: "scales by all pods with these labels"})
		case "StatefulSet":
			if !graph.IsOrdinalName(w.Name, pod.Name) {
				continue
			}
			f.Consequence = "the StatefulSet adopts it, deletes it, and makes its own of that name"
		case "DaemonSet":
			f.Consequence = "the DaemonSet adopts it, and deletes it if its node needs none"
		default:
			f.Consequence = fmt.Sprintf("the %s adopts it and deletes what is too much: this Pod, if it comes later", w.Kind)
		}
		if mayReplace(pod, w) && w.Kind != "StatefulSet" {
			f.Claim = analyzer.Advice
		}
		p.Report(f)
		return
	}
}
