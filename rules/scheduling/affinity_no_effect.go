package scheduling

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// AffinityNoEffect reports constraints that are to keep pods apart and do not
// mean these pods.
var AffinityNoEffect = &analyzer.Rule{
	ID:    "affinity-no-effect",
	Title: "Pods are to be kept apart by labels that they do not carry",
	Claim: analyzer.Suspect,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `A topology spread constraint and anti-affinity count the pods that their labelSelector matches. If it does not match the pods that they stand in, these are not spread: all of them can end up on one node.

Anti-affinity to other pods is common and is left alone. It is reported only if it matches no pods at all and its labels are all but those of its own pods, or a misspelling of those of others. So is affinity that is merely preferred.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels: {app: frontend}
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels: {app: web}
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#spread-constraint-definition",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/filtering.go: selfMatchNum",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Controlled() || p.Unit.Rewrites(kustomize.Relations) {
				continue
			}
			for _, s := range w.Spreads() {
				if s.Selector.State == graph.Present && !w.MatchedBy(s.Selector.Selector) {
					p.Report(spreadsOthers(p.Graph, w, s))
				}
			}
			for _, t := range w.PodTerms() {
				if (t.Anti || !t.Required) && t.Selector.State == graph.Present && len(p.Graph.Matched(w, t)) == 0 {
					matchesNobody(p, w, t)
				}
			}
		}
		return nil
	},
}

func spreadsOthers(g *graph.Graph, w *graph.Workload, s graph.Spread) analyzer.Finding {
	f := labelsOff(w, s.Selector)
	f.Message = fmt.Sprintf("%s is to be spread by %s together with pods that have %s, and its own have %s", w, s.TopologyKey, s.Selector, w.PodLabels())
	f.Consequence = "its pods do not count, so they are not spread: all of them can run on one node"
	if others := g.Select(g.Namespace(w.Resource), s.Selector); len(others) > 0 {
		f.Consequence = fmt.Sprintf("its pods go where %s has fewest, and are not spread among themselves", others[0])
	}
	return f
}

// matchesNobody reports a term that matches no pods, because it all but means its
// own pods or because something explains which others it means.
func matchesNobody(p *analyzer.Pass, w *graph.Workload, t graph.PodTerm) {
	if t.Anti && repelsNobody(p, w, t) {
		return
	}
	miss := nearestNeighbor(p.Graph, w, t)
	if miss == nil {
		return
	}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s prefers nodes with pods that have %s, and no pods have them", w, t.Selector),
		Label:       "no pod has this label",
		Consequence: "the scheduler ignores the preference",
		Path:        t.Selector.PathTo(miss.Key),
		Resource:    w.Resource,
	}
	if t.Anti {
		f.Message = fmt.Sprintf("%s avoids nodes with pods that have %s, and no pods have them", w, t.Selector)
		f.Consequence = "its pods are not kept apart from the others: they can run on one node"
	}
	f.Location = w.EntryLocation(f.Path...)
	miss.Explain(&f)
	p.Report(f)
}

// repelsNobody reports anti-affinity that all but means its own pods. It returns
// false if it does not.
func repelsNobody(p *analyzer.Pass, w *graph.Workload, t graph.PodTerm) bool {
	key, ok := nearmiss.OneOff(t.Selector.Equal, w.Carries)
	value, labelled := w.Labels[key]
	want := t.Selector.Equal[key]
	switch {
	case !ok, !p.Unit.Complete():
		return false
	case labelled && (nearmiss.IsSlip(want, value) || len(t.Selector.Equal) > 1 && nearmiss.IsPart(want, value)):
	case !labelled && (len(t.Selector.Equal) > 1 || nearmiss.KeyOf(w.Labels, want) != ""):
	default:
		return false
	}
	f := labelsOff(w, t.Selector)
	f.Evidence, f.Reading = analyzer.NearMiss, "own-labels"
	f.Message = fmt.Sprintf("%s: anti-affinity matches no pods (%s); its own pods are labeled %s", w, t.Selector, w.PodLabels())
	f.Consequence = "its pods are not kept apart: all of them can run on one node"
	p.Report(f)
	return true
}

// labelsOff points at the label of a selector that the pods do not have.
func labelsOff(w *graph.Workload, s graph.Selector) analyzer.Finding {
	f := analyzer.Finding{
		Label:    "its own pods do not carry this",
		Help:     "select by a label of the pod template, if its own pods are meant",
		Path:     s.Path,
		Resource: w.Resource,
	}
	key := nearmiss.Missing(s.Equal, w.Carries)
	if key != "" {
		f.Path = append(slices.Clone(s.LabelsPath), key)
		if value, ok := w.Labels[key]; ok {
			f.Help = fmt.Sprintf("write %s: %s, if its own pods are meant", key, value)
		}
	}
	f.Location = w.EntryLocation(f.Path...)
	f.Related = []analyzer.Related{{Location: w.EntryLocation(w.LabelPath(key)...), Message: fmt.Sprintf("the pods have %s", w.PodLabels())}}
	return f
}
