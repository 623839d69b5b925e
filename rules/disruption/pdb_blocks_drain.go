package disruption

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// PDBBlocksDrain reports budgets that never allow a disruption.
var PDBBlocksDrain = &analyzer.Rule{
	ID:    "pdb-blocks-drain",
	Title: "A PodDisruptionBudget never allows a pod to be evicted",
	Claim: analyzer.Suspect,
	Kinds: []string{"PodDisruptionBudget"},
	Why: `A budget allows as many disruptions as there are healthy pods beyond those that it keeps. With minAvailable: 1 and one replica, minAvailable: 100% or maxUnavailable: 0 that is none, ever: kubectl drain, cluster upgrades and the cluster autoscaler wait for the pod until somebody deletes it by hand. Percentages are rounded up: 50% of one replica keeps one.

All pods count that the selector matches, those of several workloads together. With an autoscaler it is minReplicas that counts.

It may be meant so, as a "talk to me first" for what has a single instance: then ignore it there.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  minAvailable: 1
  selector:
    matchLabels: {app: web}
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
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  minAvailable: 1
  selector:
    matchLabels: {app: web}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/configure-pdb/#think-about-how-your-application-reacts-to-disruptions",
		"k8s.io/kubernetes/pkg/controller/disruption/disruption.go: getExpectedPodCount, updatePdbStatus",
	},
	Run: func(p *analyzer.Pass) error {
		count := perSelector(p.Graph, func(b *graph.Budget) podCount { return countPods(p, b) })
		for _, b := range p.Graph.Budgets {
			if field, _ := b.Limit(); field != "" { // else pdb-without-limit
				blocksDrain(p, b, count(b))
			}
		}
		return nil
	},
}

// blocksDrain reports a budget if all pods that it counts are known and none
// of them may go.
func blocksDrain(p *analyzer.Pass, b *graph.Budget, c podCount) {
	if c.unknown || c.pods == 0 || !b.Own && c.own == nil {
		return
	}
	field, value := b.Limit()
	keeps, ok := desiredHealthy(field, value, c)
	switch {
	case limitUnknown(b):
		p.Skip(b.Resource, "PodDisruptionBudgets: their limits are still to be filled in")
	case !ok || c.replicas == 0 && (field == "maxUnavailable" || strings.HasSuffix(value, "%")): // pdb-needs-scale
	case c.pods > keeps:
	case p.Unit.Rewrites(kustomize.Relations):
		p.Skip(b.Resource, "PodDisruptionBudgets: they, or the replicas of their pods, may be changed by kustomize")
	case b.SelectsAll() && field == "minAvailable" && !strings.HasSuffix(value, "%"), len(besideProtected(p, b)) > 0:
		p.Skip(b.Resource, "PodDisruptionBudgets: more pods that they count may live elsewhere")
	case c.scaler != nil && !blockedAtMost(c, field, value):
		p.Report(blockedAtLeast(b, c, field, value, keeps))
	default:
		p.Report(blocked(b, c, field, value, keeps))
	}
}

// podCount is how many pods a budget counts at least.
type podCount struct {
	pods, replicas int // replicas without bare Pods
	// more is how many pods autoscalers may add to them, by the first of them.
	more    int
	scaler  *graph.Scaler
	shown   []analyzer.Related
	who     []string
	unknown bool            // some of them are not known
	own     *graph.Workload // the first of the unit's own
	ownAt   analyzer.Related
}

// countPods adds up the pods of a budget. Not known are those of DaemonSets,
// Jobs and custom resources, and counts that are filled in later.
func countPods(p *analyzer.Pass, b *graph.Budget) (c podCount) {
	most := map[manifest.ID]int{} // of what is defined more than once
	for _, w := range p.Graph.Protected(b) {
		if w.Controlled() {
			continue // its controller is counted, or is not here
		}
		n, from, ok := leastReplicas(p.Graph, w)
		if !ok {
			return podCount{unknown: true}
		}
		before, again := most[w.ID()]
		n = max(n, before)
		most[w.ID()] = n
		c.pods += n - before
		if !w.IsPod() {
			c.replicas += n - before
		}
		if s := p.Graph.ScaledBy(w); s != nil && n > 0 {
			if most, ok := s.MaxReplicas(); ok && most > n {
				c.more, c.scaler = c.more+most-n, cmp.Or(c.scaler, s)
			}
		}
		if w.Own && c.own == nil {
			c.own, c.ownAt = w, from
		}
		if !again {
			c.who = append(c.who, w.String())
			c.shown = append(c.shown, from)
		}
	}
	return c
}

// leastReplicas returns how many pods a workload has at least, and what says
// so.
func leastReplicas(g *graph.Graph, w *graph.Workload) (n int, from analyzer.Related, ok bool) {
	if w.IsPod() {
		return 1, analyzer.Related{Location: w.NameLocation(), Message: fmt.Sprintf("%s is one pod", w)}, true
	}
	n, ok = w.Replicas()
	if s := g.ScaledBy(w); s != nil && n != 0 { // of 0 it makes no more
		n, ok = s.MinReplicas()
		from = analyzer.Related{Location: s.EntryLocation(s.MinPath()...), Message: fmt.Sprintf("%s keeps at least %d of %s", s, n, w)}
		if s.Get(s.MinPath()...) == nil {
			from.Location = s.EntryLocation(graph.RefName(s)...)
		}
		return n, from, ok
	}
	from = analyzer.Related{Location: w.EntryLocation("spec", "replicas"), Message: fmt.Sprintf("%s has replicas: %d", w, n)}
	if w.Get("spec", "replicas") == nil {
		from = analyzer.Related{Location: w.KeyLocation("spec"), Message: fmt.Sprintf("%s has one replica, the default", w)}
	}
	return n, from, ok
}

// desiredHealthy returns how many pods must stay (getExpectedPodCount).
func desiredHealthy(field, value string, c podCount) (n int, ok bool) {
	percent, isPercent := strings.CutSuffix(value, "%")
	limit, err := strconv.Atoi(percent)
	if err != nil || limit < 0 {
		return 0, false
	}
	if isPercent {
		limit = (limit*c.replicas + 99) / 100 // rounded up, both of them
	}
	if field == "maxUnavailable" {
		return max(0, c.replicas-limit), true
	}
	return limit, true
}

// maxShown bounds how many workloads are shown.
const maxShown = 3

func blocked(b *graph.Budget, c podCount, field, value string, keeps int) analyzer.Finding {
	path := []string{"spec", field}
	pods := fmt.Sprintf("%d pods", c.pods)
	if c.pods == 1 {
		pods = "1 pod"
	}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s never allows an eviction: %s: %s, and %s has %s", b, field, value, c.who[0], pods),
		Label:       "keeps all of them",
		Consequence: "draining a node with one of these pods waits until somebody deletes the pod: every eviction is refused",
		Help:        "run more replicas than must be available, or set maxUnavailable: 1; ignore this if a drain is meant to wait",
		Location:    b.EntryLocation(path...),
		Path:        path,
		Resource:    b.Resource,
		Related:     c.shown[:min(len(c.shown), maxShown)],
	}
	if len(c.who) > 1 {
		f.Message = fmt.Sprintf("%s never allows an eviction: %s: %s, and %s and %d more have %s", b, field, value, c.who[0], len(c.who)-1, pods)
	}
	switch percent := strings.HasSuffix(value, "%"); {
	case keeps > c.pods:
		f.Label = "more than there are"
		f.Help = "lower minAvailable below the number of pods, or run more replicas"
	case percent && value != "100%" && field == "minAvailable":
		f.Label = fmt.Sprintf("rounded up to %d", keeps)
	}
	if !b.Own {
		f.Message = fmt.Sprintf("%s leaves nothing to evict: %s sets %s: %s, of %s in all", c.own, b, field, value, pods)
		f.Label = c.ownAt.Message
		f.Related = []analyzer.Related{{Location: f.Location, Message: fmt.Sprintf("%s keeps %d", b, keeps)}}
		f.Location, f.Path, f.Resource = c.ownAt.Location, []string{"spec", "replicas"}, c.own.Resource
	}
	return f
}

// blockedAtMost reports whether no pod may go even when the autoscalers have made
// all pods that they may.
func blockedAtMost(c podCount, field, value string) bool {
	c.pods, c.replicas = c.pods+c.more, c.replicas+c.more
	keeps, ok := desiredHealthy(field, value, c)
	return ok && c.pods <= keeps
}

// blockedAtLeast is the finding about a budget that allows no eviction as long as
// an autoscaler keeps its pods at the minimum.
func blockedAtLeast(b *graph.Budget, c podCount, field, value string, keeps int) analyzer.Finding {
	f := blocked(b, c, field, value, keeps)
	f.Claim = analyzer.Advice
	f.Message = fmt.Sprintf("%s allows no eviction while %s runs %s: %s: %s", b, c.scaler, text.Count(c.pods, "pod", "pods"), field, value)
	f.Label = "keeps all of the minimum"
	f.Consequence = "a node drain waits as long as the autoscaler keeps the minimum: evictions get HTTP status 429"
	f.Help = "raise minReplicas above what must be available, or set maxUnavailable: 1"
	return f
}

// limitUnknown reports a limit that a later tool fills in.
func limitUnknown(b *graph.Budget) bool {
	_, value := b.Limit()
	return manifest.IsPlaceholder(value)
}
