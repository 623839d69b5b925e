package scheduling

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/rules/internal/text"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// AntiAffinityExceedsNodes reports workloads whose pods must keep apart and
// have not enough places for it.
var AntiAffinityExceedsNodes = &analyzer.Rule{
	ID:    "anti-affinity-exceeds-nodes",
	Title: "Pods that must keep apart are more than the places for them",
	Claim: analyzer.Broken,
	Kinds: []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController"},
	Why: `Required anti-affinity of pods to their own labels allows one pod for each value of the topology key: one for each node with kubernetes.io/hostname, one for each zone with topology.kubernetes.io/zone. What is more stays Pending. With an autoscaler the least count is what matters.

Nodes are those that the manifests hold and those given by --nodes; without any nothing is reported. A node that lacks the topology key takes any number of the pods.`,
	Bad: `apiVersion: v1
kind: Node
metadata:
  name: node1
status: {phase: Running}
---
apiVersion: apps/v1
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
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - labelSelector:
                matchLabels: {app: web}
              topologyKey: kubernetes.io/hostname
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: v1
kind: Node
metadata:
  name: node1
status: {phase: Running}
---
apiVersion: apps/v1
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
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                labelSelector:
                  matchLabels: {app: web}
                topologyKey: kubernetes.io/hostname
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity/filtering.go: satisfyPodAntiAffinity",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Custom || w.Controlled() || w.IsPod() || p.Unit.Rewrites(kustomize.Relations) {
				continue
			}
			for _, a := range apart(p.Graph, w) {
				if a.pods > a.places {
					p.Report(crowded(p, w, a))
					break
				}
			}
		}
		return nil
	},
}

// keptApart is a term by which the pods of a workload keep apart, how many
// there are at least, and how many places there are for them.
type keptApart struct {
	term         graph.PodTerm
	pods, places int
}

// apart returns the terms by which the pods of a workload surely keep apart.
func apart(g *graph.Graph, w *graph.Workload) []keptApart {
	nodes := g.Eligible(w)
	if len(nodes) == 0 {
		return nil // not known, or none: then that is the fault
	}
	pods, ok := g.LeastPods(w)
	if w.Kind == "DaemonSet" {
		pods, ok = len(nodes), true
	}
	if !ok {
		return nil
	}
	var found []keptApart
	for _, t := range w.PodTerms() {
		if !t.Anti || !t.Required || !g.MeansItself(w, t) {
			continue
		}
		if places, lacking := graph.Domains(nodes, t.TopologyKey); lacking == 0 {
			found = append(found, keptApart{t, pods, places})
		}
	}
	return found
}

func crowded(p *analyzer.Pass, w *graph.Workload, a keptApart) analyzer.Finding {
	path := append(slices.Clone(a.term.Path), "topologyKey")
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s has %d pods that must keep apart by %s, and %s", w, a.pods, a.term.TopologyKey, placesFor(p.Graph, w, a)),
		Label:       "one pod for each value of this",
		Consequence: fmt.Sprintf("%s Pending: FailedScheduling", text.Count(a.pods-a.places, "pod stays", "pods stay")),
		Help:        "ask for fewer pods, or prefer anti-affinity instead of requiring it",
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
		Related:     workload.ReplicasOf(p.Graph, w, a.pods),
		Notes:       []string{p.Graph.KnownFrom()},
	}
}

// placesFor says how many places the known nodes have.
func placesFor(g *graph.Graph, w *graph.Workload, a keptApart) string {
	nodes := g.Eligible(w)
	if a.places == len(nodes) {
		return nodesCanTake(g, len(nodes), nil)
	}
	return fmt.Sprintf("the %s that can take them have only %s of it", text.Count(len(nodes), "known node", "known nodes"), text.Count(a.places, "value", "values"))
}
