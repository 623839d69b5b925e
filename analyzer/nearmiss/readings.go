package nearmiss

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// same says which of two labels to change. The labels of pods are where they are
// defined, so it is the selector, unless the workload's name has its value.
func (s search) same(h *holder, key string) string {
	want, value := s.Selector.Equal[key], h.labels[key]
	if h.Name == want && h.Name != value {
		return fmt.Sprintf("set %s to %s in %s, which is its name, or to %s in the selector", key, want, h.where(), value)
	}
	return fmt.Sprintf("set %s to %s in the selector, or to %s in %s", key, value, want, h.where())
}

// valueOff: all labels but one are right, and that one is a slip of the pen, or
// the same in other words, or a part of the other.
func (s search) valueOff(near []*holder) *Explanation {
	best, found := Part-1, (*holder)(nil)
	unclear := false
	for _, h := range near {
		key, ok := OneOff(s.Selector.Equal, h.carries)
		value, labelled := h.labels[key]
		if !ok || !labelled || !s.sees(h) {
			continue
		}
		l := Compare(s.Selector.Equal[key], value)
		if !s.convincing(h, key, l) {
			continue
		}
		switch {
		case l > best:
			best, found, unclear = l, h, false
		case l == best && found.labels[key] != value:
			unclear = true
		}
	}
	if found == nil {
		found = s.onlyValue(near)
	}
	if found == nil || unclear {
		return nil
	}
	key, _ := OneOff(s.Selector.Equal, found.carries)
	return &Explanation{
		Key: key, At: found.at(key), Wanted: s.Selector.Equal[key], There: found.labels[key],
		What: fmt.Sprintf("%s have %s=%s", plural(found), key, found.labels[key]),
		Help: s.same(found, key),
	}
}

func plural(h *holder) string {
	if h.service != nil {
		return "the labels of " + h.what
	}
	return h.what
}

// convincing reports whether a likeness of values is enough. Of values that differ
// by a letter, or in a word, those that another object selects are names of their
// own.
func (s search) convincing(h *holder, key string, l Likeness) bool {
	want, value := s.Selector.Equal[key], h.labels[key]
	switch {
	case l == Slip:
		return true
	case l == Changed:
		return !s.taken(h)
	case l < Part || !s.Owned || s.taken(h):
		return false
	}
	return l == Reworded || s.distinctive(h) || value == h.Name || want == h.Name
}

// onlyValue returns the only holder with another value under the only key, if the
// values are short words of which one has a letter more.
func (s search) onlyValue(near []*holder) *holder {
	if len(near) != 1 || len(s.Selector.Equal) != 1 || !s.sees(near[0]) || s.taken(near[0]) {
		return nil
	}
	key := sortedKeys(s.Selector.Equal)[0]
	want, value := s.Selector.Equal[key], near[0].labels[key]
	if len(want) == len(value) || min(len(want), len(value)) < 2 || Distance(want, value) != 1 || bare(want) == bare(value) {
		return nil
	}
	return near[0]
}

// distinctive reports whether a holder has a label of the selector that tells it
// from others.
func (s search) distinctive(h *holder) bool {
	common := everywhere(s.Graph)
	for key, value := range s.Selector.Equal {
		if h.labels[key] == value && !general.Has(key) && (common[key] != value || identities.Has(key)) {
			return true
		}
	}
	return false
}

// sameName: the name of what selects, or one of its values, is that of a holder
// with other labels.
func (s search) sameName(near []*holder) *Explanation {
	for _, h := range near {
		key := Missing(s.Selector.Equal, h.carries)
		named := h.Name == s.Selector.Equal[key] && (identities.Has(key) || h.labels[key] != "") && !s.taken(h)
		own := h.Name == s.Resource.Name && h.workload != nil && (!s.taken(h) || s.addsWord(h, key))
		if h.Name == "" || !named && !own || !s.sees(h) {
			continue
		}
		e := &Explanation{Key: key, At: h.NameLocation(), Help: fmt.Sprintf("add %s: %s to %s", key, s.Selector.Equal[key], h.where())}
		value, labelled := h.labels[key]
		whose := "but its pods"
		if h.service != nil {
			whose = "but it"
		}
		switch {
		case labelled:
			e.At = h.at(key)
			e.What = fmt.Sprintf("%s has the name, %s have %s=%s", h.Resource, whose, key, value)
			e.Help = s.same(h, key)
		case len(h.labels) == 1:
			e.What = fmt.Sprintf("%s has the name, but only the label %s", h.Resource, graph.FormatLabels(h.labels))
		case len(h.labels) == 0:
			e.What = fmt.Sprintf("%s has the name, but no labels", h.Resource)
		default:
			e.What = fmt.Sprintf("%s has the name, but only the labels %s", h.Resource, graph.FormatLabels(h.labels))
		}
		return e
	}
	return nil
}

