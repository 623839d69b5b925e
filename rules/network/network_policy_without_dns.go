package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/hosts"
)

// NetworkPolicyWithoutDNS reports pods that use names and whose NetworkPolicies
// let no DNS query out.
var NetworkPolicyWithoutDNS = &analyzer.Rule{
	ID:    "network-policy-without-dns",
	Title: "A NetworkPolicy for egress does not allow DNS to pods that use names",
	Claim: analyzer.Suspect,
	Kinds: []string{"NetworkPolicy"},
	Why: `Pods whose egress is restricted reach only what some policy allows, and that has to include the DNS of the cluster: port 53 of UDP and TCP. Without it the names of Services do not resolve, so that the rules for their ports are of no use.

Reported are pods whose environment, arguments or ConfigMaps name a Service among the manifests, if none of the NetworkPolicies for them, those of the directories beside included, allows port 53, all ports of all destinations, of other namespaces or of addresses. A policy may be applied from elsewhere, so it is a warning.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  type: ExternalName
  externalName: db.example.com
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
    - name: web
      image: example/web:1
      env: [{name: DB_HOST, value: db}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 5432}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  type: ExternalName
  externalName: db.example.com
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers:
    - name: web
      image: example/web:1
      env: [{name: DB_HOST, value: db}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 5432}]
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-egress-traffic",
		"https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/",
	},
	Run: func(p *analyzer.Pass) error {
		seen := map[*manifest.Resource]bool{} // one finding for a policy
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Superseded || w.Controlled() || manifest.Bool(w.PodField("spec", "hostNetwork")) || p.Unit.Rewrites(kustomize.Relations) {
				continue
			}
			isolating := egressPolicies(p, w)
			i := slices.IndexFunc(isolating, func(r *manifest.Resource) bool { return slices.Contains(p.Unit.Resources, r) })
			if i < 0 || seen[isolating[i]] || slices.ContainsFunc(isolating, allowsDNS) {
				continue
			}
			used := hosts.UsedBy(p.Graph, w)
			for _, s := range p.Graph.Services {
				if h, uses := used[s]; uses {
					seen[isolating[i]] = true
					p.Report(noDNS(isolating[i], w, h))
					break
				}
			}
		}
		return nil
	},
}

// egressPolicies returns the policies of the unit and around it that restrict the
// egress of a workload.
func egressPolicies(p *analyzer.Pass, w *graph.Workload) []*manifest.Resource {
	var found []*manifest.Resource
	for _, list := range [][]*manifest.Resource{p.Unit.Resources, p.Unit.Context, p.Unit.Siblings} {
		for _, r := range list {
			if !isPolicy(r) || !isolates(r, directions[1]) || !p.Graph.SameNamespace(r, w.Resource) {
				continue
			}
			s := graph.ReadLabelSelector(r, "spec", "podSelector")
			if s.State == graph.Empty || s.State == graph.Unfinished || s.State == graph.Present && w.MatchedBy(s.Selector) {
				found = append(found, r)
			}
		}
	}
	return found
}

// allowsDNS reports whether a rule of a policy may let queries out: it allows port
// 53, or all ports of something that may be the DNS of the cluster.
func allowsDNS(r *manifest.Resource) bool {
	return slices.ContainsFunc(rulesOf(r), func(rule policyRule) bool {
		if rule.kind != "Egress" {
			return false
		}
		ports, peers := manifest.Items(r.Get(rule.at("ports")...)), rule.peersOf()
		if len(ports) == 0 {
			return len(peers) == 0 || slices.ContainsFunc(peers, func(p peer) bool { return p.block || p.namespaces.State != graph.Missing })
		}
		return slices.ContainsFunc(ports, func(n *manifest.Node) bool {
			port, isNumber := manifest.Int(n, "port")
			end, _ := manifest.Int(n, "endPort")
			return manifest.Get(n, "port") == nil || isNumber && (port == 53 || port < 53 && end >= 53) ||
				!isNumber && (strings.Contains(manifest.String(n, "port"), "dns") || manifest.IsPlaceholder(manifest.String(n, "port")))
		})
	})
}

func noDNS(r *manifest.Resource, w *graph.Workload, h hosts.Host) analyzer.Finding {
	path := []string{"spec", "egress"}
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s restricts the egress of %s and allows no DNS (port 53), and the pods use host %s", r, w, h.Text),
		Label:       "port 53 is not allowed",
		Consequence: fmt.Sprintf("DNS queries time out, and %s does not resolve", h.Text),
		Help:        "add an egress rule with ports 53/UDP and 53/TCP to the pods with k8s-app: kube-dns in namespace kube-system",
		Location:    r.KeyLocation(path...),
		Path:        path,
		Resource:    r,
		Related:     []analyzer.Related{{Location: h.From.EntryLocation(h.Path...), Message: fmt.Sprintf("uses host %s", h.Text)}},
	}
}
