package disruption

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// PDBSelectsNothing reports budgets that protect no pods of the unit, and says
// which they may have meant.
var PDBSelectsNothing = &analyzer.Rule{
	ID:    "pdb-selects-nothing",
	Title: "A PodDisruptionBudget matches no pods",
	Claim: analyzer.Suspect,
	Kinds: []string{"PodDisruptionBudget"},
	Why: `A budget protects the pods of its namespace that its selector matches; names play no part. If it matches none it is accepted and protects nothing: a drain may take all replicas at once, and only a NoPods event on the budget hints at it.

A budget without a selector matches nothing. An empty one ({}) matches every pod of the namespace in policy/v1, and none in policy/v1beta1.

Pods may come from somewhere else, so only what something close explains is a warning: a workload of the same name, a label that is one off, the same value under another key, the right labels in another namespace.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app.kubernetes.io/name: web}
  template:
    metadata:
      labels: {app.kubernetes.io/name: web}
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
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app.kubernetes.io/name: web}
  template:
    metadata:
      labels: {app.kubernetes.io/name: web}
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
    matchLabels: {app.kubernetes.io/name: web}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/configure-pdb/#specifying-a-poddisruptionbudget",
		"k8s.io/kubernetes/pkg/controller/disruption/disruption.go: getPodsForPdb",
	},
	Run: func(p *analyzer.Pass) error {
		for _, b := range p.Graph.Budgets {
			if b.Own {
				protectsNothing(p, b)
			}
		}
		return nil
	},
}

func protectsNothing(p *analyzer.Pass, b *graph.Budget) {
	switch b.Selector.State {
	case graph.Unfinished:
		p.Skip(b.Resource, "PodDisruptionBudgets: their selectors are still to be filled in")
	case graph.Missing, graph.Empty:
		switch {
		case b.SelectsAll():
		case !manifest.IsMapping(b.Get("spec")), b.Get(b.Selector.Path...) != nil && !manifest.IsMapping(b.Get(b.Selector.Path...)):
			// the server refuses it
		case p.Unit.Rewrites(kustomize.Relations):
			p.Skip(b.Resource, "PodDisruptionBudgets: their selectors may come from kustomize")
		default:
			p.Report(selectorless(b))
		}
	case graph.Present:
		if len(p.Graph.Protected(b)) == 0 {
			noProtectedPods(p, b)
		}
	}
}

const protectsNone = "it is accepted and protects nothing: a drain may take all pods at once"

func selectorless(b *graph.Budget) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s has no selector", b),
		Label:       "matches no pods",
		Consequence: protectsNone,
		Help:        "add spec.selector.matchLabels with labels of the pods",
		Location:    b.KeyLocation("spec"),
		Path:        []string{"spec"},
		Resource:    b.Resource,
	}
	if b.Selector.State == graph.Empty {
		f.Message = fmt.Sprintf("%s has an empty selector, which matches nothing in %s", b, b.APIVersion)
		f.Help = "add matchLabels with labels of the pods, or use policy/v1, where it matches every pod of the namespace"
		f.Location, f.Path = b.KeyLocation(b.Selector.Path...), b.Selector.Path
	}
	return f
}

// noProtectedPods reports a budget whose selector matches no pods. Budgets look
// for pods as Services do, so the same near misses explain them.
func noProtectedPods(p *analyzer.Pass, b *graph.Budget) {
	asked := nearmiss.Selection{Resource: b.Resource, Selector: b.Selector, Owned: true, Scope: "put both into one namespace: a budget counts pods of its own namespace only"}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s matches no pods", b),
		Label:       "no pod of this unit carries this label",
		Consequence: protectsNone,
		Path:        b.Selector.Path,
		Resource:    b.Resource,
	}
	if miss := nearmiss.Pods(p.Graph, asked); miss != nil {
		if p.Unit.Rewrites(kustomize.Relations) {
			p.Skip(b.Resource, "PodDisruptionBudgets: the labels of their pods may come from kustomize")
			return
		}
		miss.Explain(&f)
		f.Path = b.Selector.PathTo(miss.Key)
		f.Location = b.EntryLocation(f.Path...)
		p.Report(f)
		return
	}
	switch {
	case len(besideProtected(p, b)) > 0:
		p.Skip(b.Resource, "PodDisruptionBudgets: only pods of a directory beside carry their labels")
	case !p.Unit.Complete() || p.Unit.Rewrites(kustomize.Relations) || !p.Graph.HasWorkloads(b.Resource):
		p.Skip(b.Resource, "PodDisruptionBudgets: their pods may live elsewhere")
	default:
		f.Evidence = analyzer.Absent
		f.Location = b.KeyLocation(b.Selector.Path...)
		f.Help = "check the selector against the labels of the pods, or ignore this if they live elsewhere"
		p.Report(f)
	}
}
