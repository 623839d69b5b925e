package services

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/graph"
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

// portReader reads the ports of a workload once, and puts the workloads of a
// selector together once, however many Services select them and rules ask.
type portReader struct {
	pods map[*graph.Workload]*portedPods
	sets map[string]*portedSet // by namespace and selector
}

type portReaderKey struct{}

// portsOf returns the reader of a graph, which rules ask one after the other.
func portsOf(g *graph.Graph) portReader {
	return g.View(portReaderKey{}, func() any {
		return portReader{pods: map[*graph.Workload]*portedPods{}, sets: map[string]*portedSet{}}
	}).(portReader)
}

// portedSet is the workloads that a selector matches.
type portedSet struct {
	pods    []*portedPods
	unknown bool // the ports of one of them are not known
	lacking map[[2]string][]*portedPods
	graph   *graph.Graph
	// hostPorts are the first pods that take a port of the node, by its number.
	hostPorts map[int]hostPort
}

// hostPort is a port of the node and the pods that take it.
type hostPort struct {
	*portedPods
	port graph.ContainerPort
}

func (r portReader) of(g *graph.Graph, s *graph.Service) *portedSet {
	key := g.Namespace(s.Resource) + "\x00" + s.Selector.String()
	if r.sets[key] == nil {
		r.sets[key] = r.read(g, s.Pods())
	}
	return r.sets[key]
}

func (r portReader) read(g *graph.Graph, workloads []*graph.Workload) *portedSet {
	set := &portedSet{lacking: map[[2]string][]*portedPods{}, graph: g}
	for _, w := range workloads {
		if w.Superseded || endsByItself(w) {
			continue
		}
		if r.pods[w] == nil {
			r.pods[w] = &portedPods{w, w.Ports()}
		}
		set.unknown = set.unknown || w.Custom || unfinishedPorts(r.pods[w])
		set.pods = append(set.pods, r.pods[w])
		for _, c := range r.pods[w].ports {
			if _, taken := set.hostPorts[c.HostPort]; taken || c.HostPort == 0 {
				continue
			}
			if set.hostPorts == nil {
				set.hostPorts = map[int]hostPort{}
			}
			set.hostPorts[c.HostPort] = hostPort{r.pods[w], c}
		}
	}
	return set
}

// without returns the pods that lack what a Service's port names.
func (s *portedSet) without(port graph.ServicePort) []*portedPods {
	key := [2]string{port.Target, port.Protocol}
	found, ok := s.lacking[key]
	if !ok {
		found = slices.DeleteFunc(slices.Clone(s.pods), func(w *portedPods) bool {
			return port.Resolves(w.ports) || s.graph.Injected(w.Workload, port.Target)
		})
		s.lacking[key] = found
	}
	return found
}
