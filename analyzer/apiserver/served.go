package apiserver

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// optIn is the first version in which new beta APIs are off by default
// (https://kubernetes.io/docs/reference/using-api/#api-versioning, KEP-3136).
// Those that are older stay on until they are removed.
var optIn = Version{1, 24}

// aggregated are the APIs that kube-aggregator, a part of every API server,
// serves itself.
var aggregated = []schema.GroupVersionKind{{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"}}

// APIVersions returns what the discovery of a cluster of a version lists, as Helm
// reads it: "GROUP/VERSION" and "GROUP/VERSION/Kind", sorted (helm.sh/helm
// pkg/action GetVersionSet). These are the APIs that a server has without
// flags: no alpha, and no beta that is off by default.
func APIVersions(v Version) []string {
	served := map[string]bool{}
	add := func(gvk schema.GroupVersionKind) {
		gv := gvk.GroupVersion().String()
		served[gv], served[gv+"/"+gvk.Kind] = true, true
	}
	for _, types := range []*runtime.Scheme{scheme.Scheme, extensions} {
		for gvk := range types.AllKnownTypes() {
			if gvk.Version != runtime.APIVersionInternal && servedIn(v, types, gvk) {
				add(gvk)
			}
		}
	}
	for gvk, l := range gone {
		if !l.isOver(v) && !strings.Contains(gvk.Version, "alpha") {
			add(gvk)
		}
	}
	for _, gvk := range aggregated {
		add(gvk)
	}
	return slices.Sorted(maps.Keys(served))
}

// servedIn reports whether a server of a version serves a kind by default.
func servedIn(v Version, types *runtime.Scheme, gvk schema.GroupVersionKind) bool {
	object, err := types.New(gvk)
	if err != nil {
		return false
	}
	if _, ok := object.(metav1.Object); !ok { // a list, or the options of a request
		return false
	}
	var introduced Version
	if o, ok := object.(interface{ APILifecycleIntroduced() (int, int) }); ok {
		introduced.Major, introduced.Minor = o.APILifecycleIntroduced()
	}
	l, ok := LifecycleOf(gvk.GroupVersion().String(), gvk.Kind)
	switch {
	case !ok, l.isOver(v), !v.AtLeast(introduced), strings.Contains(gvk.Version, "alpha"):
		return false
	case strings.Contains(gvk.Version, "beta"):
		return !introduced.AtLeast(optIn)
	}
	return true
}
