package services

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// This file reads the ports of the pods that Services select.

// portedPods are the pods of a workload with their ports.
type portedPods struct {
	*graph.Workload
	ports []graph.ContainerPort
}

// endsByItself reports whether the pods run to their end: that they share
// labels with what a Service is meant for does no harm.
func endsByItself(w *graph.Workload) bool { return w.Kind == "Job" || w.Kind == "CronJob" }

// The ports of a workload are read once, and the workloads of a selector put
// together once, however many Services select them and rules ask.
var (
	portedPodsKey memo.Key[*portedPods]   // of a graph, for a workload
	portedSetKey  memo.Key[*portedSet]    // of a graph, for a selection
	lackingKey    memo.Key[[]*portedPods] // of a set, for the target and the protocol of a port
)

// selection is what a selector matches in a namespace.
type selection struct{ namespace, selector string }

// portedSet is the workloads that a selector matches.
type portedSet struct {
	pods    []*portedPods
	unknown bool // the ports of one of them are not known
	graph   *graph.Graph
	// hostPorts are the first pods that take a port of the node, by its number.
	hostPorts map[int]hostPort

	memo memo.Memo
}

// Memo keeps which of the pods lack a port.
func (s *portedSet) Memo() *memo.Memo { return &s.memo }

// hostPort is a port of the node and the pods that take it.
type hostPort struct {
	*portedPods
	port graph.ContainerPort
}

// portsOf returns the pods that a Service selects, with their ports.
func portsOf(g *graph.Graph, s *graph.Service) *portedSet {
	return portedSetKey.For(g, selection{g.Namespace(s.Resource), s.Selector.String()}, func() *portedSet {
		return readPorts(g, s.Pods())
	})
}

func readPorts(g *graph.Graph, workloads []*graph.Workload) *portedSet {
	set := &portedSet{graph: g}
	for _, w := range workloads {
		if w.Superseded || endsByItself(w) {
			continue
		}
		pods := portedPodsKey.For(g, w, func() *portedPods { return &portedPods{w, w.Ports()} })
		set.unknown = set.unknown || w.Custom || unfinishedPorts(pods)
		set.pods = append(set.pods, pods)
		for _, c := range pods.ports {
			if _, taken := set.hostPorts[c.HostPort]; taken || c.HostPort == 0 {
				continue
			}
			if set.hostPorts == nil {
				set.hostPorts = map[int]hostPort{}
			}
			set.hostPorts[c.HostPort] = hostPort{pods, c}
		}
	}
	return set
}

// without returns the pods that lack what a Service's port names.
func (s *portedSet) without(port graph.ServicePort) []*portedPods {
	return lackingKey.For(s, [2]string{port.Target, port.Protocol}, func() []*portedPods {
		return slices.DeleteFunc(slices.Clone(s.pods), func(w *portedPods) bool {
			return port.Resolves(w.ports) || s.graph.Injected(w.Workload, port.Target)
		})
	})
}
