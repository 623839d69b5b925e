package graph

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// injector is a webhook that adds a container to pods which ask for it.
type injector struct {
	// keys are the labels and annotations by which a pod or its namespace asks
	// for it. The pod's own word counts before that of its namespace.
	keys []string
	// asks and declines are the values of them; no asks stand for all values but
	// those that decline.
	asks, declines []string
	// ports are those of the container, by name; open reports that they are not
	// known, because a configuration elsewhere decides.
	ports []string
	open  bool
}

// injectors are the webhooks that are known to add containers with ports.
var injectors = []injector{
	// https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/, manifests/charts/istio-control/istio-discovery/files/injection-template.yaml
	{keys: []string{"sidecar.istio.io/inject", "istio-injection", "istio.io/rev"}, declines: []string{"false", "disabled", ""}, ports: []string{"http-envoy-prom"}},
	// https://linkerd.io/2/features/proxy-injection/, charts/partials/templates/_proxy.tpl
	{keys: []string{"linkerd.io/inject"}, asks: []string{"enabled", "ingress"}, ports: []string{"linkerd-proxy", "linkerd-admin"}},
	// https://docs.dapr.io/reference/arguments-annotations-overview/, pkg/injector/patcher/sidecar_container.go
	{keys: []string{"dapr.io/enabled"}, asks: []string{"true"}, ports: []string{"dapr-http", "dapr-grpc", "dapr-internal", "dapr-metrics"}},
	// https://developer.hashicorp.com/consul/docs/k8s/connect: the ports follow from further annotations and the mesh's defaults
	{keys: []string{"consul.hashicorp.com/connect-inject", "connect-inject"}, asks: []string{"true", "enabled"}, open: true},
	// https://opentelemetry.io/docs/platforms/kubernetes/operator/: the ports are those of an OpenTelemetryCollector
	{keys: []string{"sidecar.opentelemetry.io/inject"}, declines: []string{"false", ""}, open: true},
}

// Injected reports whether a sidecar that is injected into the pods of a workload
// may declare a port of that name: it is asked for by a label or an annotation of
// the pods or of their Namespace, if that is known.
func (g *Graph) Injected(w *Workload, port string) bool {
	pod := []map[string]string{w.Labels, manifest.StringMap(w.Node, w.At("metadata", "annotations")...)}
	namespace := g.namespaceWords(g.Namespace(w.Resource))
	return slices.ContainsFunc(injectors, func(i injector) bool {
		if !i.open && !slices.Contains(i.ports, port) {
			return false
		}
		wanted, said := i.wanted(pod)
		if !said {
			wanted, _ = i.wanted(namespace)
		}
		return wanted
	})
}

// wanted reports whether labels or annotations ask for the container; said is
// false if they are silent.
func (i injector) wanted(words []map[string]string) (wanted, said bool) {
	for _, key := range i.keys {
		for _, set := range words {
			if value, ok := set[key]; ok {
				wanted = slices.Contains(i.asks, value) || i.asks == nil && !slices.Contains(i.declines, value)
				return wanted, true
			}
		}
	}
	return false, false
}

// namespaceWordsKey is the key of the labels and annotations of Namespaces among
// the views.
var namespaceWordsKey memo.Key[map[string][]map[string]string]

// namespaceWords returns the labels and the annotations of a Namespace of the
// unit or its context, nil if it is not known.
func (g *Graph) namespaceWords(name string) []map[string]string {
	return namespaceWordsKey.Of(g, func() map[string][]map[string]string {
		all := map[string][]map[string]string{}
		for _, r := range slices.Concat(g.Unit.Resources, g.Unit.Context) {
			if r.Kind == "Namespace" && r.Group == "" {
				all[r.Name] = append(all[r.Name], manifest.StringMap(r.Node, "metadata", "labels"), manifest.StringMap(r.Node, "metadata", "annotations"))
			}
		}
		return all
	})[name]
}
