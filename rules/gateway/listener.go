package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// listener is an entry of the listeners of a Gateway or a ListenerSet.
type listener struct {
	*manifest.Resource
	node *manifest.Node
	path []string
	name string
	// port is "" where it is left out, as a ListenerSet may.
	port     string
	protocol string
	// hostname is "" for any.
	hostname string
}

// listenersOf returns the listeners of a Gateway or a ListenerSet. known is false
// if a part of them is still to be filled in.
func listenersOf(r *manifest.Resource) (all []listener, known bool) {
	known = true
	for i, n := range manifest.Items(r.Get("spec", "listeners")) {
		l := listener{Resource: r, node: n, path: []string{"spec", "listeners", strconv.Itoa(i)},
			name: manifest.String(n, "name"), port: manifest.String(n, "port"),
			protocol: manifest.String(n, "protocol"), hostname: manifest.String(n, "hostname")}
		known = known && !manifest.HoldsPlaceholder(n)
		all = append(all, l)
	}
	return all, known && len(all) > 0
}

// at returns a path in the listener.
func (l listener) at(steps ...string) []string { return slices.Concat(l.path, steps) }

// kindsOf are the routes that a listener of a protocol takes: HTTPS is HTTP behind
// TLS, and TLS that the listener terminates carries TCP. Other protocols are an
// implementation's own.
var kindsOf = map[string][]string{
	"HTTP":  {"HTTPRoute", "GRPCRoute"},
	"HTTPS": {"HTTPRoute", "GRPCRoute"},
	"TLS":   {"TLSRoute", "TCPRoute"},
	"TCP":   {"TCPRoute"},
	"UDP":   {"UDPRoute"},
}

// takesKind reports whether the listener takes routes of a kind.
func (l listener) takesKind(kind string) bool {
	kinds := manifest.Items(manifest.Get(l.node, "allowedRoutes", "kinds"))
	for _, k := range kinds {
		group := cmp.Or(manifest.String(k, "group"), graph.GatewayGroup)
		if group == graph.GatewayGroup && manifest.String(k, "kind") == kind {
			return true
		}
	}
	if len(kinds) > 0 {
		return false
	}
	takes, known := kindsOf[l.protocol]
	return !known || slices.Contains(takes, kind)
}

// takesNamespace reports whether the listener takes routes of the namespace of a
// route, and says why not. What cannot be known it takes.
func (l listener) takesNamespace(g *graph.Graph, route *manifest.Resource) (ok bool, why string) {
	switch from := cmp.Or(manifest.String(l.node, "allowedRoutes", "namespaces", "from"), "Same"); from {
	case "Same":
		return g.SameNamespace(l.Resource, route), fmt.Sprintf("admits routes of namespace %s only (allowedRoutes.namespaces.from: Same)", g.Namespace(l.Resource))
	case "None":
		return false, "admits no routes (allowedRoutes.namespaces.from: None)"
	case "Selector":
		selector := graph.ReadLabelSelector(l.Resource, l.at("allowedRoutes", "namespaces", "selector")...)
		return selectsNamespace(g, selector, g.Namespace(route)), fmt.Sprintf("admits routes of namespaces with %s (allowedRoutes.namespaces.selector)", selector)
	}
	return true, ""
}

// selectsNamespace reports whether a selector can match a namespace. Its labels
// are known only if its Namespace is.
func selectsNamespace(g *graph.Graph, s graph.Selector, namespace string) bool {
	if s.State != graph.Present || namespace == "" {
		return true
	}
	known := g.Objects().Named(graph.Target{Kind: "Namespace", Name: namespace})
	if len(known) == 0 {
		return true
	}
	return slices.ContainsFunc(known, func(r *manifest.Resource) bool {
		own := manifest.StringMap(r.Node, "metadata", "labels")
		set := labels.Set{"kubernetes.io/metadata.name": namespace}
		for key, value := range own {
			set[key] = value
		}
		return s.Selector.Matches(set)
	})
}

// takesHost reports whether one of the hostnames of a route can be one of the
// listener. None on either side is any.
func (l listener) takesHost(hosts []string) bool {
	return l.hostname == "" || len(hosts) == 0 || slices.ContainsFunc(hosts, func(host string) bool { return intersect(l.hostname, host) })
}

// intersect reports whether there is a host that both names match: *.example.com
// matches a.example.com and a.b.example.com, but not example.com.
func intersect(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	wildA, isWildA := strings.CutPrefix(a, "*")
	wildB, isWildB := strings.CutPrefix(b, "*")
	switch {
	case isWildA && isWildB:
		return strings.HasSuffix(wildA, wildB) || strings.HasSuffix(wildB, wildA)
	case isWildA:
		return strings.HasSuffix(b, wildA)
	case isWildB:
		return strings.HasSuffix(a, wildB)
	}
	return a == b
}
