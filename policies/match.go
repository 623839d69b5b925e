package policies

import (
	"errors"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// match says which objects a constraint is about, in the words of Gatekeeper
// (github.com/open-policy-agent/gatekeeper pkg/mutation/match).
type match struct {
	Source string `json:"source"`
	Kinds  []struct {
		APIGroups []string `json:"apiGroups"`
		Kinds     []string `json:"kinds"`
	} `json:"kinds"`
	Scope              string                `json:"scope"`
	Namespaces         []wildcard            `json:"namespaces"`
	ExcludedNamespaces []wildcard            `json:"excludedNamespaces"`
	LabelSelector      *metav1.LabelSelector `json:"labelSelector"`
	NamespaceSelector  *metav1.LabelSelector `json:"namespaceSelector"`
	Name               wildcard              `json:"name"`
}

// subject is an object that may match.
type subject struct {
	resource  *manifest.Resource
	namespace string // where it goes, "" for what has none
	// labels are those of the Namespace, nil if they are not known.
	labels map[string]string
	// generated reports that an expansion has made it.
	generated bool
}

// matchOf reads the match of a constraint.
func matchOf(constraint map[string]any) (match, error) {
	var m match
	spec, _ := constraint["spec"].(map[string]any)
	object, ok := spec["match"].(map[string]any)
	if !ok {
		return m, nil
	}
	return m, runtime.DefaultUnstructuredConverter.FromUnstructured(object, &m)
}

// errNamespace says that what a constraint asks of a namespace is not known.
var errNamespace = errors.New("the labels of the namespace are not known")

// matches reports whether a constraint is about an object.
func (m *match) matches(s subject) (bool, error) {
	r := s.resource
	if !m.matchesKind(r) || !m.matchesScope(s) || !m.matchesSource(s) {
		return false, nil
	}
	if name := manifest.String(r.Node, "metadata", "generateName"); m.Name != "" && !m.Name.matches(r.Name) && !m.Name.matchesStart(name) {
		return false, nil
	}
	if s.namespace != "" {
		in := func(w wildcard) bool { return w.matches(s.namespace) }
		if len(m.Namespaces) > 0 && !slices.ContainsFunc(m.Namespaces, in) || slices.ContainsFunc(m.ExcludedNamespaces, in) {
			return false, nil
		}
	}
	if ok, err := selects(m.LabelSelector, labelsOf(r)); err != nil || !ok {
		return false, err
	}
	switch {
	case m.NamespaceSelector == nil:
		return true, nil
	case isNamespace(r):
		return selects(m.NamespaceSelector, labelsOf(r))
	case s.namespace == "": // every object without a namespace
		return true, nil
	case s.labels == nil:
		return false, errNamespace
	}
	return selects(m.NamespaceSelector, s.labels)
}

func (m *match) matchesKind(r *manifest.Resource) bool {
	if len(m.Kinds) == 0 {
		return true
	}
	has := func(list []string, name string) bool {
		return len(list) == 0 || slices.Contains(list, "*") || slices.Contains(list, name)
	}
	for _, k := range m.Kinds {
		if has(k.Kinds, r.Kind) && has(k.APIGroups, r.Group) {
			return true
		}
	}
	return false
}

func (m *match) matchesSource(s subject) bool {
	switch m.Source {
	case "Generated":
		return s.generated
	case "Original":
		return !s.generated
	}
	return true
}

func (m *match) matchesScope(s subject) bool {
	namespaced := s.namespace != "" && !isNamespace(s.resource)
	switch m.Scope {
	case "Cluster":
		return !namespaced
	case "Namespaced":
		return namespaced
	}
	return true
}

func isNamespace(r *manifest.Resource) bool { return r.Group == "" && r.Kind == "Namespace" }

// selects reports whether a selector, nil for everything, matches labels.
func selects(s *metav1.LabelSelector, of map[string]string) (bool, error) {
	if s == nil {
		return true, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return false, err
	}
	return selector.Matches(labels.Set(of)), nil
}

// labelsOf returns the labels of an object, not nil.
func labelsOf(r *manifest.Resource) map[string]string {
	all := map[string]string{}
	for key, e := range manifest.Fields(r.Get("metadata", "labels")) {
		if n := manifest.Resolve(e.Value); n != nil {
			all[key] = n.Value
		}
	}
	return all
}

// wildcard is a name that may begin or end with a star.
type wildcard string

func (w wildcard) matches(name string) bool {
	text, before := strings.CutPrefix(string(w), "*")
	text, after := strings.CutSuffix(text, "*")
	switch {
	case before && after:
		return strings.Contains(name, text)
	case before:
		return strings.HasSuffix(name, text)
	case after:
		return strings.HasPrefix(name, text)
	}
	return name == text
}

// matchesStart reports whether every name that begins so matches.
func (w wildcard) matchesStart(name string) bool {
	return name != "" && strings.HasSuffix(string(w), "*") && w.matches(name)
}
