package rules

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
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

// undeclaredPort compares each port of a Service with the one that all of its
// pods declare for it.
func undeclaredPort(p *analyzer.Pass, s *graph.Service, pods []*portedPods) {
	ports := s.Ports()
	first := pods[0]
	for _, port := range ports {
		declared, ok := counterpart(port, len(ports), first)
		unlike := func(w *portedPods) bool {
			theirs, ok := counterpart(port, len(ports), w)
			return !ok || theirs.Number != declared.Number || theirs.Protocol != declared.Protocol || len(w.Containers()) != 1
		}
		switch {
		case !ok, slices.ContainsFunc(pods, unlike):
		case declared.Protocol != port.Protocol, declared.HostPort == port.TargetNumber: // service-target-port-unresolved
		case leadsTo(p, declared, first): // the port that was meant has its Service
		default:
			p.Report(otherPort(s, port, declared, first))
		}
	}
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
