package network

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// NetworkPolicyNamespace reports peers of NetworkPolicies whose namespaceSelector
// misses the namespace that was meant.
var NetworkPolicyNamespace = &analyzer.Rule{
	ID:    "network-policy-namespace",
	Title: "A namespaceSelector of a NetworkPolicy misses the namespace that was meant",
	Claim: analyzer.Suspect,
	Kinds: []string{"NetworkPolicy"},
	Why: `A namespaceSelector matches labels of Namespaces, not their names. By itself a Namespace has one label, kubernetes.io/metadata.name, which holds its name. A selector such as name: monitoring matches nothing until the Namespace has that label, and the peers that were meant are not let through.

It is reported if a Namespace among the manifests has the name that the selector holds, or nearly its label, and no Namespace matches. Labels may be set in the cluster as well, so it is a warning.`,
	Bad: `apiVersion: v1
kind: Namespace
metadata:
  name: monitoring
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {}
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {name: monitoring}}
`,
	Good: `apiVersion: v1
kind: Namespace
metadata:
  name: monitoring
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {}
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/#targeting-a-namespace-by-its-name",
		"https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name",
	},
	Run: func(p *analyzer.Pass) error {
		namespaces := knownNamespaces(p)
		for _, r := range ownPolicies(p) {
			for _, rule := range rulesOf(r) {
				for _, peer := range rule.peersOf() {
					if len(namespaces) > 0 && peer.namespaces.State == graph.Present && !p.Unit.Rewrites(kustomize.Relations) {
						namespaceMissed(p, r, peer.namespaces, namespaces)
					}
				}
			}
		}
		return nil
	},
}

const nameLabel = "kubernetes.io/metadata.name"

// knownNamespaces returns the Namespaces of the unit and its context.
func knownNamespaces(p *analyzer.Pass) []*manifest.Resource {
	var found []*manifest.Resource
	for _, list := range [][]*manifest.Resource{p.Unit.Resources, p.Unit.Context} {
		for _, r := range list {
			if r.Kind == "Namespace" && r.Group == "" && r.Name != "" {
				found = append(found, r)
			}
		}
	}
	return found
}

// namespaceLabels returns the labels of a Namespace, with the one that each has.
func namespaceLabels(r *manifest.Resource) labels.Set {
	set := labels.Set{}
	maps.Copy(set, manifest.StringMap(r.Node, "metadata", "labels"))
	set[nameLabel] = r.Name
	return set
}

// namespaceMissed reports a selector that matches no Namespace, if one is close.
func namespaceMissed(p *analyzer.Pass, r *manifest.Resource, s graph.Selector, namespaces []*manifest.Resource) {
	if slices.ContainsFunc(namespaces, func(n *manifest.Resource) bool { return s.Selector.Matches(namespaceLabels(n)) }) {
		return
	}
	for _, n := range namespaces {
		set := namespaceLabels(n)
		key, one := nearmiss.OneOff(s.Equal, func(key, value string) bool { return set[key] == value })
		if !one {
			continue
		}
		f := analyzer.Finding{
			Message:     fmt.Sprintf("%s selects namespaces by %s, and no Namespace has this label", r, s),
			Consequence: "it is accepted, and the peers that were meant are not let through: connections time out",
			Path:        s.PathTo(key),
			Resource:    r,
			Related:     []analyzer.Related{{Location: n.NameLocation(), Message: fmt.Sprintf("%s has %s", n, graph.Format(set))}},
		}
		want, there := s.Equal[key], set[key]
		switch {
		case want == n.Name:
			f.Label = "a label, not the name of the Namespace"
			f.Help = fmt.Sprintf("use %s: %s, the label that each Namespace has, or add %s: %s to the labels of the Namespace", nameLabel, n.Name, key, want)
		case nearmiss.IsSlip(want, there):
			f.Evidence, f.Notes = analyzer.NearMiss, nearmiss.Notes(want, there)
			f.Label = "no Namespace has this value"
			f.Help = fmt.Sprintf("set %s to %s", key, there)
		default:
			continue
		}
		f.Location = r.EntryLocation(f.Path...)
		p.Report(f)
		return
	}
}
