package network

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// NetworkPolicyPort reports ports of NetworkPolicies that are the Service's, or
// names of ports that the pods do not have.
var NetworkPolicyPort = &analyzer.Rule{
	ID:    "network-policy-port",
	Title: "A NetworkPolicy allows a port that its pods do not have",
	Claim: analyzer.Suspect,
	Kinds: []string{"NetworkPolicy"},
	Why: `The ports of a NetworkPolicy are those of the pods: the policy is applied after a Service has translated its port into the targetPort. A rule that allows the Service's port leaves the pods' port closed, and connections time out. A name is that of a container port; if no pod has it, the rule allows nothing.

A container may listen on a port that it does not declare, so a number is reported only if a Service of these pods has it and sends it to another port that they declare. The pods are those that podSelector matches for ingress, and those of the peers for egress.`,
	Bad: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
    - ports: [{port: http}]
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
      ports: [{name: api, containerPort: 8080}]
`,
	Good: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {matchLabels: {app: web}}
  ingress:
    - ports: [{port: api}]
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
      ports: [{name: api, containerPort: 8080}]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/",
		"k8s.io/api/networking/v1/types.go: NetworkPolicyPort",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range ownPolicies(p) {
			for _, rule := range rulesOf(r) {
				if targets := rule.targets(p.Graph); len(targets) > 0 && !p.Unit.Rewrites(kustomize.Relations) {
					for i, n := range manifest.Items(r.Get(rule.at("ports")...)) {
						policyPort(p, rule, rule.at("ports", strconv.Itoa(i), "port"), n, targets)
					}
				}
			}
		}
		return nil
	},
}

// targets returns the workloads whose ports a rule allows, nil if they are not all
// known: of those of other namespaces and of addresses nothing is known.
func (r policyRule) targets(g *graph.Graph) []*graph.Workload {
	if r.kind == "Ingress" {
		return g.Select(g.Namespace(r.Resource), graph.ReadLabelSelector(r.Resource, "spec", "podSelector"))
	}
	var found []*graph.Workload
	for _, p := range r.peersOf() {
		if p.block || p.namespaces.State != graph.Missing || p.pods.State != graph.Present {
			return nil
		}
		found = append(found, g.Select(g.Namespace(r.Resource), p.pods)...)
	}
	return found
}

// policyPort judges one port of a rule.
func policyPort(p *analyzer.Pass, rule policyRule, path []string, n *manifest.Node, targets []*graph.Workload) {
	protocol := manifest.String(n, "protocol")
	if protocol == "" {
		protocol = "TCP"
	}
	number, isNumber := manifest.Int(n, "port")
	name := manifest.String(n, "port")
	var ports []graph.ContainerPort
	for _, w := range targets {
		ports = append(ports, w.Ports()...)
	}
	declared := slices.ContainsFunc(ports, func(c graph.ContainerPort) bool {
		return c.Number == 0 || c.Protocol == protocol && (isNumber && c.Number == number || !isNumber && c.Name == name)
	})
	if declared || name == "" || manifest.IsPlaceholder(name) || manifest.Get(n, "endPort") != nil {
		return
	}
	f := analyzer.Finding{Location: rule.EntryLocation(path...), Path: path, Resource: rule.Resource}
	if isNumber {
		if s, port := servicePort(p.Graph, targets, ports, number); s != nil {
			f.Message = fmt.Sprintf("%s allows port %d of Service %s, whose pods listen on %s", rule.Resource, number, s.Name, target(port))
			f.Label = "the port of the Service, not of the pods"
			f.Consequence = fmt.Sprintf("port %s of the pods stays closed, and connections through the Service time out", target(port))
			f.Help = fmt.Sprintf("set port to %s", target(port))
			f.Related = []analyzer.Related{{Location: s.EntryLocation(port.Path...), Message: fmt.Sprintf("%s sends port %d to %s of the pods", s, number, target(port))}}
			p.Report(f)
		}
		return
	}
	f.Message = fmt.Sprintf("%s allows port %s, and no container port of its pods has this name", rule.Resource, name)
	f.Label = "no container port has this name"
	f.Consequence = "the rule allows nothing, and connections to the pods time out"
	f.Help = "use the name or number of a container port"
	if len(ports) > 0 {
		f.Help += ": " + text.PortList(ports)
	}
	f.Related = []analyzer.Related{{Location: targets[0].KeyLocation(targets[0].At("spec", "containers")...), Message: fmt.Sprintf("the pods of %s", targets[0])}}
	p.Report(f)
}

// target names the port of the pods that a port of a Service leads to.
func target(port graph.ServicePort) string {
	if port.Target != "" {
		return port.Target
	}
	return strconv.Itoa(port.TargetNumber)
}

// servicePort returns a Service that selects one of the workloads and sends a port
// of that number to another one, which the pods declare; nil if there is none. The
// name of the target is replaced by its number.
func servicePort(g *graph.Graph, targets []*graph.Workload, ports []graph.ContainerPort, number int) (*graph.Service, graph.ServicePort) {
	for _, s := range g.Services {
		if !slices.ContainsFunc(s.Pods(), func(w *graph.Workload) bool { return slices.Contains(targets, w) }) {
			continue
		}
		for _, port := range s.Ports() {
			i := slices.IndexFunc(ports, func(c graph.ContainerPort) bool {
				return port.Target != "" && c.Name == port.Target || port.Target == "" && c.Number == port.TargetNumber
			})
			if port.Number == number && i >= 0 && ports[i].Number != number {
				port.Target, port.TargetNumber = "", ports[i].Number
				return s, port
			}
		}
	}
	return nil, graph.ServicePort{}
}
