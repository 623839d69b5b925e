package scheduling

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// NodeAffinityEmptyTerm reports terms of required node affinity that ask for
// nothing and therefore match nothing.
var NodeAffinityEmptyTerm = &analyzer.Rule{
	ID:    "node-affinity-empty-term",
	Title: "An empty term of node affinity matches no node",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why:   `The terms of required node affinity are alternatives. One without any expression does not mean every node: it matches none. If all terms are empty, the pods are never scheduled, and a DaemonSet silently wants no pods at all. An empty term beside others does nothing.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
          - matchExpressions: []
  containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
          - matchExpressions:
              - {key: kubernetes.io/os, operator: In, values: [linux]}
  containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#NodeAffinity",
		"k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go: isEmptyNodeSelectorTerm",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Controlled() || p.Unit.Rewrites(kustomize.Fields) {
				continue
			}
			emptyTerms(p, w)
		}
		return nil
	},
}

func emptyTerms(p *analyzer.Pass, w *graph.Workload) {
	path := w.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
	terms := manifest.Items(w.Get(path...))
	var empty []int
	for i, t := range terms {
		if len(manifest.Items(manifest.Get(t, "matchExpressions"))) == 0 && len(manifest.Items(manifest.Get(t, "matchFields"))) == 0 {
			empty = append(empty, i)
		}
	}
	switch {
	case len(empty) == 0:
		return
	case len(empty) == len(terms) && len(p.Graph.Nodes) > 0:
		return // node-selector-no-node says that no known node fits
	}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s requires a node affinity whose only term is empty, which matches no node", w),
		Label:       "matches no node, not every node",
		Consequence: "its pods stay Pending: FailedScheduling",
		Help:        "remove the affinity, or say in the term what the nodes must have",
		Resource:    w.Resource,
		Path:        append(slices.Clone(path), strconv.Itoa(empty[0])),
	}
	if w.Kind == "DaemonSet" {
		f.Consequence = "nothing will run and no error will show: DESIRED stays 0, without an event"
	}
	if len(terms) > 1 {
		f.Message = fmt.Sprintf("%s requires a node affinity whose terms are all empty, and an empty term matches no node", w)
	}
	if len(empty) < len(terms) {
		f.Claim = analyzer.Suspect
		f.Message = fmt.Sprintf("%s has an empty term in its required node affinity, which matches no node", w)
		f.Consequence = "only the other terms count, as if this one were not there"
		f.Help = "remove the empty term, or say in it what the nodes must have"
	}
	f.Location = w.EntryLocation(f.Path...)
	p.Report(f)
}
