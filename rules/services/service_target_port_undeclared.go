package services

import (
	"fmt"
	"slices"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// ServiceTargetPortUndeclared reports Services that forward to a number other
// than the one that their pods declare for it.
var ServiceTargetPortUndeclared = &analyzer.Rule{
	ID:    "service-target-port-undeclared",
	Title: "A Service forwards to another port than its pods declare",
	Claim: analyzer.Suspect,
	Kinds: []string{"Service"},
	Why: `A number as targetPort needs no declaration: Kubernetes forwards to it, and the port of a container is documentation. But if nothing listens there, every connection is refused, and a Service without targetPort forwards to its own port, which is easily forgotten.

So it is reported only where both sides leave no choice: the Service has one port and all of its pods declare exactly one, always the same, or they declare one of the name that the Service's port has; the two differ, and no Service leads to the declared one.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80}]
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
      containers: [{name: web, image: example/web, ports: [{containerPort: 8080}]}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
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
      containers: [{name: web, image: example/web, ports: [{containerPort: 8080}]}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports",
		"k8s.io/endpointslice/utils.go: FindPort",
		"k8s.io/kubernetes/pkg/apis/core/v1/defaults.go: SetDefaults_Service",
	},
	Run: func(p *analyzer.Pass) error {
		meant := map[portQuestion]*graph.ContainerPort{}
		serving := sync.OnceValue(func() forwarding { return forwardingOf(p.Graph) })
		for _, s := range p.Graph.Services {
			if !s.Own || p.Unit.Rewrites(kustomize.Relations) || s.Type() == "ExternalName" || s.Selector.State != graph.Present {
				continue
			}
			set, ports := portsOf(p.Graph, s), s.Ports()
			if len(set.pods) == 0 || set.unknown {
				continue
			}
			for _, port := range ports {
				asked := portQuestion{set, len(ports) == 1, port.Name, forwardedTo(port)}
				declared, answered := meant[asked] // once, however many Services ask it
				if !answered {
					if declared = set.declared(port, len(ports)); declared != nil && serving().leadsTo(*declared, set.pods[0].Workload) {
						declared = nil // the port that was meant has its Service
					}
					meant[asked] = declared
				}
				if declared != nil {
					p.Report(otherPort(s, port, *declared, set.pods[0]))
				}
			}
		}
		return nil
	},
}

// portQuestion is all that the answer depends on.
type portQuestion struct {
	set  *portedSet
	only bool // the Service has no other port
	name string
	to   forwarded
}

// forwarded is the port that is forwarded to, by its name or its number.
type forwarded struct {
	protocol, name string
	number         int
}

func forwardedTo(port graph.ServicePort) forwarded {
	if port.Target != "" {
		return forwarded{protocol: port.Protocol, name: port.Target}
	}
	return forwarded{protocol: port.Protocol, number: port.TargetNumber}
}

// forwarding is the Services by what they forward to.
type forwarding map[forwarded][]*graph.Service

func forwardingOf(g *graph.Graph) forwarding {
	all := forwarding{}
	for _, s := range g.Services {
		for _, port := range s.Ports() {
			all[forwardedTo(port)] = append(all[forwardedTo(port)], s)
		}
	}
	return all
}

// leadsTo reports whether some Service forwards to a port of a workload.
func (f forwarding) leadsTo(port graph.ContainerPort, w *graph.Workload) bool {
	selects := func(s *graph.Service) bool { return slices.Contains(s.Pods(), w) }
	return slices.ContainsFunc(f[forwarded{protocol: port.Protocol, number: port.Number}], selects) ||
		port.Name != "" && slices.ContainsFunc(f[forwarded{protocol: port.Protocol, name: port.Name}], selects)
}

// declared returns the port that all pods declare, each in its only container,
// in place of the one to which a port of a Service forwards; nil if there is no
// such port.
func (s *portedSet) declared(port graph.ServicePort, ports int) *graph.ContainerPort {
	declared, ok := counterpart(port, ports, s.pods[0])
	if !ok || declared.Protocol != port.Protocol || declared.HostPort == port.TargetNumber { // service-target-port-unresolved
		return nil
	}
	for _, w := range s.pods {
		theirs, ok := counterpart(port, ports, w)
		if !ok || theirs.Number != declared.Number || theirs.Protocol != declared.Protocol || len(w.Containers()) != 1 {
			return nil
		}
	}
	return &declared
}

// counterpart returns the port that pods declare in place of the number to
// which a port of a Service forwards: the only one for the only one, or that of
// the same name.
func counterpart(port graph.ServicePort, ports int, w *portedPods) (declared graph.ContainerPort, ok bool) {
	if port.TargetNumber == 0 || port.Declared(w.ports) {
		return declared, false
	}
	if ports == 1 && len(w.ports) == 1 {
		return w.ports[0], true
	}
	at := slices.IndexFunc(w.ports, func(c graph.ContainerPort) bool { return c.Name == port.Name && c.Name != "" })
	if at < 0 {
		return declared, false
	}
	return w.ports[at], true
}

func otherPort(s *graph.Service, port graph.ServicePort, declared graph.ContainerPort, w *portedPods) analyzer.Finding {
	path := append(slices.Clone(port.Path), "targetPort")
	what := fmt.Sprintf("declare only %d", declared.Number)
	if len(w.ports) > 1 {
		what = fmt.Sprintf("declare %d as %s", declared.Number, declared.Name)
	}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s forwards to port %d, and the pods of %s %s", s, port.TargetNumber, w, what),
		Label:       "not the port that they declare",
		Consequence: fmt.Sprintf("if nothing listens on %d, every connection is refused; nothing says so before", port.TargetNumber),
		Help:        fmt.Sprintf("write targetPort: %d, or correct the containerPort", declared.Number),
		Path:        path,
		Resource:    s.Resource,
		Related: []analyzer.Related{{
			Location: w.EntryLocation(append(slices.Clone(declared.Path), "containerPort")...),
			Message:  fmt.Sprintf("%s declares %d", w, declared.Number),
		}},
	}
	if s.Get(path...) == nil {
		f.Label = "no targetPort, so it forwards to the same port"
		f.Path = append(slices.Clone(port.Path), "port")
	}
	f.Location = s.EntryLocation(f.Path...)
	return f
}
