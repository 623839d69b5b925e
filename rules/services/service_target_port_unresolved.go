package services

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// ServiceTargetPortUnresolved reports Services that forward to a port name
// which the pods they select do not have.
var ServiceTargetPortUnresolved = &analyzer.Rule{
	ID:    "service-target-port-unresolved",
	Title: "A Service names a port that its pods do not have",
	Claim: analyzer.Broken,
	Kinds: []string{"Service"},
	Why: `A targetPort that is a name is looked up in every pod: a container must declare a port of that name and of the same protocol. Ports of init containers do not count, unless they are sidecars (restartPolicy: Always). Where there is none, the pod is listed as a ready endpoint, but without that port: counting endpoints says that all is well, and every connection fails.

A targetPort that is a number needs no declaration and is not looked at.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
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
      containers:
        - name: web
          image: example/web
          ports: [{name: web, containerPort: 8080}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
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
      containers:
        - name: web
          image: example/web
          ports: [{name: http, containerPort: 8080}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports",
		"k8s.io/endpointslice/utils.go: FindPort",
	},
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Services {
			if !s.Own {
				continue
			}
			if ports := s.Ports(); len(ports) > 0 {
				targetPorts(p, s, ports, portsOf(p.Graph, s))
			}
		}
		return nil
	},
}

// targetPorts judges the port names of a Service, each against all pods.
func targetPorts(p *analyzer.Pass, s *graph.Service, ports []graph.ServicePort, set *portedSet) {
	if s.Type() == "ExternalName" {
		return
	}
	named := func(port graph.ServicePort) bool { return port.Target != "" }
	if set.unknown && slices.ContainsFunc(ports, named) {
		p.Skip(s.Resource, "Services: the ports of their pods are not known yet")
		return
	}
	for _, port := range ports {
		lacking := set.without(port)
		switch {
		case !named(port):
			hostPortTaken(p, s, port, set)
		case len(lacking) == 0:
		case manifest.IsPlaceholder(port.Target), p.Unit.Rewrites(kustomize.Relations):
			p.Skip(s.Resource, "Services: the ports they name may still change")
		case len(lacking) == len(set.pods):
			p.Report(unresolvedPort(s, port, lacking[0]))
		default:
			served := func(w *portedPods) bool { // by another port of the Service
				return slices.ContainsFunc(ports, func(port graph.ServicePort) bool { return port.Resolves(w.ports) })
			}
			if without := slices.DeleteFunc(slices.Clone(lacking), served); len(without) > 0 {
				p.Report(partlyResolvedPort(s, port, without))
			}
		}
	}
}

// hostPortTaken reports a port number that is one of the node, by which the
// pods' own addresses are not reached: containers that listen on a port without
// declaring it do not give its number to another one.
func hostPortTaken(p *analyzer.Pass, s *graph.Service, port graph.ServicePort, set *portedSet) {
	taken, ok := set.hostPorts[port.TargetNumber]
	declares := func(w *portedPods) bool {
		return slices.ContainsFunc(w.ports, func(c graph.ContainerPort) bool { return c.Number == port.TargetNumber })
	}
	if !ok || set.unknown || p.Unit.Rewrites(kustomize.Relations) || slices.ContainsFunc(set.pods, declares) {
		return
	}
	pods, found := taken.portedPods, taken.port
	path := append(slices.Clone(port.Path), "targetPort")
	if s.Get(path...) == nil {
		path[len(path)-1] = "port"
	}
	p.Report(analyzer.Finding{
		Claim:       analyzer.Suspect,
		Evidence:    analyzer.NearMiss,
		Message:     fmt.Sprintf("%s forwards to port %d, which is a hostPort of %s: its container listens on %d", s, port.TargetNumber, pods, found.Number),
		Label:       "no container declares this port",
		Consequence: "it is accepted, and connections are refused: a hostPort is opened on the node, not at the pod's address",
		Help:        fmt.Sprintf("write targetPort: %d", found.Number),
		Location:    s.EntryLocation(path...),
		Path:        path,
		Resource:    s.Resource,
		Related:     []analyzer.Related{{Location: pods.EntryLocation(append(slices.Clone(found.Path), "hostPort")...), Message: fmt.Sprintf("leads to containerPort %d", found.Number)}},
	})
}

// unfinishedPorts reports whether the containers, or the names of their ports,
// are still to be filled in.
func unfinishedPorts(w *portedPods) bool {
	containers := w.Containers()
	return len(containers) == 0 || slices.ContainsFunc(containers, graph.Container.IsPart) ||
		slices.ContainsFunc(w.ports, func(c graph.ContainerPort) bool {
			return manifest.IsPlaceholder(c.Name) || manifest.IsPlaceholder(c.Protocol)
		})
}

// unresolvedPort: no pod has the port.
func unresolvedPort(s *graph.Service, port graph.ServicePort, w *portedPods) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s forwards to port %s, which the pods of %s do not have", s, port.Target, w),
		Label:       fmt.Sprintf("no container has a %s port of this name", port.Protocol),
		Consequence: "it is accepted, the pods are listed as endpoints without this port, and every connection fails",
		Path:        append(slices.Clone(port.Path), "targetPort"),
		Resource:    s.Resource,
	}
	f.Location = s.EntryLocation(f.Path...)
	hint := portHint(port, w)
	f.Help, f.Related = hint.Help, []analyzer.Related{{Location: hint.At, Message: hint.What}}
	f.Notes = nearmiss.Notes(hint.Wanted, hint.There)
	return f
}

// maxWithout is how many further workloads are shown.
const maxWithout = 3

// partlyResolvedPort: other pods of the Service have the port, these have none
// that the Service forwards to.
func partlyResolvedPort(s *graph.Service, port graph.ServicePort, without []*portedPods) analyzer.Finding {
	f := unresolvedPort(s, port, without[0])
	whose := without[0].String()
	if others := without[1:]; len(others) > 0 {
		whose += fmt.Sprintf(" and %d others", len(others))
		if len(others) == 1 {
			whose = fmt.Sprintf("%s and %s", without[0], others[0])
		}
		for _, w := range others[:min(len(others), maxWithout)] {
			f.Related = append(f.Related, analyzer.Related{Location: w.NameLocation(), Message: fmt.Sprintf("the pods of %s lack it too", w)})
		}
	}
	f.Claim = analyzer.Suspect
	f.Message = fmt.Sprintf("%s forwards to port %s, which its other pods have and those of %s do not", s, port.Target, whose)
	f.Label = fmt.Sprintf("the pods of %s have no such port", whose)
	f.Consequence = fmt.Sprintf("the pods of %s are listed as endpoints and get no traffic", whose)
	return f
}

// portHint says which port may have been meant, or what there is.
func portHint(port graph.ServicePort, w *portedPods) nearmiss.Explanation {
	for _, explain := range []func(graph.ServicePort, *portedPods, graph.ContainerPort) *nearmiss.Explanation{
		otherProtocol, portNameOff, unnamedPort, onlyPort,
	} {
		for _, c := range w.ports {
			if hint := explain(port, w, c); hint != nil {
				hint.At = w.EntryLocation(append(slices.Clone(c.Path), "name")...)
				if c.Name == "" {
					hint.At = w.EntryLocation(append(slices.Clone(c.Path), "containerPort")...)
				}
				return *hint
			}
		}
	}
	if hint := initContainerPort(port, w); hint != nil {
		return *hint
	}
	if len(w.ports) == 0 {
		return nearmiss.Explanation{
			At:   w.EntryLocation(w.At("spec", "containers", "0", "name")...),
			What: fmt.Sprintf("the containers of %s declare no ports", w),
			Help: fmt.Sprintf("declare the port in the container, with name: %s and its containerPort, or write its number as targetPort", port.Target),
		}
	}
	first := w.ports[0].Path
	return nearmiss.Explanation{
		At:   w.KeyLocation(first[:len(first)-1]...),
		What: fmt.Sprintf("the ports of %s are %s", w, text.PortList(w.ports)),
		Help: fmt.Sprintf("write one of these as targetPort, or name a port %s", port.Target),
	}
}

// otherProtocol: the name is there, for another protocol.
func otherProtocol(port graph.ServicePort, _ *portedPods, c graph.ContainerPort) *nearmiss.Explanation {
	if c.Name != port.Target {
		return nil
	}
	return &nearmiss.Explanation{
		What: fmt.Sprintf("the port of this name is of protocol %s, the Service's of %s", c.Protocol, port.Protocol),
		Help: "make both protocols the same",
	}
}

// portNameOff: the name is a slip of the pen, or a part of the other.
func portNameOff(port graph.ServicePort, _ *portedPods, c graph.ContainerPort) *nearmiss.Explanation {
	if c.Name == "" || !(nearmiss.IsSlip(c.Name, port.Target) || nearmiss.IsPart(c.Name, port.Target)) {
		return nil
	}
	return &nearmiss.Explanation{
		What: "port " + c.Name + " is declared here", Wanted: port.Target, There: c.Name,
		Help: fmt.Sprintf("set targetPort to %s, the name that the pods declare", c.Name),
	}
}

// unnamedPort: the port of the Service's own number has no name.
func unnamedPort(port graph.ServicePort, _ *portedPods, c graph.ContainerPort) *nearmiss.Explanation {
	if c.Name != "" || c.Number != port.Number {
		return nil
	}
	return &nearmiss.Explanation{What: "this port has no name", Help: fmt.Sprintf("name it %s, or write targetPort: %d", port.Target, c.Number)}
}

// onlyPort: there is but one that can be meant.
func onlyPort(port graph.ServicePort, w *portedPods, c graph.ContainerPort) *nearmiss.Explanation {
	switch {
	case len(w.ports) != 1:
		return nil
	case c.Name == "":
		return &nearmiss.Explanation{What: "the only port has no name", Help: fmt.Sprintf("name it %s, or write targetPort: %d", port.Target, c.Number)}
	}
	return &nearmiss.Explanation{What: "the only port is " + c.Name, Help: "write targetPort: " + c.Name}
}

// initContainerPort: the name is there, in a container that has ended.
func initContainerPort(port graph.ServicePort, w *portedPods) *nearmiss.Explanation {
	for _, c := range w.InitContainers() {
		for _, declared := range c.Ports() {
			if declared.Name == port.Target {
				return &nearmiss.Explanation{
					At:   w.EntryLocation(append(declared.Path, "name")...),
					What: fmt.Sprintf("%s is an init container, whose ports do not count", c.Name),
					Help: "declare the port in a container that keeps running",
				}
			}
		}
	}
	return nil
}
