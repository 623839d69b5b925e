package disruption

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// PDBNeedsScale reports budgets relative to a count that nobody has.
var PDBNeedsScale = &analyzer.Rule{
	ID:    "pdb-needs-scale",
	Title: "A PodDisruptionBudget is relative to a count of replicas that its pods do not have",
	Claim: analyzer.Broken,
	Kinds: []string{"PodDisruptionBudget"},
	Why: `A budget with maxUnavailable, or with a percentage, is computed from the replicas that the controllers of its pods ask for. DaemonSets, Jobs and CronJobs have no such count: one pod of theirs among those that the selector matches is enough for the whole budget to fail (SyncFailed), a completed pod of a Job too. Bare Pods have no controller at all; where there are only bare Pods the expected number is 0.

Either way disruptionsAllowed stays 0, and every eviction is refused. A number in minAvailable works for all pods.`,
	Bad: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: agent
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app: agent}
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers: [{name: agent, image: example/agent}]
`,
	Good: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: agent
spec:
  minAvailable: 2
  selector:
    matchLabels: {app: agent}
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: agent
spec:
  selector:
    matchLabels: {app: agent}
  template:
    metadata:
      labels: {app: agent}
    spec:
      containers: [{name: agent, image: example/agent}]
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/configure-pdb/#arbitrary-controllers-and-selectors",
		"k8s.io/kubernetes/pkg/controller/disruption/disruption.go: getExpectedScale, getScaleController",
	},
	Run: func(p *analyzer.Pass) error {
		culprit := perSelector(p.Graph, func(b *graph.Budget) *graph.Workload { return uncountedPods(p, b) })
		for _, b := range p.Graph.Budgets {
			field, value := b.Limit()
			if field != "maxUnavailable" && !strings.HasSuffix(value, "%") {
				continue
			}
			switch w := culprit(b); {
			case w == nil || !b.Own && !w.Own:
			case p.Unit.Rewrites(kustomize.Relations):
				p.Skip(b.Resource, "PodDisruptionBudgets: their limits may come from kustomize")
			default:
				p.Report(needsScale(b, w, field, value))
			}
		}
		return nil
	},
}

// uncountedPods returns what keeps a relative budget from being computed: pods
// of a controller without a count, or bare Pods where there is nothing else.
func uncountedPods(p *analyzer.Pass, b *graph.Budget) *graph.Workload {
	var bare []*graph.Workload
	counted := false
	for _, w := range p.Graph.Protected(b) {
		switch {
		case w.Superseded || w.Controlled() || p.Graph.Namespace(w.Resource) != p.Graph.Namespace(b.Resource):
			counted = true // not certain to be among them, or not to be
		case w.IsPod():
			bare = append(bare, w)
		case !w.Custom && !w.Scalable():
			return w
		default:
			counted = true
		}
	}
	adopted := func(pod *graph.Workload) bool { return len(p.Graph.Owners(pod)) > 0 }
	if counted || len(bare) == 0 || slices.ContainsFunc(bare[:min(len(bare), graph.MaxTries)], adopted) || len(besideProtected(p, b)) > 0 {
		return nil
	}
	return bare[len(bare)-1]
}

// besideProtected returns the workloads of other directories that a budget
// counts if they are applied too.
func besideProtected(p *analyzer.Pass, b *graph.Budget) []*graph.Workload {
	return p.Graph.SelectSiblings(p.Graph.Namespace(b.Resource), b.Counts())
}

// perSelector returns what of makes of a budget, made once for all budgets of
// a namespace that select alike, so that thousands of budgets of the same
// thousands of pods stay cheap.
func perSelector[T any](g *graph.Graph, of func(*graph.Budget) T) func(*graph.Budget) T {
	known := map[string]T{}
	return func(b *graph.Budget) T {
		if b.Counts().Selector == nil {
			return of(b)
		}
		key := g.Namespace(b.Resource) + "\x00" + b.Counts().String()
		made, ok := known[key]
		if !ok {
			made = of(b)
			known[key] = made
		}
		return made
	}
}

// needsScale is the finding: at the limit, or at the workload if only that is
// the unit's own.
func needsScale(b *graph.Budget, w *graph.Workload, field, value string) analyzer.Finding {
	why := fmt.Sprintf("a %s has no count of replicas", w.Kind)
	help := "set minAvailable to a number, or remove the budget: kubectl drain leaves the pods of DaemonSets alone"
	switch w.Kind {
	case "Pod":
		why = "a bare Pod has no controller"
		help = "set minAvailable to a number, or let a Deployment make the pods"
	case "Job", "CronJob":
		help = fmt.Sprintf("select by a label that the pods of the %s do not have, or set minAvailable to a number", w.Kind)
	}
	path := []string{"spec", field}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s sets %s: %s, but selects pods of %s, and %s", b, field, value, w, why),
		Label:       "relative to a count that is not there",
		Consequence: "it is accepted and allows no disruption: every eviction of its pods is refused",
		Help:        help,
		Location:    b.EntryLocation(path...),
		Path:        path,
		Resource:    b.Resource,
		Related:     []analyzer.Related{{Location: w.Location("kind"), Message: why}},
	}
	if w.IsPod() {
		f.Message = fmt.Sprintf("%s sets %s: %s, but selects only bare Pods, such as %s", b, field, value, w)
	}
	if !b.Own {
		f.Related = []analyzer.Related{{Location: f.Location, Message: fmt.Sprintf("%s is relative to a count of replicas", field)}}
		f.Message = fmt.Sprintf("%s is selected by %s, whose %s: %s needs a count of replicas", w, b, field, value)
		f.Label = why
		f.Path = w.LabelPath("")
		f.Location, f.Resource = w.KeyLocation(slices.Clone(f.Path)...), w.Resource
	}
	return f
}
