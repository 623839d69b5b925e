package hosts

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Host is a host name in the configuration of a program that may be a Service's.
type Host struct {
	// From holds the text at Path, a workload or a ConfigMap.
	From *manifest.Resource
	Path []string
	// Workload is set if the text stands in the template of its pods.
	Workload *graph.Workload
	// Text is the host as it is written, without its port.
	Text string
	// Name and Namespace are those of the Service by the rules of DNS. Namespace
	// is the object's own where the text says none, "" if that is not known.
	Name, Namespace string
	// Own reports that the text says no namespace, Full that it says svc, which
	// nothing but a Service has.
	Own, Full bool
	// Port is 0 where the text says none.
	Port int
	// URL reports that the host stands in a URL.
	URL bool
}

// all is the key of the hosts of a graph.
var all memo.Key[[]Host]

// All returns the hosts in the unit's own workloads and ConfigMaps.
func All(g *graph.Graph) []Host {
	return all.Of(g, func() []Host {
		var found []Host
		if len(g.Services) == 0 {
			return nil
		}
		for _, w := range g.Workloads {
			if w.Own && !w.Superseded && !w.Controlled() {
				found = append(found, ofWorkload(g, w)...)
			}
		}
		for _, r := range g.Unit.Resources {
			if r.Kind == "ConfigMap" && r.Group == "" && !g.Superseded(r) {
				for key, e := range manifest.Fields(r.Get("data")) {
					found = appendHosts(found, g, Host{From: r, Path: []string{"data", key}}, key, e.Value)
				}
			}
		}
		return found
	})
}

// ofWorkload returns the hosts in the environment and the arguments of containers.
func ofWorkload(g *graph.Graph, w *graph.Workload) []Host {
	var found []Host
	for _, c := range slices.Concat(w.Containers(), w.InitContainers()) {
		at := Host{From: w.Resource, Workload: w}
		for i, e := range manifest.Items(manifest.Get(c.Node, "env")) {
			at.Path = slices.Concat(c.Path, []string{"env", strconv.Itoa(i), "value"})
			found = appendHosts(found, g, at, manifest.String(e, "name"), manifest.Get(e, "value"))
		}
		for _, field := range []string{"command", "args"} {
			for i, arg := range manifest.Items(manifest.Get(c.Node, field)) {
				at.Path = slices.Concat(c.Path, []string{field, strconv.Itoa(i)})
				found = appendHosts(found, g, at, field, arg)
			}
		}
	}
	return found
}

// longest is the longest text that is searched: longer ones are data.
const longest = 64 << 10

// appendHosts adds the hosts in the text of a node.
func appendHosts(found []Host, g *graph.Graph, at Host, key string, n *manifest.Node) []Host {
	text := manifest.String(n)
	if len(text) > longest {
		return found
	}
	for _, h := range inText(key, text) {
		at.Text, at.Port, at.URL = h.host, h.port, h.url
		at.Name, at.Namespace, at.Own, at.Full = h.host, g.Namespace(at.From), true, false
		if name, rest, dotted := strings.Cut(h.host, "."); dotted {
			namespace, domain, _ := strings.Cut(rest, ".")
			if domain != "" && domain != "svc" && !strings.HasPrefix(domain, "svc.") {
				continue // a name of the outside, or of a pod
			}
			at.Name, at.Namespace, at.Own, at.Full = name, namespace, false, domain != ""
		}
		found = append(found, at)
	}
	return found
}

// Services returns the Services of the unit and its context that a host names.
func Services(g *graph.Graph, h Host) []*graph.Service {
	var found []*graph.Service
	for _, r := range g.Objects().Named(graph.Target{Kind: "Service", Name: h.Name}) {
		if unit.SameNamespace(h.Namespace, g.Namespace(r)) {
			found = append(found, g.Service(r))
		}
	}
	return found
}

// UsedBy returns the Services that the configuration of a workload names, that of
// the ConfigMaps of its environment and volumes included, each with a host.
func UsedBy(g *graph.Graph, w *graph.Workload) map[*graph.Service]Host {
	configs := map[*manifest.Resource]bool{}
	for _, ref := range g.References().All {
		if ref.Workload == w && ref.Target.Kind == "ConfigMap" {
			for _, r := range g.Resolve(ref) {
				configs[r] = true
			}
		}
	}
	used := map[*graph.Service]Host{}
	for _, h := range All(g) {
		if h.Workload != w && !configs[h.From] {
			continue
		}
		for _, s := range Services(g, h) {
			if _, known := used[s]; !known {
				used[s] = h
			}
		}
	}
	return used
}
