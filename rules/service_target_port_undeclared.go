package rules

import (
	"fmt"
	"slices"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// ServiceTargetPortUndeclared reports Services that forward to a number other
// than the only one that their pods declare.
var ServiceTargetPortUndeclared = &analyzer.Rule{
	ID:    "service-target-port-undeclared",
	Title: "A Service forwards to another port than its pods declare",
	Claim: analyzer.Suspect,
	Kinds: []string{"Service"},
	Why: `A number as targetPort needs no declaration: Kubernetes forwards to it, and the port of a container is documentation. But if nothing listens there, every connection is refused, and a Service without targetPort forwards to its own port, which is easily forgotten.

So it is reported only where both sides leave no choice: the Service has one port, all of its pods declare exactly one port, always the same, the two differ, and no other Service leads to the declared one.`,
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
		known := portReader{pods: map[*graph.Workload]*portedPods{}, sets: map[string]*portedSet{}}
		unserved := map[*portedSet]*graph.ContainerPort{}
		serving := sync.OnceValue(func() forwarding { return forwardingOf(p.Graph) })
		for _, s := range p.Graph.Services {
			if !s.Own || p.Unit.Rewritten || s.Type() == "ExternalName" || s.Selector.State != graph.Present {
				continue
			}
			set, ports := known.of(p.Graph, s), s.Ports()
			if len(set.pods) == 0 || set.unknown || len(ports) != 1 || ports[0].TargetNumber == 0 || ports[0].Declared(set.pods[0].ports) {
				continue
			}
			declared, judged := unserved[set] // once, however many Services select them
			if !judged {
				if declared = set.onlyPort(); declared != nil && serving().leadsTo(*declared, set.pods[0].Workload) {
					declared = nil // the port that was meant has its Service
				}
				unserved[set] = declared
			}
			if declared != nil && declared.Protocol == ports[0].Protocol &&
				declared.HostPort != ports[0].TargetNumber { // else see service-target-port-unresolved
				undeclaredPort(p, s, ports[0], set.pods[0], *declared)
			}
		}
		return nil
	},
}

// onlyPort returns the port that all pods declare, each in its only container,
// nil if there is no such port.
func (s *portedSet) onlyPort() *graph.ContainerPort {
	if len(s.pods[0].ports) != 1 {
		return nil
	}
	declared := s.pods[0].ports[0]
	for _, w := range s.pods {
		if len(w.ports) != 1 || w.ports[0].Number != declared.Number || w.ports[0].Protocol != declared.Protocol || len(w.Containers()) != 1 {
			return nil
		}
	}
	return &declared
}

// forwarding is the Services by what they forward to.
type forwarding map[forwarded][]*graph.Service

// forwarded is a port by its name or its number.
type forwarded struct {
	protocol, name string
	number         int
}

func forwardingOf(g *graph.Graph) forwarding {
	all := forwarding{}
	for _, s := range g.Services {
		for _, port := range s.Ports() {
			to := forwarded{protocol: port.Protocol, name: port.Target}
			if port.Target == "" {
				to.number = port.TargetNumber
			}
			all[to] = append(all[to], s)
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

// undeclaredPort reports the only port of a Service, which is not the only one
// that all of its pods declare.
func undeclaredPort(p *analyzer.Pass, s *graph.Service, port graph.ServicePort, first *portedPods, declared graph.ContainerPort) {
	path := append(slices.Clone(port.Path), "targetPort")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s forwards to port %d, and the pods of %s declare only %d", s, port.TargetNumber, first, declared.Number),
		Label:       "not the port that they declare",
		Consequence: fmt.Sprintf("if nothing listens on %d, every connection is refused; nothing says so before", port.TargetNumber),
		Help:        fmt.Sprintf("write targetPort: %d, or correct the containerPort", declared.Number),
		Path:        path,
		Resource:    s.Resource,
		Related: []analyzer.Related{{
			Location: first.EntryLocation(append(slices.Clone(declared.Path), "containerPort")...),
			Message:  fmt.Sprintf("%s declares %d", first, declared.Number),
		}},
	}
	if s.Get(path...) == nil {
		f.Label = "no targetPort, so it forwards to the same port"
		f.Path = append(slices.Clone(port.Path), "port")
	}
	f.Location = s.EntryLocation(f.Path...)
	p.Report(f)
}
