package scheduling

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// PodAffinityUnsatisfiable reports pods that want to be beside pods that are
// not there.
var PodAffinityUnsatisfiable = &analyzer.Rule{
	ID:    "pod-affinity-unsatisfiable",
	Title: "Required affinity to pods that are not there",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `Required affinity puts pods only where others run that carry all labels of the term's selector, in the pods' own namespace unless the term names others. If there are none, the pods stay Pending for ever. Pods that match their own term are fine: the first one may run anywhere.

The others may come from somewhere else, so only what something close explains is an error: a label that is one slip off, the right labels in another namespace, a workload that has the name.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: cache
  labels: {app: cache}
spec:
  containers: [{name: cache, image: redis}]
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  affinity:
    podAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        - labelSelector:
            matchLabels: {app: cahce}
          topologyKey: kubernetes.io/hostname
  containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: cache
  labels: {app: cache}
spec:
  containers: [{name: cache, image: redis}]
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  affinity:
    podAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        - labelSelector:
            matchLabels: {app: cache}
          topologyKey: kubernetes.io/hostname
  containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity/filtering.go: satisfyPodAffinity",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Controlled() {
				continue
			}
			for _, t := range w.PodTerms() {
				switch {
				case t.Anti || !t.Required:
				case t.Selector.State == graph.Unfinished:
					p.Skip(w.Resource, "pod affinities: their selectors are still to be filled in")
				case t.Selector.State == graph.Present && len(p.Graph.Matched(w, t)) == 0:
					nobodyBeside(p, w, t)
				}
			}
		}
		return nil
	},
}

func nobodyBeside(p *analyzer.Pass, w *graph.Workload, t graph.PodTerm) {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s must run beside pods with %s, and there are none", w, t.Selector),
		Label:       "no pod of this unit carries this label",
		Consequence: "its pods stay Pending: FailedScheduling",
		Path:        t.Selector.Path,
		Resource:    w.Resource,
	}
	miss := nearestNeighbor(p.Graph, w, t)
	switch {
	case p.Unit.Rewrites(kustomize.Relations): // it may change the labels and the namespaces of both ends
		p.Skip(w.Resource, "pod affinities: kustomize changes the pods")
		return
	case miss != nil:
		miss.Explain(&f)
		f.Path = t.Selector.PathTo(miss.Key)
	case !p.Unit.Complete() || neighbourBeside(p, w, t):
		p.Skip(w.Resource, "pod affinities: the pods that they ask for may live elsewhere")
		return
	default:
		f.Evidence = analyzer.Absent
		f.Help = "check the selector against the labels of the pods, or ignore this if they live elsewhere"
		if len(t.Selector.Equal) == 1 {
			f.Path = append(slices.Clone(t.Selector.LabelsPath), text.SortedKeys(t.Selector.Equal)[0])
		}
	}
	f.Location = w.EntryLocation(f.Path...)
	p.Report(f)
}

// neighbourBeside reports whether a directory beside has the pods.
func neighbourBeside(p *analyzer.Pass, w *graph.Workload, t graph.PodTerm) bool {
	return slices.ContainsFunc(p.Graph.Siblings(), func(o *graph.Workload) bool { return o.MatchedBy(t.Selector.Selector) })
}

// nearestNeighbor returns what explains best that a term means no pods.
func nearestNeighbor(g *graph.Graph, w *graph.Workload, t graph.PodTerm) *nearmiss.Explanation {
	if len(t.Namespaces) > 0 || t.AnyNamespace {
		return nil
	}
	return nearmiss.Pods(g, nearmiss.Selection{Resource: w.Resource, Selector: t.Selector, Self: w,
		Scope: "add namespaces: [NAMESPACE] to the term: without it the pods' own namespace counts"})
}
