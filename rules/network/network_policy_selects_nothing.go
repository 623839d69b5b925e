package network

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// NetworkPolicySelectsNothing reports NetworkPolicies whose selectors miss the
// pods that were meant by a slip of the pen, or by the key of a label.
var NetworkPolicySelectsNothing = &analyzer.Rule{
	ID:    "network-policy-selects-nothing",
	Title: "A NetworkPolicy misses the pods that were meant",
	Claim: analyzer.Suspect,
	Kinds: []string{"NetworkPolicy"},
	Why: `A NetworkPolicy applies to the pods of its namespace that its podSelector matches. If there are none it is accepted, and the pods that were meant stay open to all. A podSelector among the peers of a rule that matches no pods lets nobody in, or out.

Policies are often written for pods that come from somewhere else, so it is reported only if the labels of some pods of this directory, or of one beside, are a slip away from the selector, or if pods of this directory have its values under other keys.`,
	Bad: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: carts
spec:
  podSelector:
    matchLabels: {app: cart}
  policyTypes: [Ingress]
---
apiVersion: v1
kind: Pod
metadata:
  name: store
  labels: {app: carts}
spec:
  containers: [{name: store, image: example/carts}]
`,
	Good: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: carts
spec:
  podSelector:
    matchLabels: {app: carts}
  policyTypes: [Ingress]
---
apiVersion: v1
kind: Pod
metadata:
  name: store
  labels: {app: carts}
spec:
  containers: [{name: store, image: example/carts}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors",
		"k8s.io/api/networking/v1/types.go: NetworkPolicySpec, NetworkPolicyPeer",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			if !isPolicy(r) || p.Graph.Superseded(r) {
				continue
			}
			for _, path := range podSelectors(p.Graph, r) {
				policySelector(p, r, graph.ReadLabelSelector(r, path...))
			}
		}
		return nil
	},
}

// podSelectors returns the paths of the selectors of pods of the policy's own
// namespace, but for those that network-policy-peers-split explains.
func podSelectors(g *graph.Graph, r *manifest.Resource) [][]string {
	paths := [][]string{{"spec", "podSelector"}}
	for _, rule := range rulesOf(r) {
		explained := splitOf(g, rule)
		for _, peer := range rule.peersOf() {
			own := r.Get(peer.pods.Path...) != nil && manifest.Field(r.Get(peer.path...), "namespaceSelector").Key == nil
			if own && (explained == nil || !slices.Equal(explained.pods.path, peer.path)) {
				paths = append(paths, peer.pods.Path)
			}
		}
	}
	return paths
}

// policySelector reports a selector that matches no pods but would match some
// if a label were spelled as theirs.
func policySelector(p *analyzer.Pass, r *manifest.Resource, selector graph.Selector) {
	if selector.State != graph.Present || len(p.Graph.Select(p.Graph.Namespace(r), selector)) > 0 {
		return
	}
	asked := nearmiss.Selection{Resource: r, Selector: selector, Scope: "put both into one namespace, or add a namespaceSelector to the peer"}
	miss := nearmiss.Pods(p.Graph, asked)
	if len(p.Graph.SelectSiblings(p.Graph.Namespace(r), selector)) > 0 {
		p.Skip(r, "NetworkPolicies: their pods are only in a directory beside")
		return
	}
	if miss == nil {
		miss = nearmiss.PodsBeside(p.Graph, asked)
	}
	if miss == nil || p.Unit.Rewrites(kustomize.Relations) {
		p.Skip(r, "NetworkPolicies: their pods may live elsewhere")
		return
	}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s matches no pods by %s", r, selector),
		Label:       "no pod carries this label",
		Consequence: "it is accepted, and the pods that were meant stay open to all",
		Path:        selector.PathTo(miss.Key),
		Resource:    r,
	}
	if len(selector.Path) > 2 {
		f.Consequence = "it is accepted, and the pods that were meant are not let through"
	}
	miss.Explain(&f)
	f.Location = r.EntryLocation(f.Path...)
	p.Report(f)
}
