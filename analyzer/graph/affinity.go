package graph

import (
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// PodTerm is a term of the affinity or anti-affinity of pods to other pods.
type PodTerm struct {
	// Path leads to what holds labelSelector and topologyKey.
	Path []string
	// Anti tells anti-affinity from affinity, Required what must hold from what
	// is merely preferred.
	Anti, Required bool
	TopologyKey    string
	// Selector matches no pods when it is Missing and all when it is Empty.
	Selector Selector
	// Namespaces are those that are named; AnyNamespace reports a selector of
	// namespaces. Without either the pods' own namespace counts.
	Namespaces   []string
	AnyNamespace bool
	// PerRevision reports that only pods of the same template count, by
	// matchLabelKeys. Mismatch reports mismatchLabelKeys.
	PerRevision, Mismatch bool

	allNamespaces bool // an empty selector of namespaces
}

// PodTerms returns the terms of the pods' affinity and anti-affinity.
func (w *Workload) PodTerms() []PodTerm {
	var found []PodTerm
	for _, field := range []string{"podAffinity", "podAntiAffinity"} {
		for _, mode := range []string{"required", "preferred"} {
			list := w.At("spec", "affinity", field, mode+"DuringSchedulingIgnoredDuringExecution")
			for i := range manifest.Items(w.Get(list...)) {
				path := slices.Concat(list, []string{strconv.Itoa(i)})
				if mode == "preferred" {
					path = append(path, "podAffinityTerm")
				}
				t := w.podTerm(path)
				t.Anti, t.Required = field == "podAntiAffinity", mode == "required"
				found = append(found, t)
			}
		}
	}
	return found
}

func (w *Workload) podTerm(path []string) PodTerm {
	at := func(steps ...string) []string { return slices.Concat(path, steps) }
	t := PodTerm{
		Path:        path,
		TopologyKey: manifest.String(w.Node, at("topologyKey")...),
		Selector:    ReadLabelSelector(w.Resource, at("labelSelector")...),
		PerRevision: hasItem(w, "pod-template-hash", at("matchLabelKeys")...),
		Mismatch:    len(manifest.Items(w.Get(at("mismatchLabelKeys")...))) > 0,
	}
	for _, n := range manifest.Items(w.Get(at("namespaces")...)) {
		t.Namespaces = append(t.Namespaces, manifest.String(n))
	}
	if s := ReadLabelSelector(w.Resource, at("namespaceSelector")...); s.State != Missing {
		t.AnyNamespace, t.allNamespaces = true, s.State == Empty
	}
	return t
}

func hasItem(w *Workload, item string, path ...string) bool {
	for _, n := range manifest.Items(w.Get(path...)) {
		if manifest.String(n) == item {
			return true
		}
	}
	return false
}

// Matched returns the workloads whose pods a term of w can mean, w itself
// included.
func (g *Graph) Matched(w *Workload, t PodTerm) []*Workload {
	selector := t.Selector
	if selector.State == Empty {
		selector.Selector = labels.Everything()
	}
	if t.AnyNamespace {
		return g.Select("", selector)
	}
	namespaces := t.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{g.Namespace(w.Resource)}
	}
	var found []*Workload
	for _, namespace := range namespaces {
		found = append(found, g.Select(namespace, selector)...)
	}
	return found
}

// MeansItself reports whether a term surely means the pods of w itself.
func (g *Graph) MeansItself(w *Workload, t PodTerm) bool {
	own := len(t.Namespaces) == 0 && !t.AnyNamespace || t.allNamespaces ||
		slices.Contains(t.Namespaces, g.Namespace(w.Resource)) // never "", which no namespace is called
	switch {
	case t.Mismatch || !own:
		return false
	case t.Selector.State == Present:
		return t.Selector.Selector.Matches(w.Labels)
	}
	return t.Selector.State == Empty
}

// Spread is a topology spread constraint.
type Spread struct {
	// Path leads to it in its resource.
	Path        []string
	TopologyKey string
	// Required reports whenUnsatisfiable: DoNotSchedule.
	Required bool
	// Selector matches no pods when it is Missing and all when it is Empty.
	Selector Selector
}

// Spreads returns the topology spread constraints of the pods.
func (w *Workload) Spreads() []Spread {
	var found []Spread
	list := w.At("spec", "topologySpreadConstraints")
	for i, n := range manifest.Items(w.Get(list...)) {
		path := slices.Concat(list, []string{strconv.Itoa(i)})
		found = append(found, Spread{
			Path:        path,
			TopologyKey: manifest.String(n, "topologyKey"),
			Required:    manifest.String(n, "whenUnsatisfiable") == "DoNotSchedule",
			Selector:    ReadLabelSelector(w.Resource, append(slices.Clone(path), "labelSelector")...),
		})
	}
	return found
}
