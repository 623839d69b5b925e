package graph

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// ServicePort is an entry of a Service's ports.
type ServicePort struct {
	Name string
	// Protocol is TCP where it is left out.
	Protocol string
	// Number is the Service's own port, 0 where it is no number.
	Number int
	// Target is the port name of targetPort, "" if it is a number or left out.
	Target string
	// TargetNumber is the number of targetPort, Number if it is left out, 0 if
	// it is a name.
	TargetNumber int
	// NodePort is the port on every node, 0 if none is asked for.
	NodePort int
	// Path leads to the entry.
	Path []string
}

// Ports returns the entries of spec.ports.
func (s *Service) Ports() []ServicePort {
	var ports []ServicePort
	for i, n := range manifest.Items(s.Get("spec", "ports")) {
		port := ServicePort{
			Name:     manifest.String(n, "name"),
			Protocol: cmp.Or(manifest.String(n, "protocol"), "TCP"),
			Path:     []string{"spec", "ports", strconv.Itoa(i)},
		}
		if target := manifest.Get(n, "targetPort"); target != nil && target.Kind == manifest.ScalarNode && target.Tag == manifest.StringTag {
			port.Target = target.Value
		}
		port.Number, _ = manifest.Int(n, "port")
		if number, ok := manifest.Int(n, "targetPort"); ok && number != 0 {
			port.TargetNumber = number
		} else if port.Target == "" {
			port.TargetNumber = port.Number
		}
		port.NodePort, _ = manifest.Int(n, "nodePort")
		ports = append(ports, port)
	}
	return ports
}

// Resolves reports whether one of the ports is the one that targetPort names:
// of the same name and protocol (k8s.io/endpointslice/utils.go FindPort). A
// number needs no declaration.
func (p ServicePort) Resolves(ports []ContainerPort) bool {
	return p.Target == "" || slices.ContainsFunc(ports, func(c ContainerPort) bool {
		return c.Name == p.Target && c.Protocol == p.Protocol
	})
}

// Declared reports whether one of the ports is the one that is forwarded to, by
// its name or its number.
func (p ServicePort) Declared(ports []ContainerPort) bool {
	if p.Target != "" {
		return p.Resolves(ports)
	}
	return slices.ContainsFunc(ports, func(c ContainerPort) bool {
		return c.Number == p.TargetNumber && c.Protocol == p.Protocol
	})
}

// Ports returns the ports of the containers that run as long as the pods, which
// are those that Services find.
func (w *Workload) Ports() []ContainerPort {
	var ports []ContainerPort
	for _, c := range w.Containers() {
		ports = append(ports, c.Ports()...)
	}
	return ports
}

// InitContainers returns the containers that have ended when the pods are
// ready.
func (w *Workload) InitContainers() []Container {
	var found []Container
	for i, n := range manifest.Items(w.PodField("spec", "initContainers")) {
		if manifest.String(n, "restartPolicy") != "Always" {
			found = append(found, Container{Node: n, Path: w.At("spec", "initContainers", strconv.Itoa(i)), Name: manifest.String(n, "name")})
		}
	}
	return found
}

var servicesKey memo.Key[map[*manifest.Resource]*Service]

// Service returns the Service that a resource of the unit or its context is,
// nil if it is none.
func (g *Graph) Service(r *manifest.Resource) *Service {
	return servicesKey.Of(g, func() map[*manifest.Resource]*Service {
		all := make(map[*manifest.Resource]*Service, len(g.Services))
		for _, s := range g.Services {
			all[s.Resource] = s
		}
		return all
	})[r]
}
