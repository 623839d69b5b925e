package disruption

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// PDBWithoutLimit reports budgets that say nothing, and so allow nothing.
var PDBWithoutLimit = &analyzer.Rule{
	ID:    "pdb-without-limit",
	Title: "A PodDisruptionBudget sets neither minAvailable nor maxUnavailable",
	Claim: analyzer.Broken,
	Kinds: []string{"PodDisruptionBudget"},
	Why:   `A budget may leave out both minAvailable and maxUnavailable: the API server accepts it. It does not mean "no limit", it means that nothing is allowed: the expected number of pods stays 0, so disruptionsAllowed stays 0 too, and every eviction of a pod that it selects is refused. A node with such a pod cannot be drained.`,
	Bad: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
---
apiVersion: apps/v1
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
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app: web}
---
apiVersion: apps/v1
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
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
		"k8s.io/kubernetes/pkg/controller/disruption/disruption.go: getExpectedPodCount, updatePdbStatus",
	},
	Run: func(p *analyzer.Pass) error {
		for _, b := range p.Graph.Budgets {
			if field, _ := b.Limit(); field != "" || !b.Own || !manifest.IsMapping(b.Get("spec")) {
				continue
			}
			if p.Unit.Rewrites(kustomize.Fields) {
				p.Skip(b.Resource, "PodDisruptionBudgets: their limits may come from kustomize")
				continue
			}
			p.Report(withoutLimit(p.Graph, b))
		}
		return nil
	},
}

func withoutLimit(g *graph.Graph, b *graph.Budget) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s sets neither minAvailable nor maxUnavailable", b),
		Label:       "no limit: nothing is allowed",
		Consequence: "it is accepted and allows no disruption: every eviction of its pods is refused, and a drain never ends",
		Help:        "set maxUnavailable: 1, or remove the budget",
		Location:    b.KeyLocation("spec"),
		Path:        []string{"spec"},
		Resource:    b.Resource,
	}
	f.Related = protectedPods(g, b)
	return f
}

// protectedPods shows some workloads whose pods a budget counts.
func protectedPods(g *graph.Graph, b *graph.Budget) []analyzer.Related {
	var shown []analyzer.Related
	for _, w := range g.Protected(b) {
		if w.Superseded || len(shown) == 3 {
			continue
		}
		shown = append(shown, analyzer.Related{Location: w.NameLocation(), Message: fmt.Sprintf("the pods of %s are among them", w)})
	}
	return shown
}
