package scheduling

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// NodeNameMismatch reports pods that are bound to a node that is not there or
// does not take them.
var NodeNameMismatch = &analyzer.Rule{
	ID:    "node-name-mismatch",
	Title: "Pods are bound to a node that cannot take them",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `spec.nodeName bypasses the scheduler, and with it the taints that keep pods away. Nothing looks whether the node exists: a pod that is bound to a wrong name stays Pending until it is collected as garbage about a minute later, and its controller makes the next one.

The kubelet of a node that exists does look at nodeSelector and required node affinity, and rejects the pod. A ReplicaSet then makes hundreds of failed pods in seconds.

Nodes are those that the manifests hold and those given by --nodes; without any nothing is reported.`,
	Bad: `apiVersion: v1
kind: Node
metadata:
  name: node1
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata:
  name: probe
spec:
  nodeName: node2
  containers: [{name: probe, image: example/probe}]
`,
	Good: `apiVersion: v1
kind: Node
metadata:
  name: node1
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata:
  name: probe
spec:
  nodeName: node1
  containers: [{name: probe, image: example/probe}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#nodename",
		"k8s.io/kubernetes/pkg/controller/podgc/gc_controller.go: gcOrphaned",
		"k8s.io/kubernetes/pkg/kubelet/lifecycle/predicate.go: generalFilter",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			// What a running pod says of its node is the scheduler's.
			if !w.Own || w.Superseded || w.Controlled() || len(p.Graph.Nodes) == 0 || p.Unit.Rewrites(kustomize.Relations) {
				continue
			}
			if place := p.Graph.Placement(w); place != nil && place.NodeName != "" && !manifest.IsPlaceholder(place.NodeName) {
				boundTo(p, w, place)
			}
		}
		return nil
	},
}

// boundTo compares what a workload asks of a node with the one it names.
func boundTo(p *analyzer.Pass, w *graph.Workload, place *graph.Placement) {
	path := w.At("spec", "nodeName")
	f := analyzer.Finding{Location: w.EntryLocation(path...), Path: path, Resource: w.Resource}
	f.Notes = []string{p.Graph.KnownFrom()}
	at := slices.IndexFunc(p.Graph.Nodes, func(n *graph.Node) bool { return n.Name == place.NodeName })
	switch {
	case at < 0 && !p.Graph.Bounded(), at >= 0 && !p.Graph.Nodes[at].Whole():
		p.Skip(w.Resource, "node names: the Node manifests show only some nodes, or some of their labels")
		return
	case at < 0:
		f.Message = fmt.Sprintf("%s is bound to node %s, which is none of the known nodes", w, place.NodeName)
		f.Label = "no node of this name"
		f.Consequence = "its pods stay Pending, are deleted after about a minute, and are made again"
		if w.IsPod() {
			f.Consequence = "it stays Pending, and is deleted after about a minute"
		}
		f.Help = "name a node that there is, or leave nodeName out and use a nodeSelector"
		p.Report(f)
		return
	}
	node := p.Graph.Nodes[at]
	misfit, _ := place.Check(node)
	if misfit != graph.BySelector && misfit != graph.ByAffinity {
		return
	}
	f.Message = fmt.Sprintf("%s is bound to node %s, which its own %s rules out", w, node.Name, misfit)
	f.Label = "goes to this node, whatever else is asked"
	f.Consequence = "kubelet rejects each pod, and its controller makes the next one at once, hundreds in seconds"
	if w.IsPod() {
		f.Consequence = "kubelet rejects the Pod: NodeAffinity"
	}
	f.Help = "leave out nodeName, or the " + string(misfit)
	asked := w.At("spec", "nodeSelector")
	if misfit == graph.ByAffinity {
		asked = w.At("spec", "affinity", "nodeAffinity")
	}
	f.Related = []analyzer.Related{{Location: w.KeyLocation(asked...), Message: fmt.Sprintf("node %s does not meet this", node.Name)}}
	p.Report(f)
}
