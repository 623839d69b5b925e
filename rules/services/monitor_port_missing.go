package services

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// MonitorPortMissing reports ServiceMonitors and PodMonitors that reference a port
// which the Services or pods that they select do not have.
var MonitorPortMissing = &analyzer.Rule{
	ID:    "monitor-port-missing",
	Title: "A monitor references a port that its Services or pods do not have",
	Claim: analyzer.Suspect,
	Kinds: []string{"ServiceMonitor", "PodMonitor"},
	Why: `The port of an endpoint in a ServiceMonitor is the name of a port of the Services that it selects: not the number, and not the name that the port has in the pods. A Service that has no port of this name is left out, and Prometheus gets no targets from it. The port of an endpoint in a PodMonitor is the name of a port of the containers.

Somebody else may make a further Service with the same labels, so it is reported only if one of the ports is close: it has the number, or leads to a port of this name, or the name is a slip of the pen; or if it is the only port of the only Service that is selected, in the same file.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app: web}
spec:
  selector: {app: web}
  ports: [{port: 9090}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  endpoints: [{port: "9090"}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app: web}
spec:
  selector: {app: web}
  ports: [{name: metrics, port: 9090}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  endpoints: [{port: metrics}]
`,
	References: []string{
		"https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.Endpoint",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			if m := readMonitor(p.Graph, r); m != nil && m.selector.State == graph.Present {
				if m.Kind == "PodMonitor" {
					monitoredPodPorts(p, m)
				} else {
					monitoredPorts(p, m)
				}
			}
		}
		return nil
	},
}

func monitoredPorts(p *analyzer.Pass, m *monitor) {
	services := m.services(p.Graph)
	if len(services) == 0 {
		return // monitor-selects-nothing
	}
	for i, endpoint := range manifest.Items(m.Get("spec", "endpoints")) {
		name := manifest.String(endpoint, "port")
		has := func(s *graph.Service) bool {
			return slices.ContainsFunc(s.Ports(), func(port graph.ServicePort) bool { return port.Name == name })
		}
		switch {
		case name == "", slices.ContainsFunc(services, has):
			continue
		case manifest.IsPlaceholder(name) || p.Unit.Rewrites(kustomize.Relations):
			p.Skip(m.Resource, "ServiceMonitors: the ports of their Services are not known yet")
			continue
		}
		path := []string{"spec", "endpoints", strconv.Itoa(i), "port"}
		s, port, what := nearestServicePort(m, services, name)
		if s == nil {
			p.Skip(m.Resource, "ServiceMonitors: the Services with their ports may live elsewhere")
			continue
		}
		f := analyzer.Finding{
			Evidence:    analyzer.NearMiss,
			Reading:     "spelling",
			Message:     fmt.Sprintf("%s references port %s, which %s does not have", m, name, s),
			Label:       "no port of the Service has this name",
			Consequence: "it is accepted, and Prometheus gets no targets from the Service",
			Help:        "write port: " + port.Name,
			Location:    m.EntryLocation(path...),
			Path:        path,
			Resource:    m.Resource,
			Related:     []analyzer.Related{{Location: s.EntryLocation(append(slices.Clone(port.Path), "port")...), Message: what}},
		}
		if port.Name == "" {
			f.Help = "give the port of the Service a name, and write it here"
		}
		p.Report(f)
	}
}

// nearestServicePort returns the port that a monitor may have meant by a name,
// and what is to be said of it; no Service if none is close.
func nearestServicePort(m *monitor, services []*graph.Service, name string) (*graph.Service, graph.ServicePort, string) {
	for _, s := range services {
		for _, port := range s.Ports() {
			switch {
			case strconv.Itoa(port.Number) == name:
				return s, port, fmt.Sprintf("its port %s has this number", text.ServicePortList([]graph.ServicePort{port}))
			case manifest.String(s.Node, append(slices.Clone(port.Path), "targetPort")...) == name:
				return s, port, fmt.Sprintf("its port %s leads to one of this name", text.ServicePortList([]graph.ServicePort{port}))
			case port.Name != "" && nearmiss.IsSlip(port.Name, name):
				return s, port, "its port is " + text.ServicePortList([]graph.ServicePort{port})
			}
		}
	}
	if s := services[0]; len(services) == 1 && len(s.Ports()) == 1 && s.File() == m.File() {
		return s, s.Ports()[0], "its only port is " + text.ServicePortList(s.Ports())
	}
	return nil, graph.ServicePort{}, ""
}

// monitoredPodPorts judges the ports of a PodMonitor: one that no selected pods
// declare, and that is close to one that they do.
func monitoredPodPorts(p *analyzer.Pass, m *monitor) {
	var ports []graph.ContainerPort
	var pods []*graph.Workload // of the ports
	for _, w := range m.pods(p.Graph) {
		if w.Custom || len(w.Containers()) == 0 || slices.ContainsFunc(w.Containers(), graph.Container.IsPart) {
			return // not all ports are known
		}
		for _, port := range w.Ports() {
			ports, pods = append(ports, port), append(pods, w)
		}
	}
	names := make([]string, len(ports))
	for i, port := range ports {
		names[i] = port.Name
	}
	distinct := slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(names))), func(name string) bool { return name == "" })
	for i, endpoint := range manifest.Items(m.Get("spec", "podMetricsEndpoints")) {
		name := manifest.String(endpoint, "port")
		if name == "" || slices.Contains(names, name) || manifest.IsPlaceholder(name) || p.Unit.Rewrites(kustomize.Relations) {
			continue
		}
		best, ok := nearmiss.Nearest(name, distinct)
		if !ok && len(ports) == 1 && ports[0].Name != "" && pods[0].File() == m.File() {
			best, ok = ports[0].Name, true
		}
		if !ok {
			p.Skip(m.Resource, "PodMonitors: the pods with their ports may live elsewhere")
			continue
		}
		at := slices.Index(names, best)
		path := []string{"spec", "podMetricsEndpoints", strconv.Itoa(i), "port"}
		p.Report(analyzer.Finding{
			Evidence:    analyzer.NearMiss,
			Reading:     "spelling",
			Message:     fmt.Sprintf("%s references port %s, which the pods of %s do not declare", m, name, pods[at]),
			Label:       "no container declares this port",
			Consequence: "it is accepted, and Prometheus gets no targets from the pods",
			Help:        fmt.Sprintf("set port to %s, the name that the container declares", best),
			Notes:       nearmiss.Notes(name, best),
			Location:    m.EntryLocation(path...),
			Path:        path,
			Resource:    m.Resource,
			Related:     []analyzer.Related{{Location: pods[at].EntryLocation(append(slices.Clone(ports[at].Path), "name")...), Message: best + " is declared here"}},
		})
	}
}