// addsWord reports whether the selector is one label whose value has a word more or
// less than that of a holder.
func (s search) addsWord(h *holder, key string) bool {
	return len(s.Selector.Equal) == 1 && Compare(s.Selector.Equal[key], h.labels[key]) >= Part
}

// ownLabels: the workload itself carries the labels, its pods do not; or the
// Service selects its pods by them, and does not carry them itself.
func (s search) ownLabels(near []*holder) *Explanation {
	for _, h := range near {
		if !s.sees(h) {
			continue
		}
		key := Missing(s.Selector.Equal, h.carries)
		switch {
		case h.service != nil && Missing(s.Selector.Equal, carriedBy(h.service.Selector.Equal)) == "":
			return &Explanation{
				Key:  key,
				At:   h.EntryLocation(append(slices.Clone(h.service.Selector.LabelsPath), key)...),
				What: fmt.Sprintf("%s selects its pods by this label, and does not carry it itself", h.service),
				Help: fmt.Sprintf("add %s: %s to the labels of the Service", key, s.Selector.Equal[key]),
			}
		case h.workload == nil || h.workload.IsPod():
		case s.Selector.Selector.Matches(labels.Set(manifest.StringMap(h.Node, "metadata", "labels"))):
			return &Explanation{
				Key:  key,
				At:   h.EntryLocation("metadata", "labels", key),
				What: fmt.Sprintf("%s carries the label itself, but its pods have %s", h.workload, h.workload.PodLabels()),
				Help: fmt.Sprintf("add %s: %s to spec.template.metadata.labels", key, s.Selector.Equal[key]),
			}
		}
	}
	return nil
}

// otherKey: the same values stand under other keys.
func (s search) otherKey(near []*holder) *Explanation {
	for _, h := range near {
		if !s.sees(h) {
			continue
		}
		key, other := s.renamedKey(h)
		if key == "" {
			continue
		}
		have := "have"
		if h.service != nil {
			have = "has"
		}
		return &Explanation{
			Key: key, At: h.at(other), Wanted: key, There: other,
			What: fmt.Sprintf("%s %s this value under %s", h.what, have, other),
			Help: fmt.Sprintf("use the key %s in the selector: that is where %s", other, strings.Replace(h.where(), "the labels of ", "the value stands in the labels of ", 1)),
		}
	}
	return nil
}

// renamedKey returns the only label of the selector whose value a holder has under
// another key, and that key; "" if there is none, or if other labels are missing.
func (s search) renamedKey(h *holder) (key, other string) {
	for _, k := range sortedKeys(s.Selector.Equal) {
		value := s.Selector.Equal[k]
		if h.labels[k] == value {
			continue
		}
		there := s.siblingKey(h, k, value)
		if there == "" || key != "" || value == "true" || value == "false" {
			return "", ""
		}
		key, other = k, there
	}
	return key, other
}

// siblingKey returns the key under which a holder has a value, if it may be taken
// for the other one.
func (s search) siblingKey(h *holder, key, value string) string {
	_, labelled := h.labels[key]
	for _, other := range sortedKeys(h.labels) {
		if h.labels[other] != value {
			continue
		}
		siblings := identities.Has(key) && identities.Has(other) || tail(key) == tail(other) || IsSlip(key, other)
		if siblings && !labelled || len(value) >= 3 && !general.Has(other) && !s.taken(h) && (s.Owned || h.Name == value) {
			return other
		}
	}
	return ""
}

// tail returns a key without its domain.
func tail(key string) string { return key[strings.Index(key, "/")+1:] }

