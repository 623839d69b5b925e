package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// RouteNotAccepted reports routes that no listener of their Gateway takes.
var RouteNotAccepted = &analyzer.Rule{
	ID:    "route-not-accepted",
	Title: "No listener of the Gateway accepts a route",
	Claim: analyzer.Broken,
	Kinds: graph.RouteKinds,
	Why: `A route attaches to those listeners of its Gateway that sectionName and port of the parentRef select, that admit its namespace and its kind (allowedRoutes), and that share a hostname with it. One is enough. If there is none, the controller sets the condition Accepted=False on the route: NoMatchingParent if no listener has the sectionName or port, NotAllowedByListeners if allowedRoutes excludes it, NoMatchingListenerHostname if no hostname intersects. No request reaches its backends.

allowedRoutes.namespaces.from is Same where it is left out: a Gateway of another namespace has to admit routes explicitly. *.example.com matches every name below example.com, but not example.com itself. A namespace selector is judged only if the Namespace is among the manifests; its labels may be set in the cluster as well, so it is a warning.`,
	Bad: `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
spec:
  gatewayClassName: example
  listeners:
    - {name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
spec:
  parentRefs:
    - name: edge
  hostnames: [web.example.org]
`,
	Good: `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: edge
spec:
  gatewayClassName: example
  listeners:
    - {name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
spec:
  parentRefs:
    - name: edge
  hostnames: [web.example.com]
`,
	References: []string{
		"https://gateway-api.sigs.k8s.io/api-types/httproute/#attaching-to-gateways",
		"https://gateway-api.sigs.k8s.io/concepts/security-model/#1-route-binding",
		"sigs.k8s.io/gateway-api/apis/v1/shared_types.go: RouteReasonNoMatchingParent, RouteReasonNotAllowedByListeners, RouteReasonNoMatchingListenerHostname",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if ref.Use == graph.RouteParent && ref.Target.Group == graph.GatewayGroup && missing.Judged(p, ref) {
				judgeParent(p, ref)
			}
		}
		return nil
	},
}

// judgeParent judges one parentRef whose Gateway is known. If the name is defined
// more than once, one that accepts the route is enough.
func judgeParent(p *analyzer.Pass, ref *graph.Reference) {
	a := newAttachment(p, ref)
	var refused *analyzer.Finding
	for _, parent := range p.Graph.Resolve(ref) {
		listeners, known := listenersOf(parent)
		if !known || !a.known || p.Unit.Rewrites(kustomize.Relations) {
			p.Skip(ref.From, "routes: the listeners of their Gateways are still to be filled in")
			return
		}
		if refused = a.refusal(parent, listeners); refused == nil {
			return
		}
	}
	if refused != nil {
		p.Report(*refused)
	}
}

// attachment is what a route asks of the listeners of a parent.
type attachment struct {
	graph         *graph.Graph
	ref           *graph.Reference
	route         *manifest.Resource
	at            []string // the parentRef
	section, port string
	hosts         []string
	known         bool
}

func newAttachment(p *analyzer.Pass, ref *graph.Reference) *attachment {
	route := ref.From
	a := &attachment{graph: p.Graph, ref: ref, route: route, at: ref.Path[:len(ref.Path)-1]}
	a.section, a.port = manifest.String(route.Node, slices.Concat(a.at, []string{"sectionName"})...), ref.Key
	for _, host := range manifest.Items(route.Get("spec", "hostnames")) {
		a.hosts = append(a.hosts, manifest.String(host))
	}
	a.known = !manifest.HoldsPlaceholder(route.Get(a.at...)) && !manifest.HoldsPlaceholder(route.Get("spec", "hostnames"))
	return a
}

// refusal returns the finding about a parent none of whose listeners takes the
// route, nil if one does.
func (a *attachment) refusal(parent *manifest.Resource, all []listener) *analyzer.Finding {
	selected := slices.DeleteFunc(slices.Clone(all), func(l listener) bool {
		return a.section != "" && l.name != a.section || a.port != "" && l.port != "" && l.port != a.port
	})
	if len(selected) == 0 {
		return a.noParent(parent, all)
	}
	admitting := slices.DeleteFunc(slices.Clone(selected), func(l listener) bool {
		ok, _ := l.takesNamespace(a.graph, a.route)
		return !ok || !l.takesKind(a.route.Kind)
	})
	if len(admitting) == 0 {
		return a.notAllowed(parent, selected[0])
	}
	if !slices.ContainsFunc(admitting, func(l listener) bool { return l.takesHost(a.hosts) }) {
		return a.noHost(parent, admitting)
	}
	return nil
}

