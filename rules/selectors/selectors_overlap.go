package selectors

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/text"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// SelectorsOverlap reports controllers that cannot tell their pods apart where
// somebody counts them.
var SelectorsOverlap = &analyzer.Rule{
	ID:    "selectors-overlap",
	Title: "Two controllers select the same pods",
	Claim: analyzer.Suspect,
	Kinds: []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job"},
	Why: `Controllers with overlapping selectors do not fight: each pod has an owner, and nobody takes another's. What does mix them up is whatever selects pods by the same labels: a Service sends traffic to both, a PodDisruptionBudget counts both, an autoscaler averages over both.

Files of one directory that define the same object are alternatives, not meant to be applied together; between them nothing is reported. Where one may be applied in place of the other, because it stands in another directory or its name is the beginning of the other's (web and web-v2), it is info. A DaemonSet and another controller of its name behind one Service are reported by service-mixed-backends.`,
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
		"k8s.io/kubernetes/pkg/controller/controller_ref_manager.go: ClaimObject",
		"k8s.io/kubernetes/pkg/controller/podautoscaler/replica_calculator.go: pods are listed by selector",
	},
	Run: func(p *analyzer.Pass) error {
		for _, o := range overlaps(p) {
			if !workload.AreNamesakes(p, o.w, o.other) || o.counters[0].resource.Kind != "Service" { // service-mixed-backends
				p.Report(overlapping(o))
			}
		}
		return nil
	},
}

// pair is two controllers with the same selector and those who count the pods
// of both.
type pair struct {
	w, other *graph.Workload // w is the unit's own
	counters []counter
}

// counter is who counts the pods of two controllers alike.
type counter struct {
	resource *manifest.Resource
	path     []string
	does     string
}

// overlaps returns the pairs that somebody counts, in the order in which their
// counters stand. Everybody who counts names one pair, so that directories
// with tens of thousands of overlapping pairs stay cheap and readable.
func overlaps(p *analyzer.Pass) []*pair {
	found := map[[2]*graph.Workload]*pair{}
	var all []*pair
	add := func(w, other *graph.Workload, c counter) {
		key := [2]*graph.Workload{w, other}
		if found[key] == nil {
			found[key] = &pair{w: w, other: other}
			all = append(all, found[key])
		}
		found[key].counters = append(found[key].counters, c)
	}
	look := pairFinder(p)
	for _, s := range p.Graph.Services {
		if w, other := look(s.Selector, s.Pods()); w != nil {
			add(w, other, counter{s.Resource, s.Selector.Path, "sends traffic to the pods of both"})
		}
	}
	for _, b := range p.Graph.Budgets {
		if w, other := look(b.Selector, p.Graph.Budgeted(b)); w != nil {
			add(w, other, counter{b.Resource, b.Selector.Path, "counts the pods of both"})
		}
	}
	for _, s := range p.Graph.Scalers {
		for _, target := range p.Graph.Targets(s) {
			if target.Selector.State == graph.Present {
				pods := p.Graph.Select(p.Graph.Namespace(target.Resource), target.Selector)
				if w, other := look(target.Selector, pods); w == target || other == target {
					add(w, other, counter{s.Resource, s.RefPath, "averages over the pods of both"})
				}
			}
		}
	}
	return all
}

// pairFinder returns a function that finds two controllers with one selector
// among pods; nil if there are none. Of pods that were selected alike it
// remembers the answer.
func pairFinder(p *analyzer.Pass) func(graph.Selector, []*graph.Workload) (w, other *graph.Workload) {
	type answer struct{ w, other *graph.Workload }
	known := map[*graph.Workload]map[string]answer{}
	return func(s graph.Selector, pods []*graph.Workload) (*graph.Workload, *graph.Workload) {
		if len(pods) < 2 {
			return nil, nil
		}
		if a, ok := known[pods[0]][s.String()]; ok {
			return a.w, a.other
		}
		w, other := findPair(p, pods)
		if known[pods[0]] == nil {
			known[pods[0]] = map[string]answer{}
		}
		known[pods[0]][s.String()] = answer{w, other}
		return w, other
	}
}

// findPair returns the last controller of the unit that shares its selector
// with another one, and the first such other.
func findPair(p *analyzer.Pass, pods []*graph.Workload) (w, other *graph.Workload) {
	groups := map[string][]*graph.Workload{}
	for _, w := range pods {
		if w.Selector.State == graph.Present && !w.Superseded && !w.Controlled() && w.MatchedBy(w.Selector.Selector) {
			groups[w.Selector.String()] = append(groups[w.Selector.String()], w)
		}
	}
	for i := len(pods) - 1; i >= 0; i-- {
		w := pods[i]
		if !w.Own || w.Selector.State != graph.Present || w.Superseded {
			continue
		}
		group := groups[w.Selector.String()]
		if len(group) < 2 {
			continue
		}
		for _, other := range group[:min(len(group), graph.MaxTries)] {
			if other != w && !unit.SameObject(other.Resource, w.Resource) && p.Graph.SameNamespace(w.Resource, other.Resource) &&
				!p.Unit.Alternatives(w.File(), other.File()) {
				return w, other
			}
		}
		delete(groups, w.Selector.String()) // the others of the group would find the same
	}
	return nil, nil
}

func overlapping(o *pair) analyzer.Finding {
	w, other, first := o.w, o.other, o.counters[0]
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s and %s select the same pods: %s", w, other, w.Selector),
		Label:       "selects the pods of both",
		Consequence: fmt.Sprintf("each keeps its own pods, but %s %s", first.resource, first.does),
		Help:        "give each its own label, in its selector and its template, and select by it",
		Location:    w.KeyLocation(w.Selector.Path...),
		Path:        w.Selector.Path,
		Resource:    w.Resource,
		Related: []analyzer.Related{{
			Location: other.KeyLocation(other.Selector.Path...),
			Message:  fmt.Sprintf("%s has the same selector", other),
		}},
	}
	if len(w.Selector.Equal) == 1 {
		f.Path = append(slices.Clone(w.Selector.LabelsPath), text.SortedKeys(w.Selector.Equal)[0])
		f.Location = w.EntryLocation(f.Path...)
	}
	for _, c := range o.counters[:min(len(o.counters), 3)] {
		f.Related = append(f.Related, analyzer.Related{
			Location: c.resource.EntryLocation(c.path...),
			Message:  fmt.Sprintf("%s %s", c.resource, c.does),
		})
	}
	if mayReplace(w, other) {
		f.Claim = analyzer.Advice
	}
	if w.Name == other.Name && w.Kind != other.Kind {
		f.Notes = append(f.Notes, fmt.Sprintf("the %s does not replace the %s of the same name: both run until one is deleted", w.Kind, other.Kind))
	}
	if more := len(o.counters) - 3; more > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("%d more count both", more))
	}
	return f
}

// mayReplace reports whether one of two workloads may be applied in place of
// the other, or after it, as in canary releases: they stand in different
// directories, or the name of one is the beginning of the other's.
func mayReplace(a, b *graph.Workload) bool {
	return path.Dir(a.File().Rel) != path.Dir(b.File().Rel) || strings.HasPrefix(a.Name, b.Name) || strings.HasPrefix(b.Name, a.Name)
}
