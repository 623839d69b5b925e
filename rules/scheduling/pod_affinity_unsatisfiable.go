package scheduling

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/near"
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
	miss := nearestNeighbour(p.Graph, w, t)
	switch {
	case p.Unit.Rewritten: // it may change the labels and the namespaces of both ends
		p.Skip(w.Resource, "pod affinities: kustomize changes the pods")
		return
	case miss != nil:
		f.Evidence, f.Help = analyzer.NearMiss, miss.Help
		if miss.Label != "" {
			f.Label = miss.Label
		}
		if miss.Key != "" {
			f.Path = append(slices.Clone(t.Selector.LabelsPath), miss.Key)
		}
		f.Related = []analyzer.Related{{Location: miss.At, Message: miss.What}}
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

// nearestNeighbour returns what explains best that a term means no pods. Only
// workloads that an index finds are tried.
func nearestNeighbour(g *graph.Graph, w *graph.Workload, t graph.PodTerm) *near.Miss {
	if len(t.Namespaces) > 0 || t.AnyNamespace {
		return nil
	}
	// The tests for Services look at a selector and a namespace, which a term
	// has too.
	s := &graph.Service{Resource: w.Resource, Selector: t.Selector}
	s.Selector.Path = t.Selector.LabelsPath
	var alike, called []*graph.Workload
	for _, key := range text.SortedKeys(t.Selector.Equal) {
		alike = append(alike, g.Alike(key, t.Selector.Equal[key])...)
		called = append(called, g.Called(t.Selector.Equal[key])...)
	}
	for _, try := range []struct {
		near func(*graph.Graph, *graph.Service, *graph.Workload) *near.Miss
		of   []*graph.Workload
	}{
		{near.ValueOff, alike},
		{neighbourElsewhere, g.Select("", t.Selector)},
		{neighbourNamed, called},
	} {
		for _, other := range try.of {
			if miss := try.near(g, s, other); miss != nil && other != w && !other.Superseded {
				return miss
			}
		}
	}
	return nil
}

// neighbourElsewhere: the labels are right, the namespace is not.
func neighbourElsewhere(g *graph.Graph, s *graph.Service, w *graph.Workload) *near.Miss {
	if g.SameNamespace(s.Resource, w.Resource) || !w.MatchedBy(s.Selector.Selector) {
		return nil
	}
	return &near.Miss{
		Label: fmt.Sprintf("no pod of namespace %s carries these labels", g.Namespace(s.Resource)),
		At:    w.EntryLocation("metadata", "namespace"),
		What:  fmt.Sprintf("the pods of %s carry them, in namespace %s", w, g.Namespace(w.Resource)),
		Help:  fmt.Sprintf("add namespaces: [%s] to the term: without it the pods' own namespace counts", g.Namespace(w.Resource)),
	}
}

// neighbourNamed: a value of the selector names a workload whose pods carry
// another one, or none, under the key.
func neighbourNamed(g *graph.Graph, s *graph.Service, w *graph.Workload) *near.Miss {
	key := near.MissingKey(s.Selector, w)
	if w.Name == "" || w.Name != s.Selector.Equal[key] || !g.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	return &near.Miss{
		Key:  key,
		At:   w.EntryLocation(w.LabelPath(key)...),
		What: fmt.Sprintf("%s has the name, but its pods have %s", w, w.PodLabels()),
		Help: fmt.Sprintf("make both the same: select by a label of the %s, or add %s: %s to its labels", near.PodsOf(w), key, s.Selector.Equal[key]),
	}
}
