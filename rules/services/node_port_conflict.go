package services

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// NodePortConflict reports node ports that two Services ask for, or that are
// out of the range.
var NodePortConflict = &analyzer.Rule{
	ID:    "node-port-conflict",
	Title: "A node port is taken or out of range",
	Claim: analyzer.Rejected,
	Kinds: []string{"Service"},
	Why: `A node port is open on every node for one Service of the whole cluster. The API server keeps them by number alone: a Service that asks for one which another Service has is refused, whatever their namespaces and protocols. Within one Service, entries of the same port with different protocols may share one.

Node ports are taken from the range 30000-32767; a number outside is refused. If the API server is started with another --service-node-port-range, the options first and last say so.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  ports: [{port: 80, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata:
  name: admin
spec:
  type: NodePort
  ports: [{port: 80, nodePort: 30080}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  ports: [{port: 80, nodePort: 30080}]
---
apiVersion: v1
kind: Service
metadata:
  name: admin
spec:
  type: NodePort
  ports: [{port: 80, nodePort: 30081}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#type-nodeport",
		"k8s.io/kubernetes/pkg/registry/core/service/storage/alloc.go: initNodePorts",
	},
	Options: NodePortRange{First: 30000, Last: 32767},
	Run: func(p *analyzer.Pass) error {
		taken := map[int]*nodePort{}
		for _, s := range p.Graph.Services {
			// What stands in the directories above may be another variant.
			if !s.Own || s.Type() == "ClusterIP" || s.Type() == "ExternalName" || p.Graph.Superseded(s.Resource) {
				continue
			}
			allowed := analyzer.OptionsOf[NodePortRange](p, s.Resource)
			for _, port := range s.Ports() {
				n := port.NodePort
				switch first := taken[n]; {
				case n == 0:
				case n < allowed.First || n > allowed.Last:
					p.Report(nodePortOutOfRange(s, port, allowed))
				case first == nil:
					taken[n] = &nodePort{s, port}
				case conflicts(p.Unit, s, port, first):
					p.Report(nodePortTaken(s, port, first))
				}
			}
		}
		return nil
	},
}

// NodePortRange are the options of node-port-conflict. The defaults are those
// of pkg/kubeapiserver/options/options.go DefaultServiceNodePortRange.
type NodePortRange struct {
	First int `json:"first,omitempty" jsonschema:"the first node port of the API server's --service-node-port-range"`
	Last  int `json:"last,omitempty" jsonschema:"the last node port of that range"`
}

// Check refuses a range that the API server refuses.
func (r NodePortRange) Check() error {
	if r.First < 1 || r.Last > 65535 || r.First > r.Last {
		return fmt.Errorf("%d-%d is no range of ports", r.First, r.Last)
	}
	return nil
}

// nodePort is the Service that has a node port.
type nodePort struct {
	*graph.Service
	port graph.ServicePort
}

// conflicts reports whether a node port cannot be had by both. Within a Service
// only entries of the same port can share it; that entries of one protocol
// cannot is a matter of validation.
func conflicts(u *unit.Unit, s *graph.Service, port graph.ServicePort, first *nodePort) bool {
	switch {
	case first.Resource == s.Resource:
		return first.port.Number != port.Number && first.port.Protocol != port.Protocol
	case unit.SameObject(first.Resource, s.Resource):
		return false
	}
	return !u.Alternatives(first.File(), s.File())
}

func nodePortOutOfRange(s *graph.Service, port graph.ServicePort, allowed NodePortRange) analyzer.Finding {
	path := append(slices.Clone(port.Path), "nodePort")
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s asks for node port %d, which is not between %d and %d", s, port.NodePort, allowed.First, allowed.Last),
		Label:       "out of range",
		Consequence: "the API server refuses the Service: provided port is not in the valid range",
		Help:        "write a number of the range, or leave nodePort out to get a free one",
		Location:    s.EntryLocation(path...),
		Path:        path,
		Resource:    s.Resource,
	}
}

func nodePortTaken(s *graph.Service, port graph.ServicePort, first *nodePort) analyzer.Finding {
	path := append(slices.Clone(port.Path), "nodePort")
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s asks for node port %d, which %s has", s, port.NodePort, first),
		Label:       "taken",
		Consequence: "the API server refuses the one that comes second: provided port is already allocated",
		Help:        "write another number, or leave nodePort out to get a free one",
		Location:    s.EntryLocation(path...),
		Path:        path,
		Resource:    s.Resource,
		Related:     []analyzer.Related{{Location: first.EntryLocation(append(slices.Clone(first.port.Path), "nodePort")...), Message: fmt.Sprintf("%s asks for it, too", first)}},
	}
}
