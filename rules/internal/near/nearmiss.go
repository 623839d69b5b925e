package near

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// Miss is something close that explains why a Service matches no pods.
type Miss struct {
	Key   string // the selector's label at fault; "" for all of it
	Label string // what stands under it, "" for the rule's own words
	At    source.Location
	What  string // stands under at
	Help  string
}

// NearestPods returns the best explanation among the workloads of the unit and
// its context; nil if there is none. The kinds of near misses are tried from
// the most to the least telling one, and each of them over all workloads.
func NearestPods(g *graph.Graph, s *graph.Service) *Miss {
	near := g.Near(s)
	for _, try := range []func(*graph.Graph, *graph.Service, *graph.Workload) *Miss{
		beyondReplicas, namedPod, ValueOff, sameName, ownLabels, OtherKey, otherNamespace, keyMissing, onlyOneInFile,
	} {
		for _, w := range near {
			if w.Superseded || w.Controlled() || LeaderOnly(s, w) {
				continue
			}
			if miss := try(g, s, w); miss != nil {
				return miss
			}
		}
	}
	return nil
}

// servedKey is the key of the workloads that a Service selects among the views
// of a graph.
type servedKey struct{}

// isServed reports whether a Service selects the pods of a workload: then they
// are hardly what another one missed.
func isServed(g *graph.Graph, w *graph.Workload) bool {
	return g.View(servedKey{}, func() any {
		served := map[*graph.Workload]bool{}
		for _, s := range g.Services {
			for _, w := range s.Pods() {
				served[w] = true
			}
		}
		return served
	}).(map[*graph.Workload]bool)[w]
}

// LeaderOnly reports whether the pods lack but a label that operators set on
// running pods, to tell the leader from the others.
func LeaderOnly(s *graph.Service, w *graph.Workload) bool {
	key, ok := OneOff(s.Selector.Equal, w)
	_, labelled := w.Labels[key]
	return ok && !labelled && len(s.Selector.Equal) > 1 && atRunTime(key)
}

// The labels that a StatefulSet gives each of its pods
// (k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_utils.go updateIdentity).
const podName, podIndex = "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"

// beyondReplicas: the label is one that a StatefulSet gives its pods, but it
// has no pod of that number.
func beyondReplicas(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	replicas, ok := w.Replicas()
	if !ok || w.Kind != "StatefulSet" || !g.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	key, value := podName, s.Selector.Equal[podName]
	if value == "" {
		key, value = podIndex, s.Selector.Equal[podIndex]
	}
	if value == "" || w.Carries(key, value) || key == podName && !graph.IsOrdinalName(w.Name, value) || key == podIndex && !onlyKeyOff(s, w, podIndex) {
		return nil
	}
	first := w.FirstOrdinal()
	miss := &Miss{
		Key:   key,
		Label: "no pod of that number",
		At:    w.EntryLocation("spec", "replicas"),
		What:  fmt.Sprintf("%s creates %d pods, numbered from %d", w, replicas, first),
		Help:  "raise spec.replicas, or select an existing pod ordinal",
	}
	if n, err := strconv.Atoi(value[strings.LastIndex(value, "-")+1:]); err == nil && n < first { // more replicas do not create it
		miss.At = w.EntryLocation("spec", "ordinals", "start")
		miss.Help = fmt.Sprintf("select an existing pod ordinal, or set spec.ordinals.start to %d", n)
	}
	return miss
}

// namedPod: the Service names a pod of a StatefulSet, and one of its other labels is
// not that of the pod.
func namedPod(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	pod := s.Selector.Equal[podName]
	key, ok := OneOff(s.Selector.Equal, w)
	if pod == "" || !ok || key == podName || w.Kind != "StatefulSet" || !w.Carries(podName, pod) || !g.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	miss := &Miss{
		Key:   key,
		Label: fmt.Sprintf("pod %s does not have this label", pod),
		At:    w.EntryLocation(w.LabelPath(key)...),
		What:  fmt.Sprintf("the pods of %s have %s", w, w.PodLabels()),
		Help:  fmt.Sprintf("remove %s from the selector, or add %s: %s to spec.template.metadata.labels", key, key, s.Selector.Equal[key]),
	}
	if value, labeled := w.Labels[key]; labeled {
		miss.What = fmt.Sprintf("the pods of %s have %s=%s", w, key, value)
		miss.Help = fmt.Sprintf("set %s to %s in the selector", key, value)
	}
	return miss
}

