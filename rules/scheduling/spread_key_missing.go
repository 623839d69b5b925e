package scheduling

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// SpreadKeyMissing reports spread constraints that keep pods from every node.
var SpreadKeyMissing = &analyzer.Rule{
	ID:    "spread-key-missing",
	Title: "Pods are to be spread by a label that no node has",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `A topology spread constraint with whenUnsatisfiable: DoNotSchedule keeps pods from every node that lacks its topologyKey. If no node has it, none of the pods is ever scheduled. (Required anti-affinity is the other way round: nodes without the key do not count.)

Nodes are those that the manifests hold and those given by --nodes; without any nothing is reported.`,
	Bad: `apiVersion: v1
kind: Node
metadata:
  name: node1
  labels: {topology.kubernetes.io/zone: a}
status: {phase: Running}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels: {app: web}
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: v1
kind: Node
metadata:
  name: node1
  labels: {topology.kubernetes.io/zone: a}
status: {phase: Running}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels: {app: web}
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#conventions",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/filtering.go: Filter",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			nodes := p.Graph.Eligible(w)
			if !w.Own || w.Controlled() || len(nodes) == 0 || p.Unit.Rewrites(kustomize.Relations) || manifest.String(w.Node, w.At("spec", "nodeName")...) != "" {
				continue
			}
			for _, s := range w.Spreads() {
				values, _ := graph.Domains(nodes, s.TopologyKey)
				if s.Required && values == 0 && s.TopologyKey != "" && !manifest.IsPlaceholder(s.TopologyKey) {
					p.Report(keyMissingOnNodes(p.Graph, w, s, len(nodes)))
					break
				}
			}
		}
		return nil
	},
}

func keyMissingOnNodes(g *graph.Graph, w *graph.Workload, s graph.Spread, nodes int) analyzer.Finding {
	path := append(slices.Clone(s.Path), "topologyKey")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s is to be spread by %s, and none of the %s has this label", w, s.TopologyKey, text.Count(nodes, "known node that can take it", "known nodes that can take it")),
		Label:       "no node has this label",
		Consequence: "all its pods stay Pending: FailedScheduling",
		Help:        "spread by a label that the nodes have, or write whenUnsatisfiable: ScheduleAnyway",
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
		Notes:       []string{g.KnownFrom()},
		Related: []analyzer.Related{{
			Location: w.EntryLocation(append(slices.Clone(s.Path), "whenUnsatisfiable")...),
			Message:  "keeps the pods from nodes without the label",
		}},
	}
	for _, n := range g.Eligible(w) {
		for _, key := range text.SortedKeys(n.Labels) {
			if nearmiss.IsSlip(key, s.TopologyKey) || nearmiss.IsPart(key, "/"+s.TopologyKey) {
				f.Help = "write topologyKey: " + key
				return f
			}
		}
	}
	return f
}
