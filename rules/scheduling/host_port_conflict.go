package scheduling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/text"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// HostPortConflict reports workloads that need one port of one node for two
// pods.
var HostPortConflict = &analyzer.Rule{
	ID:    "host-port-conflict",
	Title: "Pods need the same port of the same node",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController"},
	Why: `A node gives each of its ports to one pod: two pods that ask for the same hostPort with the same protocol never run on one node, unless they ask for different addresses. With hostNetwork every declared containerPort is a port of the node.

A DaemonSet takes its port on every node that it runs on, so whatever else asks for that port there waits for ever, or takes a node away from the DaemonSet: who comes first wins. Namespaces make no difference.

Deployments can go out of each other's way. They are reported only if the nodes are known (from the manifests, by --nodes, or because the pods name them with kubernetes.io/hostname) and are too few.`,
	Bad: `apiVersion: apps/v1
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
      containers:
        - name: agent
          image: example/agent
          ports: [{containerPort: 8080, hostPort: 8080}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: cache
spec:
  selector:
    matchLabels: {app: cache}
  template:
    metadata:
      labels: {app: cache}
    spec:
      containers:
        - name: cache
          image: example/cache
          ports: [{containerPort: 80, hostPort: 8080}]
`,
	Good: `apiVersion: apps/v1
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
      containers:
        - name: agent
          image: example/agent
          ports: [{containerPort: 8080, hostPort: 8080}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: cache
spec:
  selector:
    matchLabels: {app: cache}
  template:
    metadata:
      labels: {app: cache}
    spec:
      containers:
        - name: cache
          image: example/cache
          ports: [{containerPort: 80, hostPort: 8081}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/configuration/overview/#services",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodeports/node_ports.go",
		"k8s.io/kubernetes/pkg/apis/core/v1/defaults.go: defaultHostNetworkPorts",
	},
	Run: func(p *analyzer.Pass) error {
		type port struct {
			number   int
			protocol string
		}
		takers := map[port][]graph.HostPort{} // by context first, then in the order of the unit
		var own []graph.HostPort
		for _, w := range p.Graph.Workloads {
			if !takesHostPorts(w) {
				continue
			}
			for _, h := range w.HostPorts() {
				if w.Own {
					own = append(own, h)
				} else {
					takers[port{h.Number, h.Protocol}] = append(takers[port{h.Number, h.Protocol}], h)
				}
			}
		}
		for _, h := range own {
			at := port{h.Number, h.Protocol}
			if !tooFewNodes(p, h) {
				clashing(p, h, takers[at])
			}
			takers[at] = append(takers[at], h)
		}
		return nil
	},
}

// takesHostPorts leaves out what ends, what is replaced, and pods whose
// controller is judged itself.
func takesHostPorts(w *graph.Workload) bool {
	return !w.Superseded && !w.Custom && !w.Controlled() && w.Kind != "Job" && w.Kind != "CronJob"
}

// tooFewNodes reports a workload whose own pods are more than the nodes.
func tooFewNodes(p *analyzer.Pass, h graph.HostPort) bool {
	w := h.Workload
	nodes, pinned := placesOf(p.Graph, w)
	pods, ok := p.Graph.LeastPods(w)
	if nodes == 0 || !ok || pods <= nodes || p.Unit.Rewrites(kustomize.Relations) {
		return false
	}
	f := hostPortFinding(h)
	f.Message = fmt.Sprintf("%s has %d pods that each take port %s of a node, and %s", w, pods, h, nodesCanTake(p.Graph, nodes, pinned))
	f.Consequence = fmt.Sprintf("%d of its pods stay Pending: FailedScheduling", pods-nodes)
	f.Help = "leave hostPort out and use a Service, or ask for fewer replicas, or make it a DaemonSet"
	f.Related = workload.ReplicasOf(p.Graph, w, pods)
	f.Notes = knownFrom(p.Graph)
	p.Report(f)
	return true
}

// placesOf returns how many nodes can take the pods of a workload at most: of the
// known ones, or where none are known, of those that it names, which are pinned;
// 0 if that is not known.
func placesOf(g *graph.Graph, w *graph.Workload) (n int, pinned []string) {
	if len(g.Nodes) > 0 {
		return len(g.Eligible(w)), nil
	}
	// With nodeName, kubelet rejects the pods: no other one is looked for.
	if place := g.Placement(w); place != nil && place.NodeName == "" {
		pinned = place.Pinned()
	}
	return len(pinned), pinned
}

// knownFrom returns a note that says where the known nodes come from, none if no
// node is known.
func knownFrom(g *graph.Graph) []string {
	if len(g.Nodes) == 0 {
		return nil
	}
	return []string{g.KnownFrom()}
}

// nodesCanTake says how many of the known nodes fit a workload, or to which it is
// pinned.
func nodesCanTake(g *graph.Graph, n int, pinned []string) string {
	if len(pinned) > 0 {
		return fmt.Sprintf("they run only on %s", strings.Join(pinned, ", "))
	}
	if n == len(g.Nodes) {
		return fmt.Sprintf("only %s known", text.Count(n, "node is", "nodes are"))
	}
	return fmt.Sprintf("only %d of %s can take them", n, text.Count(len(g.Nodes), "known node", "known nodes"))
}

func hostPortFinding(h graph.HostPort) analyzer.Finding {
	path := append(slices.Clone(h.Path), h.Field)
	return analyzer.Finding{
		Label:    "a node gives it to one pod",
		Location: h.Workload.EntryLocation(path...),
		Path:     path,
		Resource: h.Workload.Resource,
	}
}

// clashing reports the first of the others that cannot keep out of the way of
// a host port.
func clashing(p *analyzer.Pass, h graph.HostPort, others []graph.HostPort) {
	for _, other := range others[:min(len(others), graph.MaxTries)] {
		if !h.Clashes(other) || h.Workload == other.Workload || unit.SameObject(h.Workload.Resource, other.Workload.Resource) ||
			p.Unit.Alternatives(h.Workload.File(), other.Workload.File()) || alternativeKinds(p.Graph, h.Workload, other.Workload) {
			continue
		}
		why := whyTogether(p, h.Workload, other.Workload)
		if why == "" {
			continue
		}
		// A DaemonSet cannot go elsewhere, so it is the one that lacks a node.
		if other.Workload.Own && other.Workload.Kind == "DaemonSet" && h.Workload.Kind != "DaemonSet" {
			h, other = other, h
		}
		f := hostPortFinding(h)
		f.Message = fmt.Sprintf("%s and %s both take port %s of the same node", h.Workload, other.Workload, h)
		f.Consequence = why
		f.Help = "give one of them another hostPort or other nodes, or leave hostPort out and use a Service"
		f.Related = []analyzer.Related{{
			Location: other.Workload.EntryLocation(append(slices.Clone(other.Path), other.Field)...),
			Message:  fmt.Sprintf("%s takes the same port", other.Workload),
		}}
		if p.Graph.Bounded() {
			f.Notes = []string{p.Graph.KnownFrom()}
		}
		p.Report(f)
		return
	}
}

// alternativeKinds reports two kinds of one name and namespace in two files: a
// choice between ways to run the same thing.
func alternativeKinds(g *graph.Graph, a, b *graph.Workload) bool {
	return a.Name == b.Name && a.File() != b.File() && g.SameNamespace(a.Resource, b.Resource)
}

// whyTogether says why two workloads cannot keep to different nodes; "" if
// they can, or may.
func whyTogether(p *analyzer.Pass, a, b *graph.Workload) string {
	if p.Graph.Bounded() {
		return shareKnownNodes(p, a, b)
	}
	one, two := p.Graph.Placement(a), p.Graph.Placement(b)
	if one == nil || two == nil || p.Unit.Rewrites(kustomize.Relations) {
		return ""
	}
	switch {
	case graph.NoPods(p.Graph, a) || graph.NoPods(p.Graph, b):
	case one.NodeName != "" && one.NodeName == two.NodeName:
		return fmt.Sprintf("both are bound to node %s, and kubelet rejects the pod that comes second", one.NodeName)
	case len(one.Pinned()) == 1 && slices.Equal(one.Pinned(), two.Pinned()) && a.Kind != "DaemonSet" && b.Kind != "DaemonSet":
		return fmt.Sprintf("both run only on node %s, and the pod that comes second stays Pending", one.Pinned()[0])
	case a.Kind == "DaemonSet" && b.Kind == "DaemonSet":
		if one.Covers(two) || two.Covers(one) || one.Anywhere() && two.Anywhere() {
			return "on each node that both want, only the pod that comes first runs: the other stays Pending"
		}
	case a.Kind == "DaemonSet" && one.Covers(two), b.Kind == "DaemonSet" && two.Covers(one):
		return "the DaemonSet wants every node that the other can use, so on one of them a pod of either stays Pending"
	}
	return ""
}

// shareKnownNodes counts: the pods of both, each on a node of its own.
func shareKnownNodes(p *analyzer.Pass, a, b *graph.Workload) string {
	nodes := graph.Union(p.Graph.Eligible(a), p.Graph.Eligible(b))
	pods := 0
	for _, w := range []*graph.Workload{a, b} {
		eligible := len(p.Graph.Eligible(w))
		n, ok := p.Graph.LeastPods(w)
		if w.Kind == "DaemonSet" {
			n, ok = eligible, true
		}
		if !ok || n == 0 || n > eligible || p.Unit.Rewrites(kustomize.Relations) { // too many pods of one alone are another fault
			return ""
		}
		pods += n
	}
	if pods <= nodes {
		return ""
	}
	return fmt.Sprintf("together they want the port on %d nodes, and only %s them, so %s Pending",
		pods, text.Count(nodes, "known node can take", "known nodes can take"), text.Count(pods-nodes, "pod stays", "pods stay"))
}