// onlyKeyOff reports whether the pods have all other labels of the selector.
func onlyKeyOff(s *graph.Service, w *graph.Workload, key string) bool {
	off, ok := OneOff(s.Selector.Equal, w)
	return ok && off == key
}

// ValueOff: all labels but one are right, and that one is a slip of the pen or
// a part of the other.
func ValueOff(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	key, ok := OneOff(s.Selector.Equal, w)
	value, labelled := w.Labels[key]
	if !ok || !labelled || !g.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	want := s.Selector.Equal[key]
	taken := isServed(g, w)
	misspelt := Slip(want, value) && (!taken || len(want) != len(value))
	partly := !taken && (len(s.Selector.Equal) > 1 || value == w.Name || want == w.Name)
	if !misspelt && !(partly && Contains(want, value)) {
		return nil
	}
	return &Miss{
		Key:  key,
		At:   w.EntryLocation(w.LabelPath(key)...),
		What: fmt.Sprintf("the pods of %s have %s=%s", w, key, value),
		Help: fmt.Sprintf("make both the same: %s: %s in the selector, or %s: %s in the pods' labels", key, value, key, want),
	}
}

// sameName: the Service or one of its values names a workload, whose pods
// carry other labels.
func sameName(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	key := MissingKey(s.Selector, w)
	named := w.Name != "" && (w.Name == s.Name || w.Name == s.Selector.Equal[key])
	if !named || !g.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	miss := &Miss{Key: key, At: w.NameLocation(), Help: fmt.Sprintf("add %s: %s to the %s's labels", key, s.Selector.Equal[key], PodsOf(w))}
	value, labelled := w.Labels[key]
	switch {
	case labelled:
		miss.At = w.EntryLocation(w.LabelPath(key)...)
		miss.What = fmt.Sprintf("%s has the name, but its pods have %s=%s", w, key, value)
		miss.Help = fmt.Sprintf("make both the same: %s: %s in the selector, or %s: %s in the pods' labels", key, value, key, s.Selector.Equal[key])
	case len(w.Labels) == 1:
		miss.What = fmt.Sprintf("%s has the name, but only the label %s", w, w.PodLabels())
	case len(w.Labels) == 0:
		miss.What = fmt.Sprintf("%s has the name, but no labels", w)
	default:
		miss.What = fmt.Sprintf("%s has the name, but only the labels %s", w, w.PodLabels())
	}
	return miss
}

// ownLabels: the workload itself carries the labels, its pods do not.
func ownLabels(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	own := manifest.StringMap(w.Node, "metadata", "labels")
	if w.IsPod() || !g.SameNamespace(s.Resource, w.Resource) || !s.Selector.Selector.Matches(labels.Set(own)) {
		return nil
	}
	key := MissingKey(s.Selector, w)
	return &Miss{
		Key:  key,
		At:   w.EntryLocation("metadata", "labels", key),
		What: fmt.Sprintf("%s carries the label itself, but its pods have %s", w, w.PodLabels()),
		Help: fmt.Sprintf("add %s: %s to spec.template.metadata.labels", key, s.Selector.Equal[key]),
	}
}

// OtherKey: the pods have the same values under other keys.
func OtherKey(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	if !g.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	var key, found string
	for _, k := range text.SortedKeys(s.Selector.Equal) {
		value := s.Selector.Equal[k]
		if w.Labels[k] == value {
			continue
		}
		other := KeyOf(w.Labels, value)
		if other == "" || len(value) < 3 || key != "" || value == "true" || value == "false" {
			return nil
		}
		key, found = k, other
	}
	if key == "" {
		return nil
	}
	return &Miss{
		Key:  key,
		At:   w.EntryLocation(w.LabelPath(found)...),
		What: fmt.Sprintf("the pods of %s have this value under %s", w, found),
		Help: fmt.Sprintf("use the key %s in the selector", found),
	}
}

// otherNamespace: the labels are right, the namespace is not.
func otherNamespace(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	if g.SameNamespace(s.Resource, w.Resource) || !w.MatchedBy(s.Selector.Selector) {
		return nil
	}
	return &Miss{
		Label: fmt.Sprintf("no pod of namespace %s carries these labels", g.Namespace(s.Resource)),
		At:    w.Location("metadata", "namespace"),
		What:  fmt.Sprintf("the pods of %s carry them, in namespace %s", w, g.Namespace(w.Resource)),
		Help:  "put both into one namespace: a Service selects pods of its own alone",
	}
}

