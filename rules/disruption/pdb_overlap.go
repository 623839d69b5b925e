package disruption

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// PDBOverlap reports budgets that select the same pods.
var PDBOverlap = &analyzer.Rule{
	ID:    "pdb-overlap",
	Title: "Two PodDisruptionBudgets select the same pods",
	Claim: analyzer.Broken,
	Kinds: []string{"PodDisruptionBudget"},
	Why: `The API server does not evict a pod that more than one PodDisruptionBudget selects, whatever they allow: it answers 500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support". kubectl drain and the cluster autoscaler then never get the node empty. Both budgets look fine by themselves: each says how many disruptions it allows.

Two files of one directory may be meant as alternatives, so what stands in different files is a warning; what stands in one file, or in the resources of one kustomization, is an error.`,
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
      labels: {app: web, tier: front}
    spec:
      containers: [{name: web, image: nginx}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app: web}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: front
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {tier: front}
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
      labels: {app: web, tier: front}
    spec:
      containers: [{name: web, image: nginx}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app: web}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors",
		"k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go: Create",
	},
	Run: func(p *analyzer.Pass) error {
		budgets := newBudgetIndex(p.Graph)
		for i, b := range p.Graph.Budgets {
			if !b.Own {
				continue
			}
			if other, w := budgets.rival(p, i, b); other != nil {
				p.Report(overlappingBudgets(p, b, other, w))
			}
		}
		return nil
	},
}

// budgetIndex finds the budgets of a pod.
type budgetIndex struct {
	byPods map[*graph.Workload][]int // positions in Graph.Budgets
	all    []int                     // those that select every pod
}

func newBudgetIndex(g *graph.Graph) budgetIndex {
	ix := budgetIndex{byPods: map[*graph.Workload][]int{}}
	for i, b := range g.Budgets {
		if b.SelectsAll() {
			ix.all = append(ix.all, i)
			continue
		}
		for _, w := range budgeted(g, b) {
			ix.byPods[w] = append(ix.byPods[w], i)
		}
	}
	return ix
}

// budgeted returns the workloads whose pods a budget counts for certain; some
// of them where there are very many.
func budgeted(g *graph.Graph, b *graph.Budget) []*graph.Workload {
	var found []*graph.Workload
	for _, w := range g.Protected(b) {
		if !w.Superseded && g.Namespace(w.Resource) == g.Namespace(b.Resource) {
			found = append(found, w)
		}
		if len(found) == graph.MaxTries {
			break
		}
	}
	return found
}

// rival returns the first other budget of the same pods, and these. Of two
// budgets of the unit the later one is reported.
func (ix budgetIndex) rival(p *analyzer.Pass, at int, b *graph.Budget) (*graph.Budget, *graph.Workload) {
	for _, w := range budgeted(p.Graph, b) {
		for _, list := range [][]int{ix.byPods[w], ix.all} {
			for _, i := range list[:min(len(list), graph.MaxTries)] {
				other := p.Graph.Budgets[i]
				if i != at && (i < at || !other.Own) && !unit.SameObject(other.Resource, b.Resource) &&
					p.Graph.Namespace(other.Resource) == p.Graph.Namespace(b.Resource) && !p.Unit.Alternatives(b.File(), other.File()) {
					return other, w
				}
			}
		}
	}
	return nil, nil
}

func overlappingBudgets(p *analyzer.Pass, b, other *graph.Budget, w *graph.Workload) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s and %s both select the pods of %s", b, other, w),
		Label:       "selects pods that have a budget",
		Consequence: "these pods cannot be evicted, whatever is allowed: the API server answers 500",
		Help:        "keep one budget for these pods, or make the selectors exclude each other",
		Location:    b.KeyLocation(b.Selector.Path...),
		Path:        b.Selector.Path,
		Resource:    b.Resource,
		Related: []analyzer.Related{
			{Location: other.KeyLocation(other.Selector.Path...), Message: fmt.Sprintf("%s selects them too", other)},
			{Location: w.KeyLocation(w.LabelPath("")...), Message: "the labels of the pods: " + w.PodLabels()},
		},
	}
	if len(b.Selector.Equal) == 1 {
		f.Path = append(append([]string{}, b.Selector.LabelsPath...), text.SortedKeys(b.Selector.Equal)[0])
		f.Location = b.EntryLocation(f.Path...)
	}
	if b.File() != other.File() && p.Unit.Build == nil {
		f.Severity = analyzer.Warning // the files may be alternatives
	}
	return f
}
