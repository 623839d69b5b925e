package graph

import (
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// classKinds are the kinds of classes that objects name. They have no
// namespace.
var classKinds = map[Target]bool{
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}: true,
	{Group: "node.k8s.io", Kind: "RuntimeClass"}:        true,
	{Group: "storage.k8s.io", Kind: "StorageClass"}:     true,
	{Group: "networking.k8s.io", Kind: "IngressClass"}:  true,
	{Group: GatewayGroup, Kind: "GatewayClass"}:         true,
}

// podClasses reads the classes that the pods of a workload name.
func (r *reader) podClasses(w *Workload) {
	for _, class := range [...]struct {
		field string
		of    Target
	}{
		{"priorityClassName", Target{Group: "scheduling.k8s.io", Kind: "PriorityClass"}},
		{"runtimeClassName", Target{Group: "node.k8s.io", Kind: "RuntimeClass"}},
	} {
		if class.of.Name = manifest.String(w.PodField("spec", class.field)); class.of.Name != "" {
			r.add(Reference{Workload: w, Use: Class, Target: class.of, Path: w.At("spec", class.field)})
		}
	}
}

// classes reads the classes that an object names outside of a pod template.
func (r *reader) classes(from *manifest.Resource) {
	class := func(group, kind string, path ...string) {
		r.add(Reference{From: from, Use: Class, Target: Target{Group: group, Kind: kind, Name: manifest.String(from.Node, path...)}, Path: path})
	}
	switch {
	case from.Kind == "PersistentVolumeClaim" && from.Group == "":
		class("storage.k8s.io", "StorageClass", "spec", "storageClassName")
	case from.Kind == "StatefulSet" && from.Group == "apps":
		for i := range manifest.Items(from.Get("spec", "volumeClaimTemplates")) {
			class("storage.k8s.io", "StorageClass", "spec", "volumeClaimTemplates", strconv.Itoa(i), "spec", "storageClassName")
		}
	case from.Kind == "Ingress" && from.Group == "networking.k8s.io":
		class("networking.k8s.io", "IngressClass", "spec", "ingressClassName")
	case from.Kind == "Gateway" && from.Group == GatewayGroup:
		class(GatewayGroup, "GatewayClass", "spec", "gatewayClassName")
	}
}
