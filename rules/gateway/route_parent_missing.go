package gateway

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// RouteParentMissing reports routes whose Gateway does not exist.
var RouteParentMissing = &analyzer.Rule{
	ID:    "route-parent-missing",
	Title: "A route references a Gateway that does not exist",
	Claim: analyzer.Broken,
	Kinds: graph.RouteKinds,
	Why: `A route of the Gateway API serves requests only through its parents: the Gateways that parentRefs name. If there is no Gateway of that name in that namespace, the route is accepted by the API server, no controller attaches it, and its status stays empty. A parentRef without a namespace means a Gateway of the route's own namespace.

A Gateway is often run by another team, so its absence is an error only if something close explains it: a name that is one slip off, or a Gateway of that name in another namespace. Otherwise it is info. Parents of other kinds, such as the Services of a mesh, are left alone.`,
	Bad: `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge-external
spec:
  gatewayClassName: example
  listeners:
    - {name: http, port: 80, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
spec:
  parentRefs:
    - name: edge-externl
`,
	Good: `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge-external
spec:
  gatewayClassName: example
  listeners:
    - {name: http, port: 80, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
spec:
  parentRefs:
    - name: edge-external
`,
	References: []string{
		"https://gateway-api.sigs.k8s.io/api-types/httproute/#attaching-to-gateways",
		"sigs.k8s.io/gateway-api/apis/v1/shared_types.go: ParentReference",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.RouteParent || ref.Target.Group != graph.GatewayGroup || !missing.Judged(p, ref) {
				continue
			}
			f := missing.Find(p, ref)
			if f == nil {
				continue
			}
			f.Consequence = "no controller attaches the route: its status.parents stays empty, and it serves no requests"
			p.Report(*f)
		}
		return nil
	},
}