// otherNamespace: the labels are right, the namespace is not.
func (s search) otherNamespace(near []*holder) *Explanation {
	for _, h := range near {
		if s.sees(h) || !h.matches(s.Selector.Selector) {
			continue
		}
		namespace := s.Namespace(h.Resource)
		e := &Explanation{
			Label: fmt.Sprintf("no pod in namespace %s has these labels", s.Namespace(s.Resource)),
			At:    h.EntryLocation("metadata", "namespace"),
			What:  fmt.Sprintf("%s have them, in namespace %s", h.what, namespace),
			Help:  strings.ReplaceAll(s.Scope, "NAMESPACE", namespace),
		}
		if h.service != nil {
			e.Label = "not in a namespace that it selects from"
			e.What = fmt.Sprintf("%s has the labels, in namespace %s", h.what, namespace)
		}
		return e
	}
	return nil
}

func (h *holder) matches(s labels.Selector) bool {
	if h.workload != nil {
		return h.workload.MatchedBy(s)
	}
	return s.Matches(labels.Set(h.labels))
}

// keyMissing: all labels but one are there, and that key is not at all. One of
// those that are there must tell the holder from others.
func (s search) keyMissing(near []*holder) *Explanation {
	for _, h := range near {
		key, ok := OneOff(s.Selector.Equal, h.carries)
		if _, labelled := h.labels[key]; !ok || labelled || len(s.Selector.Equal) < 2 || !s.sees(h) || !s.distinctive(h) || s.taken(h) || h.workload == nil {
			continue
		}
		return &Explanation{
			Key:  key,
			At:   h.KeyLocation(h.workload.LabelPath("")...),
			What: fmt.Sprintf("the pods of %s have %s", h.workload, h.workload.PodLabels()),
			Help: fmt.Sprintf("add %s: %s to %s, or remove it from the selector", key, s.Selector.Equal[key], h.where()),
		}
	}
	return nil
}

// pair: a Service or budget that matches nothing, and pods that no other one
// selects, are alone with each other in a file.
func (s search) pair([]*holder) *Explanation {
	budget := s.Resource.Kind == "PodDisruptionBudget"
	if s.Resource.Kind != "Service" && !budget {
		return nil
	}
	var only *graph.Workload
	for _, w := range s.Workloads {
		if w.File() != s.Resource.File() || w.Superseded {
			continue
		}
		if only != nil {
			return nil
		}
		only = w
	}
	others := func(o *graph.Service) bool { return o.Resource != s.Resource && o.File() == s.Resource.File() }
	if only == nil || only.Controlled() || !s.SameNamespace(s.Resource, only.Resource) || !budget && slices.ContainsFunc(s.Graph.Services, others) {
		return nil
	}
	h := holdersOf([]*graph.Workload{only})[0]
	if s.taken(h) || len(h.labels) == 0 || s.namesAnother(h) {
		return nil
	}
	key := Missing(s.Selector.Equal, h.carries)
	if _, labelled := h.labels[key]; !labelled && !s.Unit.Complete() {
		return nil
	}
	e := &Explanation{
		Key:  key,
		At:   h.at(key),
		What: fmt.Sprintf("the only pods of this file, those of %s, have %s", only, only.PodLabels()),
		Help: fmt.Sprintf("use %s as the selector: nothing else selects these pods", only.PodLabels()),
	}
	if value, labelled := h.labels[key]; labelled {
		e.What, e.Help = fmt.Sprintf("the only pods of this file, those of %s, have %s=%s", only, key, value), s.same(h, key)
	}
	return e
}

// namesAnother reports whether one of several labels of the selector says that the
// pods are those of another application.
func (s search) namesAnother(h *holder) bool {
	if len(s.Selector.Equal) == 1 {
		return false
	}
	return slices.ContainsFunc(sortedKeys(s.Selector.Equal), func(key string) bool {
		value, labelled := h.labels[key]
		return identities.Has(key) && labelled && Compare(s.Selector.Equal[key], value) < Kindred && value != s.Selector.Equal[key]
	})
}

// hasPort reports whether a Service has the port that a backend names, by its
// number or name.
func hasPort(s *graph.Service, ref *graph.Reference) bool {
	return slices.ContainsFunc(s.Ports(), func(port graph.ServicePort) bool {
		return ref.Key == "" || strconv.Itoa(port.Number) == ref.Key || port.Name == ref.Key
	})
}