// keyMissing: the pods have all labels but one, and not that key at all.
func keyMissing(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	key, ok := OneOff(s.Selector.Equal, w)
	if _, labelled := w.Labels[key]; !ok || labelled || len(s.Selector.Equal) < 2 || !g.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	return &Miss{
		Key:  key,
		At:   w.KeyLocation(w.LabelPath("")...),
		What: fmt.Sprintf("the pods of %s have %s", w, w.PodLabels()),
		Help: fmt.Sprintf("add %s: %s to the labels of the pods, or remove it from the selector", key, s.Selector.Equal[key]),
	}
}

// atRunTime reports whether a label is one that operators set on running pods
// to tell the leader from the others.
func atRunTime(key string) bool {
	_, name, _ := strings.Cut(key, "/")
	if name == "" {
		name = key
	}
	return slices.ContainsFunc([]string{"role", "leader", "master", "primary", "active"}, func(part string) bool {
		return strings.Contains(strings.ToLower(name), part)
	})
}

// onlyOneInFile: the Service shares its file with one workload alone, which
// has another value under the same key.
func onlyOneInFile(g *graph.Graph, s *graph.Service, w *graph.Workload) *Miss {
	if len(s.Selector.Equal) != 1 || w.File() != s.File() || !g.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	others := func(o *graph.Workload) bool { return o != w && o.File() == w.File() }
	services := func(o *graph.Service) bool { return o != s && o.File() == s.File() }
	key := text.SortedKeys(s.Selector.Equal)[0]
	value, labelled := w.Labels[key]
	if !labelled || slices.ContainsFunc(g.Workloads, others) || slices.ContainsFunc(g.Services, services) {
		return nil
	}
	return &Miss{
		Key:  key,
		At:   w.EntryLocation(w.LabelPath(key)...),
		What: fmt.Sprintf("the only pods of this file, those of %s, have %s=%s", w, key, value),
		Help: fmt.Sprintf("make both the same: %s: %s in the selector, or %s: %s in the pods' labels", key, value, key, s.Selector.Equal[key]),
	}
}

// OneOff returns the only label of a selector that the pods do not have with
// that value; ok is false if more than one differs.
func OneOff(want map[string]string, w *graph.Workload) (key string, ok bool) {
	for _, k := range text.SortedKeys(want) {
		if w.Carries(k, want[k]) {
			continue
		}
		if ok {
			return "", false
		}
		key, ok = k, true
	}
	return key, ok
}

// Slip reports whether one text may be a misspelling of the other. Numbers do
// not count: web-1 and web-2 are two things.
func Slip(a, b string) bool {
	if len(a) < 4 || len(b) < 4 || strings.Map(NoDigits, a) == strings.Map(NoDigits, b) {
		return false
	}
	limit := 1
	if len(a) >= 7 && len(b) >= 7 {
		limit = 2
	}
	return levenshtein.ComputeDistance(a, b) <= limit
}

func NoDigits(r rune) rune {
	if r >= '0' && r <= '9' {
		return -1
	}
	return r
}

// Contains reports whether one text is the beginning or the end of the other,
// and at least half of it.
func Contains(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 4 && 2*len(a) >= len(b) && (strings.HasPrefix(b, a) || strings.HasSuffix(b, a)) && strings.Map(NoDigits, a) != strings.Map(NoDigits, b)
}

func KeyOf(set map[string]string, value string) string {
	for _, k := range text.SortedKeys(set) {
		if set[k] == value {
			return k
		}
	}
	return ""
}

// PodsOf names what carries the labels: the Pod, or the template of another
// workload.
func PodsOf(w *graph.Workload) string {
	if w.IsPod() {
		return "Pod"
	}
	return "pod template"
}

// RelativeDir names the directory of a resource as seen from the unit.
func RelativeDir(u *unit.Unit, r *manifest.Resource) string {
	dir := path.Dir(r.File().Path)
	rel, err := filepath.Rel(filepath.FromSlash(u.Name), filepath.FromSlash(dir))
	if err != nil {
		return dir
	}
	return filepath.ToSlash(rel)
}
