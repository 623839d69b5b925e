package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// SelectorsOverlap reports controllers that cannot tell their pods apart where
// somebody counts them.
var SelectorsOverlap = &analyzer.Rule{
	ID:    "selectors-overlap",
	Title: "Two controllers select the same pods",
	Claim: analyzer.Suspect,
	Kinds: []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "Pod"},
	Why: `Controllers with overlapping selectors do not fight: each pod has an owner, and nobody takes another's. What does mix them up is whatever selects pods by the same labels: a Service sends traffic to both, a PodDisruptionBudget counts both, an autoscaler averages over both.

A bare Pod has no owner, so a ReplicaSet, ReplicationController, DaemonSet or StatefulSet whose selector matches it adopts it, and deletes it if it has enough pods already, or if the Pod does not fit its template or node. A Deployment does not: its ReplicaSets select by a hash too. A StatefulSet only minds Pods that are named like its own.`,
	Bad: `apiVersion: apps/v1
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
      containers: [{name: web, image: nginx}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: web-agent
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: agent, image: example/agent}]
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80}]
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
      containers: [{name: web, image: nginx}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: web-agent
spec:
  selector:
    matchLabels: {app: web-agent}
  template:
    metadata:
      labels: {app: web-agent}
    spec:
      containers: [{name: agent, image: example/agent}]
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#non-template-pod-acquisitions",
		"k8s.io/kubernetes/pkg/controller/controller_ref_manager.go: ClaimObject",
		"k8s.io/kubernetes/pkg/controller/podautoscaler/replica_calculator.go: pods are listed by selector",
	},
	Run: func(p *analyzer.Pass) error {
		for _, group := range sameSelector(p.Graph) {
			overlap(p, group)
		}
		for _, w := range p.Graph.Workloads {
			if w.IsPod() && !w.Superseded && !w.Controlled() {
				adopted(p, w)
			}
		}
		return nil
	},
}

// sameSelector groups the controllers that ask for the same labels, in the
// order of their first members. It looks at each controller once: public trees
// hold directories with tens of thousands of overlapping pairs.
func sameSelector(g *graph.Graph) [][]*graph.Workload {
	at := map[string]int{}
	var groups [][]*graph.Workload
	for _, w := range g.Workloads {
		if w.Superseded || w.Controlled() || w.Selector.State != graph.Present || w.Selector.HasPlaceholder() || !w.MatchedBy(w.Selector.Selector) {
			continue
		}
		key := w.Selector.String()
		i, ok := at[key]
		if !ok {
			i = len(groups)
			at[key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], w)
	}
	return slices.DeleteFunc(groups, func(ws []*graph.Workload) bool { return len(ws) < 2 })
}

// overlap reports the first controller of the unit that shares its selector
// with another one, if somebody counts the pods of both.
func overlap(p *analyzer.Pass, group []*graph.Workload) {
	for i := len(group) - 1; i >= 0; i-- {
		w := group[i]
		if !w.Own {
			continue
		}
		for _, other := range group {
			if other == w || unit.SameObject(other.Resource, w.Resource) || !p.Graph.SameNamespace(w.Resource, other.Resource) {
				continue
			}
			counters := whoCounts(p.Graph, w, other)
			if len(counters) > 0 {
				p.Report(overlapping(w, other, len(group), counters))
				return
			}
			break // the next one has the same labels, and the same answer
		}
	}
}

// counter is who selects the pods of two controllers alike.
type counter struct {
	resource *manifest.Resource
	path     []string
	does     string
}

// whoCounts returns the Services, budgets and autoscalers that count the pods
// of both.
func whoCounts(g *graph.Graph, a, b *graph.Workload) []counter {
	var all []counter
	both := func(r *manifest.Resource, s graph.Selector) bool {
		return s.State == graph.Present && a.MatchedBy(s.Selector) && b.MatchedBy(s.Selector) &&
			g.SameNamespace(r, a.Resource) && g.SameNamespace(r, b.Resource)
	}
	for _, s := range g.Services {
		if both(s.Resource, s.Selector) && s.Type() != "ExternalName" {
			all = append(all, counter{s.Resource, s.Selector.Path, "sends traffic to the pods of both"})
		}
	}
	for _, b := range g.Budgets {
		if both(b.Resource, b.Selector) {
			all = append(all, counter{b.Resource, b.Selector.Path, "counts the pods of both"})
		}
	}
	for _, w := range []*graph.Workload{a, b} {
		if s := g.ScaledBy(w); s != nil {
			all = append(all, counter{s.Resource, s.RefPath, "averages over the pods of both"})
		}
	}
	return all
}

func overlapping(w, other *graph.Workload, size int, counters []counter) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s and %s select the same pods: %s", w, other, w.Selector),
		Consequence: fmt.Sprintf("each keeps its own pods, but %s %s", counters[0].resource, counters[0].does),
		Help:        "give each its own label, in its selector and its template, and select by it",
		Location:    w.EntryLocation(w.Selector.Path...),
		Path:        w.Selector.Path,
		Resource:    w.Resource,
		Related: []analyzer.Related{{
			Location: other.KeyLocation(other.Selector.Path...),
			Message:  fmt.Sprintf("%s has the same selector", other),
		}},
	}
	if len(w.Selector.Equal) == 1 {
		f.Path = append(slices.Clone(w.Selector.LabelsPath), sortedKeys(w.Selector.Equal)[0])
		f.Location = w.EntryLocation(f.Path...)
	}
	for _, c := range counters[:min(len(counters), 3)] {
		f.Related = append(f.Related, analyzer.Related{
			Location: c.resource.EntryLocation(c.path...),
			Message:  fmt.Sprintf("%s %s", c.resource, c.does),
		})
	}
	if size > 2 {
		f.Notes = []string{fmt.Sprintf("%d controllers here have this selector", size)}
	}
	return f
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
			if !isOrdinalName(w.Name, pod.Name) {
				continue
			}
			f.Consequence = "the StatefulSet adopts it, deletes it, and makes its own of that name"
		case "DaemonSet":
			f.Consequence = "the DaemonSet adopts it, and deletes it if its node needs none"
		default:
			f.Consequence = fmt.Sprintf("the %s adopts it and deletes what is too much: this Pod, if it comes later", w.Kind)
		}
		p.Report(f)
		return
	}
}

// isOrdinalName reports whether a Pod is named like one of a StatefulSet.
func isOrdinalName(set, pod string) bool {
	ordinal, ok := strings.CutPrefix(pod, set+"-")
	_, err := strconv.Atoi(ordinal)
	return ok && err == nil
}
