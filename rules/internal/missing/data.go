package missing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// DataKey is an entry of a ConfigMap or Secret.
type DataKey struct {
	Name string
	// Path leads to it in its resource.
	Path []string
}

// DataKeys returns the entries of a ConfigMap or Secret in the order in which
// they are written.
func DataKeys(r *manifest.Resource) []DataKey {
	var keys []DataKey
	for _, field := range DataFields {
		for name := range manifest.Fields(r.Get(field)) {
			keys = append(keys, DataKey{name, []string{field, name}})
		}
	}
	return keys
}

// ListKeys names the first few of the keys.
func ListKeys(keys []DataKey) string {
	const few = 5
	var names []string
	for _, k := range keys[:min(few, len(keys))] {
		names = append(names, k.Name)
	}
	if len(keys) > few {
		names = append(names, fmt.Sprintf("and %d more", len(keys)-few))
	}
	return strings.Join(names, ", ")
}

// Generated reports whether kustomize makes the object of a reference too, and so
// may add to it.
func Generated(p *analyzer.Pass, ref *graph.Reference) bool {
	return slices.Contains(p.Unit.Generated, kustomize.Generated{Kind: ref.Target.Kind, Name: ref.Target.Name})
}

// FilledInLater reports whether a ConfigMap or Secret gets entries that its
// manifest does not have: it has none yet, it is of a type that a controller
// fills in, or it is marked for a tool that does.
func FilledInLater(r *manifest.Resource) bool {
	keys := DataKeys(r)
	if len(keys) == 0 || manifest.String(r.Node, "type") == "kubernetes.io/service-account-token" {
		return true
	}
	for _, marks := range []string{"labels", "annotations"} {
		for key := range manifest.Fields(r.Get("metadata", marks)) {
			if strings.Contains(key, "inject") || strings.Contains(key, "replicat") || strings.Contains(key, "reflect") {
				return true
			}
		}
	}
	return slices.ContainsFunc(keys, func(k DataKey) bool { return manifest.IsPlaceholder(k.Name) })
}
