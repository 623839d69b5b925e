package graph

import (
	"cmp"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// GatewayGroup is the group of the Gateway API.
const GatewayGroup = "gateway.networking.k8s.io"

// RouteKinds are the routes of the Gateway API.
var RouteKinds = []string{"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"}

var isRoute = map[string]bool{"HTTPRoute": true, "GRPCRoute": true, "TLSRoute": true, "TCPRoute": true, "UDPRoute": true}

// IsRoute reports whether a resource is a route of the Gateway API.
func IsRoute(r *manifest.Resource) bool { return r.Group == GatewayGroup && isRoute[r.Kind] }

// gatewayAPI reads what an object of the Gateway API refers to.
func (r *reader) gatewayAPI(from *manifest.Resource) {
	switch {
	case isRoute[from.Kind]:
		r.route(from)
	case from.Kind == "Gateway" || from.Kind == "ListenerSet":
		for i, listener := range manifest.Items(from.Get("spec", "listeners")) {
			for j := range manifest.Items(manifest.Get(listener, "tls", "certificateRefs")) {
				r.reference(from, ListenerCertificate, Target{Kind: "Secret"}, "spec", "listeners", strconv.Itoa(i), "tls", "certificateRefs", strconv.Itoa(j))
			}
		}
	case from.Kind == "BackendTLSPolicy":
		for i := range manifest.Items(from.Get("spec", "targetRefs")) {
			r.reference(from, PolicyTarget, Target{Kind: "Service"}, "spec", "targetRefs", strconv.Itoa(i))
		}
		for i := range manifest.Items(from.Get("spec", "validation", "caCertificateRefs")) {
			r.reference(from, CACertificate, Target{Kind: "ConfigMap"}, "spec", "validation", "caCertificateRefs", strconv.Itoa(i))
		}
	}
}

// route reads the parents and the backends of a route. KeyPath of a backend leads
// to its port.
func (r *reader) route(from *manifest.Resource) {
	for i := range manifest.Items(from.Get("spec", "parentRefs")) {
		r.reference(from, RouteParent, Target{Group: GatewayGroup, Kind: "Gateway"}, "spec", "parentRefs", strconv.Itoa(i))
	}
	for i, rule := range manifest.Items(from.Get("spec", "rules")) {
		path := []string{"spec", "rules", strconv.Itoa(i)}
		r.mirrors(from, rule, path)
		for j, backend := range manifest.Items(manifest.Get(rule, "backendRefs")) {
			at := at(path, "backendRefs", strconv.Itoa(j))
			r.reference(from, RouteBackend, Target{Kind: "Service"}, at...)
			r.mirrors(from, backend, at)
		}
	}
}

// mirrors reads the backends to which the filters of a rule or backend send a
// copy of the requests.
func (r *reader) mirrors(from *manifest.Resource, of *manifest.Node, path []string) {
	for i, filter := range manifest.Items(manifest.Get(of, "filters")) {
		if manifest.Get(filter, "requestMirror", "backendRef") != nil {
			r.reference(from, RouteBackend, Target{Kind: "Service"}, at(path, "filters", strconv.Itoa(i), "requestMirror", "backendRef")...)
		}
	}
}

// reference reads a reference of the Gateway API, whose group and kind are those
// of the target where they are left out. A group that is "" is the core group.
func (r *reader) reference(from *manifest.Resource, use Use, target Target, path ...string) {
	if group := from.Get(at(path, "group")...); group != nil {
		target.Group = manifest.String(group)
	}
	target.Kind = cmp.Or(manifest.String(from.Node, at(path, "kind")...), target.Kind)
	target.Name = manifest.String(from.Node, at(path, "name")...)
	r.add(Reference{From: from, Use: use, Target: target, Namespace: manifest.String(from.Node, at(path, "namespace")...),
		Path: at(path, "name"), Key: manifest.String(from.Node, at(path, "port")...), KeyPath: at(path, "port")})
}
