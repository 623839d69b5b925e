package graph

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// HostPort is a port of the node that a workload's pods take.
type HostPort struct {
	Workload *Workload
	Number   int
	Protocol string
	// IP is the address of the node, "" for all of them.
	IP string
	// Path leads to the entry of the container's ports.
	Path []string
	// Field is the entry's field that says the number.
	Field string
}

func (h HostPort) String() string { return fmt.Sprintf("%d/%s", h.Number, h.Protocol) }

// Clashes reports whether one node cannot give both
// (k8s.io/kubernetes/pkg/scheduler/framework HostPortInfo).
func (h HostPort) Clashes(other HostPort) bool {
	return h.Number == other.Number && h.Protocol == other.Protocol &&
		(h.IP == other.IP || h.IP == "" || other.IP == "")
}

// HostPorts returns the ports of the node that the pods take. With hostNetwork
// every declared port is one (pkg/apis/core/v1/defaults.go).
func (w *Workload) HostPorts() []HostPort {
	hostNetwork := manifest.Bool(w.Node, w.At("spec", "hostNetwork")...)
	var found []HostPort
	for _, c := range w.Containers() {
		for _, p := range c.Ports() {
			h := HostPort{Workload: w, Number: p.HostPort, Protocol: p.Protocol, IP: p.HostIP, Path: p.Path, Field: "hostPort"}
			if h.Number == 0 && hostNetwork {
				h.Number, h.Field = p.Number, "containerPort"
			}
			if h.IP == "0.0.0.0" {
				h.IP = ""
			}
			if h.Number != 0 {
				found = append(found, h)
			}
		}
	}
	return found
}