// noParent: no listener has the sectionName or the port.
func (a *attachment) noParent(parent *manifest.Resource, all []listener) *analyzer.Finding {
	field, value := "sectionName", a.section
	named := func(l listener) bool { return l.name == a.section }
	if a.section == "" || slices.ContainsFunc(all, named) {
		field, value = "port", a.port
	}
	var has []string
	for _, l := range all {
		if field == "port" && (a.section == "" || named(l)) {
			has = append(has, l.port)
		} else if field != "port" {
			has = append(has, l.name)
		}
	}
	list := strings.Join(slices.Compact(has), ", ")
	return a.finding("NoMatchingParent", slices.Concat(a.at, []string{field}), analyzer.Finding{
		Message: fmt.Sprintf("%s references %s %s of %s, which has no such listener", a.route, field, value, parent),
		Label:   fmt.Sprintf("no listener has this %s", cmp.Or(map[string]string{"port": "port"}[field], "name")),
		Help:    fmt.Sprintf("set %s to a listener's: %s", field, list),
		Related: []analyzer.Related{{Location: parent.KeyLocation("spec", "listeners"), Message: "the listeners are " + listenerList(all)}},
	})
}

// listenerList names listeners for people.
func listenerList(all []listener) string {
	var names []string
	for _, l := range all {
		names = append(names, fmt.Sprintf("%s (%s/%s)", l.name, l.protocol, l.port))
	}
	return strings.Join(names, ", ")
}

// notAllowed: the listeners do not admit the namespace or the kind.
func (a *attachment) notAllowed(parent *manifest.Resource, l listener) *analyzer.Finding {
	if ok, why := l.takesNamespace(a.graph, a.route); !ok {
		f := analyzer.Finding{
			Message: fmt.Sprintf("%s is in namespace %s, which allowedRoutes of %s excludes", a.route, a.graph.Namespace(a.route), parent),
			Label:   "its listeners do not admit this route",
			Help:    fmt.Sprintf("set allowedRoutes.namespaces of listener %s to from: All, or to a selector that matches namespace %s", l.name, a.graph.Namespace(a.route)),
			Related: []analyzer.Related{{Location: parent.EntryLocation(l.at("name")...), Message: fmt.Sprintf("listener %s %s", l.name, why)}},
		}
		if strings.Contains(why, "selector") {
			f.Claim = analyzer.Suspect // somebody may label the namespace in the cluster
			f.Help = fmt.Sprintf("add the label to Namespace %s, or change the selector of listener %s", a.graph.Namespace(a.route), l.name)
		}
		return a.finding("NotAllowedByListeners", a.ref.Path, f)
	}
	kinds := strings.Join(kindsOf[l.protocol], ", ")
	if manifest.Get(l.node, "allowedRoutes", "kinds") != nil {
		kinds = "the kinds of allowedRoutes.kinds"
	}
	return a.finding("NotAllowedByListeners", a.ref.Path, analyzer.Finding{
		Message: fmt.Sprintf("%s references %s, none of whose listeners takes a %s", a.route, parent, a.route.Kind),
		Label:   fmt.Sprintf("no listener for a %s", a.route.Kind),
		Help:    fmt.Sprintf("add a listener that takes a %s, or use the kind of route that listener %s takes", a.route.Kind, l.name),
		Related: []analyzer.Related{{Location: parent.EntryLocation(l.at("protocol")...), Message: fmt.Sprintf("listener %s (%s) takes %s", l.name, l.protocol, kinds)}},
	})
}

// noHost: no hostname of the route is one of a listener.
func (a *attachment) noHost(parent *manifest.Resource, all []listener) *analyzer.Finding {
	var hosts []string
	for _, l := range all {
		hosts = append(hosts, l.hostname)
	}
	wanted := strings.Join(hosts, ", ")
	f := analyzer.Finding{
		Message: fmt.Sprintf("%s has hostname %s, which no listener of %s has", a.route, strings.Join(a.hosts, ", "), parent),
		Label:   "matches no hostname of a listener",
		Help:    fmt.Sprintf("use a hostname that %s matches, or add a listener for it", wanted),
		Related: []analyzer.Related{{Location: parent.EntryLocation(all[0].at("hostname")...), Message: "the listeners have " + wanted}},
	}
	return a.finding("NoMatchingListenerHostname", []string{"spec", "hostnames"}, f)
}

// finding fills in what all findings have in common: the condition that the
// controller sets.
func (a *attachment) finding(reason string, path []string, f analyzer.Finding) *analyzer.Finding {
	f.Consequence = fmt.Sprintf("the controller sets Accepted=False, reason %s, and the route serves no requests", reason)
	f.Location, f.Path, f.Resource = a.route.EntryLocation(path...), path, a.route
	return &f
}
