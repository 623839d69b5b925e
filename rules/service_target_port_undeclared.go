package rules

import (
	"fmt"
	"slices"

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
		for _, s := range p.Graph.Services {
			if !s.Own || p.Unit.Rewritten || s.Type() == "ExternalName" || s.Selector.State != graph.Present {
				continue
			}
			if set := known.of(p.Graph, s); len(set.pods) > 0 && !set.unknown {
				undeclaredPort(p, s, set.pods)
			}
		}
		return nil
	},
}

// undeclaredPort compares the only port of a Service with the only one that
// all of its pods declare.
func undeclaredPort(p *analyzer.Pass, s *graph.Service, pods []*portedPods) {
	ports := s.Ports()
	first := pods[0]
	if len(ports) != 1 || ports[0].TargetNumber == 0 || len(first.ports) != 1 || ports[0].Declared(first.ports) {
		return
	}
	declared := first.ports[0]
	alike := func(w *portedPods) bool {
		return len(w.ports) == 1 && w.ports[0].Number == declared.Number && w.ports[0].Protocol == declared.Protocol
	}
	if declared.Protocol != ports[0].Protocol || declared.HostPort == ports[0].TargetNumber || // service-target-port-unresolved
		slices.ContainsFunc(pods, func(w *portedPods) bool { return !alike(w) || len(w.Containers()) != 1 }) {
		return
	}
	if leadsTo(p, declared, first) {
		return // the port that was meant has its Service
	}
	path := append(slices.Clone(ports[0].Path), "targetPort")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s forwards to port %d, and the pods of %s declare only %d", s, ports[0].TargetNumber, first, declared.Number),
		Label:       "not the port that they declare",
		Consequence: fmt.Sprintf("if nothing listens on %d, every connection is refused; nothing says so before", ports[0].TargetNumber),
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
		f.Path = append(slices.Clone(ports[0].Path), "port")
	}
	f.Location = s.EntryLocation(f.Path...)
	p.Report(f)
}

// leadsTo reports whether some Service forwards to a port of a workload.
func leadsTo(p *analyzer.Pass, declared graph.ContainerPort, w *portedPods) bool {
	only := []graph.ContainerPort{declared}
	to := func(port graph.ServicePort) bool {
		return port.Declared(only) || port.Target != "" && port.Resolves(only)
	}
	return slices.ContainsFunc(p.Graph.Services, func(s *graph.Service) bool {
		return slices.ContainsFunc(s.Ports(), to) && slices.Contains(s.Pods(), w.Workload)
	})
}
