package network

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// NetworkPolicyRulesIgnored reports NetworkPolicies with rules of a direction that
// their policyTypes leave out.
var NetworkPolicyRulesIgnored = &analyzer.Rule{
	ID:    "network-policy-rules-ignored",
	Title: "policyTypes of a NetworkPolicy leaves out a direction that it has rules for",
	Claim: analyzer.Broken,
	Kinds: []string{"NetworkPolicy"},
	Why:   `policyTypes decides which directions a NetworkPolicy restricts. Rules of a direction that it does not list have no effect: the policy is accepted, and the pods stay open in that direction. Rules that allow everything change nothing and are left alone.`,
	Bad: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {}
  policyTypes: [Ingress]
  egress:
    - ports: [{port: 443}]
`,
	Good: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
  egress:
    - ports: [{port: 443}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/#networkpolicy-resource",
		"k8s.io/api/networking/v1/types.go: NetworkPolicySpec.PolicyTypes",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range ownPolicies(p) {
			for _, d := range directions {
				if isolates(r, d) || !restricts(r, d) {
					continue
				}
				path := []string{"spec", d.rules}
				p.Report(analyzer.Finding{
					Message:     fmt.Sprintf("%s has %s rules, but policyTypes does not list %s", r, d.rules, d.kind),
					Label:       "these rules have no effect",
					Consequence: fmt.Sprintf("it is accepted, and all %s traffic of the pods stays allowed", d.rules),
					Help:        fmt.Sprintf("add %s to policyTypes", d.kind),
					Location:    r.KeyLocation(path...),
					Path:        path,
					Resource:    r,
					Related:     []analyzer.Related{{Location: r.EntryLocation("spec", "policyTypes"), Message: "the policy restricts these directions only"}},
				})
			}
		}
		return nil
	},
}

// restricts reports whether one of the rules of a direction allows only a part.
func restricts(r *manifest.Resource, d direction) bool {
	return slices.ContainsFunc(rulesOf(r), func(rule policyRule) bool {
		return rule.direction == d && (manifest.Get(r.Get(rule.path...), "ports") != nil || manifest.Get(r.Get(rule.path...), d.peers) != nil)
	})
}
