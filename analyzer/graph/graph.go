// Package graph holds the relations between the resources of one unit: which
// pods a workload makes, with the labels they carry at run time, who selects
// them, who scales them and which nodes can take them. It is built once per
// unit, is read-only then, and keeps the places of both ends. It imports
// source, manifest and unit.
package graph

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Graph is the relations of one unit. It is safe for concurrent use.
type Graph struct {
	Unit *unit.Unit
	// Workloads are what makes pods, bare Pods included: the unit's own in the
	// order in which they are applied, then those of the context.
	Workloads []*Workload
	// Services, Scalers and Budgets are those of the unit and its context, in
	// the same order.
	Services []*Service
	Scalers  []*Scaler
	Budgets  []*Budget
	// Nodes are the nodes that are known: those of the unit, its context and
	// the inventory. Nothing is guessed of a cluster without any.
	Nodes []*Node

	index     index
	siblings  func() []*Workload
	replaced  func() []*Workload
	selectors func() selectorIndex
	named     func() map[string][]*manifest.Resource
	scalers   map[string][]*Scaler // by the name of the target

	mu       sync.Mutex
	selected map[string][]*Workload

	memo memo.Memo
}

// Build makes the graph of a unit. inventory holds Node objects from outside
// the tree; it may be nil.
func Build(u *unit.Unit, inventory []*manifest.Resource) *Graph {
	g := &Graph{Unit: u, scalers: map[string][]*Scaler{}, selected: map[string][]*Workload{}}
	for _, r := range inventory { // first: what the cluster says beats what a manifest says
		g.addNode(r, true)
	}
	last := map[manifest.ID]*Workload{}
	for _, r := range u.Resources {
		if w := g.add(r, true); w != nil {
			if before := last[r.ID()]; before != nil && r.Name != "" {
				before.Superseded = true
			}
			last[r.ID()] = w
		}
	}
	for _, r := range u.Context {
		g.add(r, false)
	}
	g.index = newIndex(g.Workloads)
	g.selectors = sync.OnceValue(func() selectorIndex { return newSelectorIndex(g.Workloads) })
	g.named = sync.OnceValue(func() map[string][]*manifest.Resource {
		byName := map[string][]*manifest.Resource{}
		for _, list := range [][]*manifest.Resource{u.Resources, u.Context} {
			for _, r := range list {
				byName[r.Name] = append(byName[r.Name], r)
			}
		}
		return byName
	})
	g.siblings = sync.OnceValue(func() []*Workload { return g.workloadsOf(u.Siblings) })
	g.replaced = sync.OnceValue(func() []*Workload { return g.workloadsOf(u.Replaced) })
	return g
}

func (g *Graph) workloadsOf(resources []*manifest.Resource) []*Workload {
	var all []*Workload
	for _, r := range resources {
		if w := newWorkload(g, r, false); w != nil {
			all = append(all, w)
		}
	}
	return all
}

// add sorts a resource in and returns its workload, if it is one.
func (g *Graph) add(r *manifest.Resource, own bool) *Workload {
	switch {
	case r.Kind == "Service" && r.Group == "":
		g.Services = append(g.Services, newService(g, r, own))
	case r.Kind == "PodDisruptionBudget" && r.Group == "policy":
		g.Budgets = append(g.Budgets, newBudget(r, own))
	case r.Kind == "Node" && r.Group == "":
		g.addNode(r, false)
	default:
		if s := newScaler(g, r, own); s != nil {
			g.Scalers = append(g.Scalers, s)
			g.scalers[s.TargetName] = append(g.scalers[s.TargetName], s)
		} else if w := newWorkload(g, r, own); w != nil {
			g.Workloads = append(g.Workloads, w)
			return w
		}
	}
	return nil
}

// These are the keys of what is read of workloads and Services.
var (
	podLabelsKey        memo.Key[labels.Set]
	workloadSelectorKey memo.Key[Selector]
	serviceSelectorKey  memo.Key[Selector]
)

// read reads something of a resource that is the same in all units. What a
// resource of the context says is kept with it, because many units lean on it.
func read[T any](r *manifest.Resource, own bool, key *memo.Key[T], how func() T) T {
	if own {
		return how()
	}
	return key.Of(r, how)
}

// Siblings returns the workloads of the directories beside the unit. They
// never satisfy a reference.
func (g *Graph) Siblings() []*Workload { return g.siblings() }

// Replaced returns the workloads of ancestor directories that the unit defines
// anew.
func (g *Graph) Replaced() []*Workload { return g.replaced() }

// Named returns the resources of the unit and its context that have a name, of
// whatever kind and namespace, the unit's own first.
func (g *Graph) Named(name string) []*manifest.Resource { return g.named()[name] }

// Namespace returns the namespace of a resource, "" if it is not known.
func (g *Graph) Namespace(r *manifest.Resource) string {
	if r.Namespace != "" {
		return r.Namespace
	}
	return g.Unit.Namespace
}

// SameNamespace reports whether two resources can be in one namespace.
func (g *Graph) SameNamespace(a, b *manifest.Resource) bool {
	return unit.SameNamespace(g.Namespace(a), g.Namespace(b))
}

// HasWorkloads reports whether there are workloads that can be in the namespace of
// a resource.
func (g *Graph) HasWorkloads(r *manifest.Resource) bool {
	return slices.ContainsFunc(g.Workloads, func(w *Workload) bool { return g.SameNamespace(w.Resource, r) })
}

// Select returns the workloads whose pods a selector matches, in the order of
// Workloads. A namespace that is not set may be any.
func (g *Graph) Select(namespace string, s Selector) []*Workload {
	if s.Selector == nil {
		return nil
	}
	if _, selectable := s.Selector.Requirements(); !selectable { // labels.Nothing()
		return nil
	}
	if g.index.without(s.Selector) { // as most of the selectors of a large context
		return nil
	}
	key := namespace + "\x00" + s.Selector.String()
	g.mu.Lock()
	defer g.mu.Unlock()
	if found, ok := g.selected[key]; ok {
		return found
	}
	var found []*Workload
	for _, w := range g.index.candidates(s.Selector, g.Workloads) {
		if unit.SameNamespace(namespace, g.Namespace(w.Resource)) && w.MatchedBy(s.Selector) {
			found = append(found, w)
		}
	}
	g.selected[key] = found
	return found
}

// Memo keeps what several rules derive from the graph.
func (g *Graph) Memo() *memo.Memo { return &g.memo }
