package selectors

import (
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// ReplicaSetAdoptable reports ReplicaSets that a Deployment takes over.
var ReplicaSetAdoptable = &analyzer.Rule{
	ID:    "replicaset-adoptable",
	Title: "A Deployment adopts a ReplicaSet",
	Claim: analyzer.Suspect,
	Kinds: []string{"ReplicaSet"},
	Why: `A Deployment owns the ReplicaSets whose own labels match its selector, and takes over those that nobody owns. One with another template it holds for an old version of itself and scales it to 0: its pods are gone. One with the same template it makes its current one, and sets its replicas.

Only metadata.labels of the ReplicaSet count, not the labels of its pods. Without them nothing happens.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
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
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-old
  labels: {app: web}
spec:
  replicas: 1
  selector:
    matchLabels: {app: web, track: old}
  template:
    metadata:
      labels: {app: web, track: old}
    spec:
      containers: [{name: web, image: "nginx:1.20"}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
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
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-old
spec:
  replicas: 1
  selector:
    matchLabels: {app: web, track: old}
  template:
    metadata:
      labels: {app: web, track: old}
    spec:
      containers: [{name: web, image: "nginx:1.20"}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates",
		"k8s.io/kubernetes/pkg/controller/deployment/deployment_controller.go: getReplicaSetsForDeployment",
	},
	Run: func(p *analyzer.Pass) error {
		var deployments []*graph.Workload
		for _, w := range p.Graph.Workloads {
			if w.Kind == "Deployment" && !w.Superseded && w.Selector.State == graph.Present {
				deployments = append(deployments, w)
			}
		}
		for _, w := range p.Graph.Workloads {
			if w.Kind == "ReplicaSet" && !w.Superseded && !w.Controlled() && !p.Unit.Rewrites(kustomize.Relations) {
				takenOver(p, w, deployments)
			}
		}
		return nil
	},
}

// takenOver reports a ReplicaSet that one of the Deployments adopts.
func takenOver(p *analyzer.Pass, set *graph.Workload, deployments []*graph.Workload) {
	own := labels.Set(manifest.StringMap(set.Node, "metadata", "labels"))
	if len(own) == 0 {
		return
	}
	for _, d := range deployments {
		if !set.Own && !d.Own || !p.Graph.SameNamespace(set.Resource, d.Resource) || !d.Selector.Selector.Matches(own) ||
			p.Unit.Alternatives(set.File(), d.File()) {
			continue
		}
		f := analyzer.Finding{
			Message:     fmt.Sprintf("%s carries the labels by which %s finds its ReplicaSets", set, d),
			Label:       fmt.Sprintf("matches the selector of %s", d),
			Consequence: "the Deployment adopts it, holds it for an old version of itself, and scales it to 0",
			Help:        "give the ReplicaSet other labels under metadata, or remove it",
			Location:    set.KeyLocation("metadata", "labels"),
			Path:        []string{"metadata", "labels"},
			Resource:    set.Resource,
			Related:     []analyzer.Related{{Location: d.KeyLocation(d.Selector.Path...), Message: fmt.Sprintf("%s selects %s", d, d.Selector)}},
		}
		if sameTemplate(set, d) {
			f.Consequence = "the Deployment adopts it as its current version, and sets its replicas"
		}
		p.Report(f)
		return
	}
}

// sameTemplate reports whether two workloads have the same pod template, as
// far as it is written (k8s.io/kubernetes/pkg/controller/deployment/util
// EqualIgnoreHash).
func sameTemplate(a, b *graph.Workload) bool {
	one, ok := manifest.Value(a.PodField())
	other, both := manifest.Value(b.PodField())
	return ok && both && reflect.DeepEqual(one, other)
}
