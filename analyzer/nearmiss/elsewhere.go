package nearmiss

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// otherKinds are the kinds that are mistaken for each other.
var otherKinds = map[string][]string{
	"ConfigMap":   {"Secret"},
	"Secret":      {"ConfigMap"},
	"Role":        {"ClusterRole"},
	"ClusterRole": {"Role"},
}

// ofOtherKind: there is an object of the name, of another kind. Of a ConfigMap
// and a Secret there are often both, one of which is made elsewhere, so the one
// here must have what is asked for, and nothing must reference it.
func (d dangling) ofOtherKind([]candidate) *Explanation {
	t := d.ref.Target
	if d.ref.Use == graph.ScaleTarget {
		return d.ofOtherScale()
	}
	for _, kind := range otherKinds[t.Kind] {
		for _, r := range d.Graph.Objects().Named(graph.Target{Group: t.Group, Kind: kind, Name: t.Name}) {
			e := &Explanation{At: r.EntryLocation("kind"), What: fmt.Sprintf("%s is a %s", r.Name, r.Kind)}
			if t.Group != "" { // roles
				if len(d.Graph.ResolveBeside(d.ref)) > 0 || kind == "Role" && d.ref.From.Kind == "RoleBinding" && !d.Graph.SameNamespace(d.ref.From, r) {
					continue
				}
				e.Help = fmt.Sprintf("set roleRef.kind to %s, or make %s a %s", r.Kind, r.Name, t.Kind)
				if d.ref.From.Kind == "ClusterRoleBinding" {
					e.Help = fmt.Sprintf("make %s a ClusterRole: a ClusterRoleBinding cannot reference a Role", r.Name)
				}
				return e
			}
			if d.Graph.InNamespaceOf(d.ref, r) && d.unused(r) && (d.ref.Key == "" || hasKey(r, d.ref.Key)) {
				e.Help = fmt.Sprintf("reference the %s, or make it a %s: nothing references the %s", r.Kind, t.Kind, r.Kind)
				return e
			}
		}
	}
	return nil
}

// ofOtherScale: what an autoscaler names is of another group or kind.
func (d dangling) ofOtherScale() *Explanation {
	ref, t := d.ref, d.ref.Target
	for _, sameKind := range []bool{true, false} { // the group is the smaller mistake
		for _, w := range d.Graph.Called(t.Name) {
			if w.Superseded || !d.Graph.SameNamespace(ref.From, w.Resource) || (w.Kind == t.Kind) != sameKind || w.Kind == t.Kind && w.Group == t.Group {
				continue
			}
			if sameKind {
				return &Explanation{
					Key:   "apiVersion",
					Label: "not the API group of the target",
					At:    w.EntryLocation("apiVersion"),
					What:  fmt.Sprintf("%s is defined in %s", w, w.APIVersion),
					Help:  fmt.Sprintf("set apiVersion to %s: the target is looked up by its group and kind", served(w)),
				}
			}
			e := &Explanation{
				Key:   "kind",
				Label: fmt.Sprintf("no %s of this name exists", t.Kind),
				At:    w.EntryLocation("kind"),
				What:  fmt.Sprintf("%s is a %s", w.Name, w.Kind),
				Help:  fmt.Sprintf("set kind to %s and apiVersion to %s", w.Kind, w.APIVersion),
			}
			if !w.Scalable() && !w.Custom {
				e.Help = fmt.Sprintf("remove the autoscaler: a %s cannot be scaled", w.Kind)
			}
			return e
		}
	}
	return nil
}

// served returns the apiVersion of a workload, in the version that replaced its
// own (https://kubernetes.io/docs/reference/using-api/deprecation-guide/#v1-16).
func served(w *graph.Workload) string {
	if w.Scalable() && w.Group != "" {
		return "apps/v1"
	}
	return w.APIVersion
}

// unused reports whether nothing references an object.
func (d dangling) unused(r *manifest.Resource) bool {
	return !slices.ContainsFunc(d.Graph.References().To(d.Graph, r), func(other *graph.Reference) bool {
		return r.Kind != "ServiceAccount" || other.Use == d.ref.Use
	})
}

// elsewhere: the object is in another namespace, where nothing references it.
// kustomize may still move either of them.
func (d dangling) elsewhere([]candidate) *Explanation {
	grant := d.ref.Use == graph.GrantedRole || d.ref.Use == graph.GrantedTo
	if grant && d.Unit.Rewrites(kustomize.Relations) {
		return nil
	}
	for _, r := range d.Graph.Objects().Named(d.ref.Target) {
		if d.Graph.InNamespaceOf(d.ref, r) || d.ref.Use != graph.ScaleTarget && !d.unused(r) {
			continue
		}
		e := &Explanation{
			Label: "not in namespace " + d.ref.Namespace,
			At:    r.EntryLocation("metadata", "namespace"),
			What:  fmt.Sprintf("%s is in namespace %s", r, d.Graph.Namespace(r)),
			Help:  fmt.Sprintf("put both into one namespace: a %s references objects of its own", d.ref.From.Kind),
		}
		if at := append(slices.Clone(d.ref.Path[:len(d.ref.Path)-1]), "namespace"); grant && d.ref.From.Get(at...) != nil {
			e.Help = fmt.Sprintf("set namespace to %s, that of the %s", d.Graph.Namespace(r), d.ref.Target.Kind)
		}
		return e
	}
	return nil
}
