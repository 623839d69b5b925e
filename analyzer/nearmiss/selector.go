package nearmiss

import (
	"maps"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Selection is a selector that matches nothing.
type Selection struct {
	// Resource is what selects.
	Resource *manifest.Resource
	Selector graph.Selector
	// Sees reports whether objects of the namespace of a resource are selected;
	// nil stands for those of the selecting one's own.
	Sees func(*manifest.Resource) bool
	// Scope says which namespace counts and how another one is selected: what the
	// help says about labels that are right in another namespace.
	Scope string
	// Self is the workload that the selector is a part of, nil if there is none.
	Self *graph.Workload
	// Owned reports that the selector is what the object is for, as that of a
	// Service: then its name counts, too, and labels that are nearly right are
	// enough. Of a peer of a NetworkPolicy, whose pods often live elsewhere, only
	// a slip of the pen and another key are.
	Owned bool
}

// search is a selection in a graph.
type search struct {
	*graph.Graph
	Selection
}

// holder is what carries labels: the pods of a workload, or a Service.
type holder struct {
	*manifest.Resource
	labels map[string]string
	// what names it in a sentence: "the pods of Deployment web".
	what     string
	workload *graph.Workload
	service  *graph.Service
}

// carries reports whether the holder has a label, at run time.
func (h *holder) carries(key, value string) bool {
	if h.workload != nil {
		return h.workload.Carries(key, value)
	}
	return carriedBy(h.labels)(key, value)
}

func carriedBy(set map[string]string) func(key, value string) bool {
	return func(key, value string) bool {
		have, labeled := set[key]
		return labeled && have == value
	}
}

// at returns the place of a label, or of the labels or the closest thing there
// is to them.
func (h *holder) at(key string) source.Location {
	if h.workload != nil {
		return h.EntryLocation(h.workload.LabelPath(key)...)
	}
	if _, ok := h.labels[key]; ok {
		return h.EntryLocation("metadata", "labels", key)
	}
	if h.Get("metadata", "labels") != nil {
		return h.KeyLocation("metadata", "labels")
	}
	return h.NameLocation()
}

// where names the place of the labels for a help.
func (h *holder) where() string {
	switch {
	case h.service != nil:
		return "the labels of the Service"
	case h.workload.IsPod():
		return "the labels of the Pod"
	}
	return "the labels of the pod template"
}

var podsKey memo.Key[*index[*holder]]

// podHolders returns the index of the pods of the unit and its context, by their
// names and the values of their labels.
func podHolders(g *graph.Graph) *index[*holder] {
	return podsKey.Of(g, func() *index[*holder] { return newIndex(holdersOf(g.Workloads), namesOf) })
}

func holdersOf(workloads []*graph.Workload) []*holder {
	var all []*holder
	for _, w := range workloads {
		if !w.Superseded && !w.Controlled() {
			all = append(all, &holder{Resource: w.Resource, labels: w.Labels, what: "the pods of " + w.String(), workload: w})
		}
	}
	return all
}

var serviceHoldersKey memo.Key[*index[*holder]]

func serviceHolders(g *graph.Graph) *index[*holder] {
	return serviceHoldersKey.Of(g, func() *index[*holder] {
		var all []*holder
		for _, s := range g.Services {
			if !g.Superseded(s.Resource) {
				all = append(all, &holder{Resource: s.Resource, labels: manifest.StringMap(s.Node, "metadata", "labels"), what: s.String(), service: s})
			}
		}
		return newIndex(all, namesOf)
	})
}

// namesOf returns the texts by which a holder is found: its name and file, and the
// values of its labels, those of the object itself included.
func namesOf(h *holder) []string {
	names := []string{h.Name, "\x00" + h.File().Rel}
	for _, set := range []map[string]string{h.labels, manifest.StringMap(h.Node, "metadata", "labels")} {
		for _, value := range set {
			names = append(names, value)
		}
	}
	if h.service != nil {
		for _, value := range h.service.Selector.Equal {
			names = append(names, value)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// near returns the holders that may explain a selection.
func (s search) near(ix *index[*holder]) []*holder {
	if len(ix.all) <= few {
		return ix.all
	}
	found := slices.Concat(ix.near(s.Resource.Name), ix.byName["\x00"+s.Resource.File().Rel])
	for _, key := range sortedKeys(s.Selector.Equal) {
		found = append(found, ix.near(s.Selector.Equal[key])...)
	}
	seen := map[*holder]bool{}
	return slices.DeleteFunc(found, func(h *holder) bool {
		again := seen[h]
		seen[h] = true
		return again
	})
}

// Pods explains why a selector matches no pods of the unit and its context.
func Pods(g *graph.Graph, s Selection) *Explanation {
	if s.Selector.State != graph.Present {
		return nil
	}
	of := search{g, s}
	near := of.near(podHolders(g))
	if e := first([]reading[*holder]{{"pod-ordinal", of.beyondReplicas}, {"pod-name", of.namedPod}}, near); e != nil {
		return e
	}
	return of.explain(near)
}

// PodsBeside explains it by workloads of the directories beside, which are no end
// of the tie, so that they are named and not shown.
func PodsBeside(g *graph.Graph, s Selection) *Explanation {
	e := search{g, s}.explain(holdersOf(g.Siblings()))
	if e != nil {
		e.At = source.Location{}
	}
	return e
}

// Services explains why a selector matches no Services.
func Services(g *graph.Graph, s Selection) *Explanation {
	of := search{g, s}
	return of.explain(of.near(serviceHolders(g)))
}

// explain tries the readings from the most to the least telling one, each of them
// over all holders.
func (s search) explain(near []*holder) *Explanation {
	if setByOthers(s.Graph, s.Selector.Equal) != "" || madeByCustom(s.Graph, s.Selector.Equal) || !OnlyLabels(s.Selector) {
		return nil
	}
	near = slices.DeleteFunc(slices.Clone(near), func(h *holder) bool {
		return s.Self != nil && h.workload == s.Self || s.leaderOnly(h)
	})
	value, key, namespace := reading[*holder]{"label-value", s.valueOff}, reading[*holder]{"label-key", s.otherKey}, reading[*holder]{"other-namespace", s.otherNamespace}
	if !s.Owned {
		return first([]reading[*holder]{value, key, namespace}, near)
	}
	return first([]reading[*holder]{
		value, {"own-name", s.sameName}, {"own-labels", s.ownLabels}, key, namespace, {"label-missing", s.keyMissing}, {"pairing", s.pair},
	}, near)
}

// OnlyLabels reports whether a selector consists of labels that must be equal.
func OnlyLabels(s graph.Selector) bool {
	if s.Selector == nil {
		return false
	}
	requirements, _ := s.Selector.Requirements()
	return len(requirements) == len(s.Equal)
}

// sees reports whether the selection looks for a holder where it is.
func (s search) sees(h *holder) bool {
	if s.Sees != nil {
		return s.Sees(h.Resource)
	}
	return s.SameNamespace(s.Resource, h.Resource)
}

// leaderOnly reports whether the pods lack but a label that operators set on
// running pods, to tell the leader from the others.
func (s search) leaderOnly(h *holder) bool {
	key, ok := OneOff(s.Selector.Equal, h.carries)
	_, labelled := h.labels[key]
	return ok && !labelled && len(s.Selector.Equal) > 1 && leads(key)
}

// SetAtRunTime reports whether some pods have all labels of a selector but one
// that operators set on running pods, or a custom resource sets them all.
func SetAtRunTime(g *graph.Graph, s Selection) bool {
	of := search{g, s}
	return setByOthers(g, s.Selector.Equal) != "" || madeByCustom(g, s.Selector.Equal) || slices.ContainsFunc(of.near(podHolders(g)), of.leaderOnly)
}

// takenKey are the keys of the sets of what is selected already.
var takenKey memo.Key[map[*graph.Workload]bool]

// taken reports whether another object of the kind selects a holder: then it is
// hardly what this one missed.
func (s search) taken(h *holder) bool {
	if h.workload == nil {
		return false
	}
	kind := "Service"
	if s.Resource.Kind == "PodDisruptionBudget" {
		kind = s.Resource.Kind
	}
	return takenKey.For(s, kind, func() map[*graph.Workload]bool {
		selected := map[*graph.Workload]bool{}
		add := func(workloads []*graph.Workload) {
			for _, w := range workloads {
				selected[w] = true
			}
		}
		if kind == "Service" {
			for _, service := range s.Graph.Services {
				add(service.Pods())
			}
		} else {
			for _, b := range s.Budgets {
				add(s.Budgeted(b))
			}
		}
		return selected
	})[h.workload]
}

// OneOff returns the only label of a selector that is not carried; ok is false if
// there are more of them.
func OneOff(want map[string]string, carries func(key, value string) bool) (key string, ok bool) {
	for _, k := range sortedKeys(want) {
		if carries(k, want[k]) {
			continue
		}
		if ok {
			return "", false
		}
		key, ok = k, true
	}
	return key, ok
}

// Missing returns the first label of a selector that is not carried, "" if all are.
func Missing(want map[string]string, carries func(key, value string) bool) string {
	for _, key := range sortedKeys(want) {
		if !carries(key, want[key]) {
			return key
		}
	}
	return ""
}

// KeyOf returns the first key of a value, "" if there is none.
func KeyOf(set map[string]string, value string) string {
	for _, k := range sortedKeys(set) {
		if set[k] == value {
			return k
		}
	}
	return ""
}

func sortedKeys(set map[string]string) []string { return slices.Sorted(maps.Keys(set)) }
