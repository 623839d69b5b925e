package network

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// NetworkPolicyPeersSplit reports a namespaceSelector and a podSelector that stand
// in two peers, where one peer with both was meant.
var NetworkPolicyPeersSplit = &analyzer.Rule{
	ID:    "network-policy-peers-split",
	Title: "A NetworkPolicy lists a namespaceSelector and a podSelector as two peers",
	Claim: analyzer.Suspect,
	Kinds: []string{"NetworkPolicy"},
	Why: `The entries of from and to are alternatives. A namespaceSelector and a podSelector in one entry mean these pods of these namespaces; in two entries they mean all pods of these namespaces, and these pods of the policy's own namespace. One dash too many opens the policy to whole namespaces.

It is reported if the podSelector alone matches no pods in the policy's own namespace, and the pods that it would match are in a namespace that the other entry selects.`,
	Bad: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: backend
spec:
  podSelector: {}
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: frontend}}
        - podSelector: {matchLabels: {app: gateway}}
---
apiVersion: v1
kind: Pod
metadata:
  name: gateway
  namespace: frontend
  labels: {app: gateway}
spec:
  containers: [{name: gateway, image: "example/gateway:1"}]
`,
	Good: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: backend
spec:
  podSelector: {}
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: frontend}}
          podSelector: {matchLabels: {app: gateway}}
---
apiVersion: v1
kind: Pod
metadata:
  name: gateway
  namespace: frontend
  labels: {app: gateway}
spec:
  containers: [{name: gateway, image: "example/gateway:1"}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range ownPolicies(p) {
			for _, rule := range rulesOf(r) {
				if s := splitOf(p.Graph, rule); s != nil && !p.Unit.Rewrites(kustomize.Relations) {
					p.Report(splitPeers(p.Graph, rule, s))
				}
			}
		}
		return nil
	},
}

// split is a peer of pods that was meant for the namespaces of another peer.
type split struct {
	pods, spaces peer
	// there is a workload whose pods are in the namespaces.
	there *graph.Workload
}

// splitOf returns the first such pair among the peers of a rule, nil if there is
// none.
func splitOf(g *graph.Graph, rule policyRule) *split {
	peers, own := rule.peersOf(), g.Namespace(rule.Resource)
	for _, pods := range peers {
		if pods.namespaces.State != graph.Missing || pods.pods.State != graph.Present || len(g.Select(own, pods.pods)) > 0 {
			continue
		}
		for _, spaces := range peers {
			if spaces.pods.State != graph.Missing || spaces.namespaces.State != graph.Present && spaces.namespaces.State != graph.Empty {
				continue
			}
			if w := inNamespaces(g, pods.pods, spaces.namespaces); w != nil {
				return &split{pods, spaces, w}
			}
		}
	}
	return nil
}

func splitPeers(g *graph.Graph, rule policyRule, s *split) analyzer.Finding {
	path := s.pods.pods.Path
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s lists podSelector %s beside a namespaceSelector, and its own namespace has no such pods: they are in namespace %s", rule.Resource, s.pods.pods, g.Namespace(s.there.Resource)),
		Label:       "a peer of its own: pods of the policy's namespace",
		Consequence: "the other peer lets through every pod of the namespaces that it selects",
		Help:        fmt.Sprintf("put both selectors into one entry of %s: remove the dash before podSelector", rule.peers),
		Location:    rule.EntryLocation(path...),
		Path:        path,
		Resource:    rule.Resource,
		Related: []analyzer.Related{
			{Location: rule.EntryLocation(s.spaces.namespaces.Path...), Message: "selects whole namespaces"},
			{Location: s.there.NameLocation(), Message: fmt.Sprintf("%s has these pods", s.there)},
		},
	}
}

// inNamespaces returns a workload of a known namespace whose pods match, nil if
// there is none. The labels of a Namespace that is not among the manifests are not
// known but for its name.
func inNamespaces(g *graph.Graph, pods, namespaces graph.Selector) *graph.Workload {
	for _, w := range g.Select("", pods) {
		namespace := g.Namespace(w.Resource)
		if namespace == "" {
			continue
		}
		if namespaces.State == graph.Empty {
			return w
		}
		for _, n := range g.Objects().Named(graph.Target{Kind: "Namespace", Name: namespace}) {
			if namespaces.Selector.Matches(namespaceLabels(n)) {
				return w
			}
		}
		if len(namespaces.Equal) == 1 && namespaces.Equal[nameLabel] == namespace {
			return w
		}
	}
	return nil
}
