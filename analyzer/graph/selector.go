package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// State says what stands where a selector is expected.
type State int

const (
	// Missing: no selector, or null.
	Missing State = iota
	// Empty: {} or a selector without any requirement.
	Empty
	// Present: at least one requirement.
	Present
	// Invalid: requirements that Kubernetes refuses.
	Invalid
	// Unfinished: a requirement holds a placeholder that a later tool fills in,
	// so nothing can be said of what it matches.
	Unfinished
)

// Selector is a selector of a resource together with its place. What an empty
// or missing one means depends on who uses it.
type Selector struct {
	State State
	// Selector is nil unless State is Present.
	Selector labels.Selector
	// Equal holds what must be equal: a map selector, or matchLabels.
	Equal map[string]string
	// Path leads to the selector in its resource.
	Path []string
	// LabelsPath leads to the mapping that Equal was read from.
	LabelsPath []string
	// Err says what is wrong with an Invalid one.
	Err error
	// ErrPath is the place of Err.
	ErrPath []string
}

// ReadMapSelector reads a selector of key and value pairs, as Services and
// ReplicationControllers have.
func ReadMapSelector(r *manifest.Resource, path ...string) Selector {
	s := Selector{Path: path, LabelsPath: path, Equal: manifest.StringMap(r.Node, path...)}
	switch {
	case s.Equal == nil:
		return s
	case len(s.Equal) == 0:
		s.State = Empty
		return s
	}
	if hasPlaceholder(s.Equal) {
		s.State = Unfinished
		return s
	}
	var err error
	if s.Selector, err = labels.ValidatedSelectorFromSet(s.Equal); err != nil {
		return s.invalid(err, path)
	}
	s.State = Present
	return s
}

// ReadLabelSelector reads a selector of matchLabels and matchExpressions.
func ReadLabelSelector(r *manifest.Resource, path ...string) Selector {
	at := func(steps ...string) []string { return slices.Concat(path, steps) }
	s := Selector{Path: path, LabelsPath: at("matchLabels"), Equal: manifest.StringMap(r.Node, at("matchLabels")...)}
	if !manifest.IsMapping(r.Get(path...)) {
		return s
	}
	if hasPlaceholder(s.Equal) {
		s.State = Unfinished
		return s
	}
	ls := &metav1.LabelSelector{MatchLabels: s.Equal}
	for i, n := range manifest.Items(r.Get(at("matchExpressions")...)) {
		e := metav1.LabelSelectorRequirement{
			Key:      manifest.String(n, "key"),
			Operator: metav1.LabelSelectorOperator(manifest.String(n, "operator")),
		}
		for _, v := range manifest.Items(manifest.Get(n, "values")) {
			e.Values = append(e.Values, manifest.String(v))
		}
		if manifest.IsPlaceholder(strings.Join(append(e.Values, e.Key), " ")) {
			s.State = Unfinished
			return s
		}
		if _, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{e}}); err != nil {
			return s.invalid(err, at("matchExpressions", fmt.Sprint(i)))
		}
		ls.MatchExpressions = append(ls.MatchExpressions, e)
	}
	if len(ls.MatchLabels) == 0 && len(ls.MatchExpressions) == 0 {
		s.State = Empty
		return s
	}
	selector, err := metav1.LabelSelectorAsSelector(ls)
	if err != nil {
		return s.invalid(err, s.LabelsPath)
	}
	s.State, s.Selector = Present, selector
	return s
}

func (s Selector) invalid(err error, path []string) Selector {
	var list interface{ Errors() []error }
	if errors.As(err, &list) && len(list.Errors()) > 0 {
		err = list.Errors()[0]
	}
	s.State, s.Selector, s.Err, s.ErrPath = Invalid, nil, err, path
	return s
}

func hasPlaceholder(set map[string]string) bool {
	for k, v := range set {
		if manifest.IsPlaceholder(k) || manifest.IsPlaceholder(v) {
			return true
		}
	}
	return false
}

// String returns the selector as "kubectl get -l" takes it.
func (s Selector) String() string {
	if s.Selector != nil {
		return s.Selector.String()
	}
	return Format(s.Equal)
}

// Format returns labels as "a=b,c=d", sorted by key.
func Format(set map[string]string) string {
	pairs := make([]string, 0, len(set))
	for _, k := range slices.Sorted(maps.Keys(set)) {
		pairs = append(pairs, k+"="+set[k])
	}
	return strings.Join(pairs, ",")
}

// PathTo returns the path of a label that must be equal, that of the selector for
// "".
func (s Selector) PathTo(key string) []string {
	if key == "" {
		return s.Path
	}
	return slices.Concat(s.LabelsPath, []string{key})
}

// ExpressionPath returns the path of the first expression about a key, or of
// the selector if there is none.
func (s Selector) ExpressionPath(r *manifest.Resource, key string) []string {
	at := slices.Concat(s.Path, []string{"matchExpressions"})
	for i, n := range manifest.Items(r.Get(at...)) {
		if manifest.String(n, "key") == key {
			return append(at, fmt.Sprint(i))
		}
	}
	return s.Path
}

// OnlyLabels reports whether a selector consists of labels that must be equal.
func OnlyLabels(s Selector) bool {
	requirements, _ := s.Selector.Requirements()
	return len(requirements) == len(s.Equal)
}
