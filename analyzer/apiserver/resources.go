package apiserver

import (
	_ "embed"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

//go:generate go run generate_resources.go

// resourcesText has a line for each resource that an API server of Served has in
// any version of its group: group, plural, singular, scope, short names and
// subresources, divided by tabs.
//
//go:embed resources.txt
var resourcesText string

// Resource is what authorization is asked about: the plural in a URL, not the kind
// of an object (k8s.io/apiserver pkg/endpoints/request/requestinfo.go).
type Resource struct {
	Group, Plural, Singular string
	// ShortNames are the abbreviations that kubectl takes; nil if there are none.
	ShortNames []string
	// Namespaced reports whether its objects are in a namespace.
	Namespaced bool
	// Subresources are its subresources, without the plural; nil if there are none.
	Subresources []string
}

// Resources returns all resources of the API server of Served, in the order of
// their groups and plurals. Callers must not change them.
var Resources = sync.OnceValue(func() []Resource {
	var all []Resource
	for line := range strings.Lines(resourcesText) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		all = append(all, Resource{Group: f[0], Plural: f[1], Singular: f[2], Namespaced: f[3] == "Namespaced",
			ShortNames: words(f[4]), Subresources: words(f[5])})
	}
	return all
})

func words(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// HadResource reports whether Kubernetes itself had a resource in a group in any
// of its versions, such as deployments in extensions. Plurals are derived from
// kinds, as the API machinery does.
func HadResource(group, plural string) bool {
	return formerResources()[schema.GroupResource{Group: group, Resource: plural}]
}

var formerResources = sync.OnceValue(func() map[schema.GroupResource]bool {
	had := map[schema.GroupResource]bool{}
	add := func(gvk schema.GroupVersionKind) {
		plural, _ := meta.UnsafeGuessKindToResource(gvk)
		had[plural.GroupResource()] = true
	}
	for _, types := range []*runtime.Scheme{scheme.Scheme, extensions} {
		for gvk := range types.AllKnownTypes() {
			add(gvk)
		}
	}
	for gvk := range maps.Keys(gone) {
		add(gvk)
	}
	for _, r := range Resources() {
		had[schema.GroupResource{Group: r.Group, Resource: r.Plural}] = true
	}
	return had
})

// HadGroup reports whether Kubernetes itself had a group in any of its versions.
func HadGroup(group string) bool {
	return slices.ContainsFunc(formerGroups(), func(g string) bool { return g == group })
}

var formerGroups = sync.OnceValue(func() []string {
	groups := map[string]bool{}
	for r := range formerResources() {
		groups[r.Group] = true
	}
	return slices.Sorted(maps.Keys(groups))
})
