package graph

import (
	"sync"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Service is a core/v1 Service.
type Service struct {
	*manifest.Resource
	Own bool
	// Selector selects nothing when it is Missing or Empty: endpoints are then
	// not managed (pkg/controller/endpointslice/endpointslice_controller.go).
	Selector Selector

	graph *Graph
	once  sync.Once
	pods  []*Workload // once they were asked for
}

func newService(g *Graph, r *manifest.Resource, own bool) *Service {
	selector := read(r, own, &serviceSelectorKey, func() Selector { return ReadMapSelector(r, "spec", "selector") })
	return &Service{Resource: r, Own: own, Selector: selector, graph: g}
}

// Type returns spec.type, ClusterIP where it is left out.
func (s *Service) Type() string {
	if t := manifest.String(s.Node, "spec", "type"); t != "" {
		return t
	}
	return "ClusterIP"
}

// Pods returns the workloads whose pods the Service selects. An ExternalName
// Service has no endpoints whatever it selects.
func (s *Service) Pods() []*Workload {
	s.once.Do(func() {
		if s.Type() != "ExternalName" {
			s.pods = s.graph.Select(s.graph.Namespace(s.Resource), s.Selector)
		}
	})
	return s.pods
}

// Budget is a PodDisruptionBudget.
type Budget struct {
	*manifest.Resource
	Own bool
	// Selector matches every pod of the namespace when it is Empty in
	// policy/v1, and none when it is Missing.
	Selector Selector
}

func newBudget(r *manifest.Resource, own bool) *Budget {
	return &Budget{Resource: r, Own: own, Selector: ReadLabelSelector(r, "spec", "selector")}
}

// Budgeted returns the workloads whose pods a budget counts by a selector that
// is not empty.
func (g *Graph) Budgeted(b *Budget) []*Workload {
	return g.Select(g.Namespace(b.Resource), b.Selector)
}
