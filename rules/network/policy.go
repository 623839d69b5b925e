package network

import (
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// isPolicy reports whether a resource is a NetworkPolicy of Kubernetes itself.
func isPolicy(r *manifest.Resource) bool {
	return r.Kind == "NetworkPolicy" && r.Group == "networking.k8s.io"
}

// ownPolicies returns the NetworkPolicies of the unit.
func ownPolicies(p *analyzer.Pass) []*manifest.Resource {
	var found []*manifest.Resource
	for _, r := range p.Unit.Resources {
		if isPolicy(r) && !p.Graph.Superseded(r) {
			found = append(found, r)
		}
	}
	return found
}

// direction is one of the two directions of a NetworkPolicy.
type direction struct{ kind, rules, peers string }

var directions = []direction{{"Ingress", "ingress", "from"}, {"Egress", "egress", "to"}}

// isolates reports whether a policy restricts a direction: policyTypes says so, or
// where that is left out, Ingress always and Egress if there are rules for it
// (k8s.io/api/networking/v1: NetworkPolicySpec.PolicyTypes).
func isolates(r *manifest.Resource, d direction) bool {
	types := manifest.Items(r.Get("spec", "policyTypes"))
	if len(types) == 0 {
		return d.kind == "Ingress" || len(manifest.Items(r.Get("spec", "egress"))) > 0
	}
	return slices.ContainsFunc(types, func(n *manifest.Node) bool { return manifest.String(n) == d.kind })
}

// policyRule is a rule of a NetworkPolicy for one direction.
type policyRule struct {
	*manifest.Resource
	direction
	path []string
}

// rulesOf returns the rules of a policy, those of both directions.
func rulesOf(r *manifest.Resource) []policyRule {
	var found []policyRule
	for _, d := range directions {
		for i := range manifest.Items(r.Get("spec", d.rules)) {
			found = append(found, policyRule{r, d, []string{"spec", d.rules, strconv.Itoa(i)}})
		}
	}
	return found
}

// at returns a path in the rule.
func (r policyRule) at(steps ...string) []string { return slices.Concat(r.path, steps) }

// peer is an entry of from or to.
type peer struct {
	path []string
	// pods and namespaces are the selectors; Missing where they are left out.
	pods, namespaces graph.Selector
	block            bool
}

// peersOf returns the peers of the rule.
func (r policyRule) peersOf() []peer {
	var found []peer
	for i, n := range manifest.Items(r.Get(r.at(r.peers)...)) {
		path := r.at(r.peers, strconv.Itoa(i))
		found = append(found, peer{path: path, block: manifest.Get(n, "ipBlock") != nil,
			pods:       graph.ReadLabelSelector(r.Resource, slices.Concat(path, []string{"podSelector"})...),
			namespaces: graph.ReadLabelSelector(r.Resource, slices.Concat(path, []string{"namespaceSelector"})...)})
	}
	return found
}
