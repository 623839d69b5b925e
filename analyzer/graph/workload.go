package graph

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Workload is whatever makes pods: a built-in controller, a bare Pod, or a
// custom resource with a pod template.
type Workload struct {
	*manifest.Resource
	// Own tells the unit's workloads from those of its context.
	Own bool
	// Superseded reports that the same unit defines the object again, later.
	Superseded bool
	// Custom reports a custom resource with a pod template.
	Custom bool
	// TemplatePath leads to the pod template; it is nil for a Pod, which is
	// its own.
	TemplatePath []string
	// Labels are the labels of its template.
	Labels labels.Set
	// Selector is its own selector. Missing for what has none: Pods, CronJobs,
	// Jobs without manualSelector, custom resources.
	Selector Selector

	template *manifest.Node // nil if there is none
	added    map[string]valueTest

	once       sync.Once
	containers []Container // once they were asked for
}

// valueTest says whether a label that a controller adds can have a value.
type valueTest func(value string) bool

func anything(string) bool { return true }

// templatePaths are the places of the pod template, by group and kind
// (k8s.io/api: apps/v1, batch/v1, core/v1 types).
var templatePaths = map[string][]string{
	"/Pod":                   {},
	"/ReplicationController": {"spec", "template"},
	"apps/Deployment":        {"spec", "template"},
	"apps/ReplicaSet":        {"spec", "template"},
	"apps/DaemonSet":         {"spec", "template"},
	"apps/StatefulSet":       {"spec", "template"},
	"extensions/Deployment":  {"spec", "template"},
	"extensions/ReplicaSet":  {"spec", "template"},
	"extensions/DaemonSet":   {"spec", "template"},
	"batch/Job":              {"spec", "template"},
	"batch/CronJob":          {"spec", "jobTemplate", "spec", "template"},
}

// customTemplatePaths are those of custom resources whose template is not in
// spec.template (https://keda.sh/docs/latest/reference/scaledjob-spec/).
var customTemplatePaths = map[string][]string{"keda.sh/ScaledJob": {"spec", "jobTargetRef", "template"}}

// newWorkload returns the workload that a resource is, nil if it is none.
func newWorkload(g *Graph, r *manifest.Resource, own bool) *Workload {
	path, builtin := templatePaths[r.Group+"/"+r.Kind]
	if !builtin {
		if path = customTemplatePaths[r.Group+"/"+r.Kind]; path == nil {
			path = []string{"spec", "template"}
		}
		if !unit.IsCustom(r) || len(manifest.Items(r.Get(at(path, "spec", "containers")...))) == 0 {
			return nil
		}
	}
	w := &Workload{Resource: r, Own: own, Custom: !builtin, TemplatePath: path, template: r.Get(path...)}
	w.Labels = read(r, own, &podLabelsKey, func() labels.Set { return manifest.StringMap(w.template, "metadata", "labels") })
	w.Selector = read(r, own, &workloadSelectorKey, func() Selector { return ownSelector(w) })
	w.added = addedLabels(g, w)
	for k, v := range w.Labels {
		if manifest.IsPlaceholder(k) || manifest.IsPlaceholder(v) {
			w.added[k] = anything
		}
	}
	return w
}

// At returns the path of a field of the pod template.
func (w *Workload) At(path ...string) []string { return slices.Concat(w.TemplatePath, path) }

// PodField returns the value of a field of the pod template.
func (w *Workload) PodField(path ...string) *manifest.Node { return manifest.Get(w.template, path...) }

// IsPod reports whether it is a bare Pod.
func (w *Workload) IsPod() bool { return w.Kind == "Pod" && w.Group == "" }

// Controlled reports whether an owner reference names a controller, as in what
// kubectl prints of a running cluster.
func (w *Workload) Controlled() bool {
	return slices.ContainsFunc(manifest.Items(w.Get("metadata", "ownerReferences")), func(n *manifest.Node) bool {
		return manifest.Bool(n, "controller")
	})
}

// ownSelector reads the selector by which a workload finds its pods.
func ownSelector(w *Workload) Selector {
	switch {
	case w.Custom, w.Kind == "Pod", w.Kind == "CronJob":
		return Selector{}
	case w.Kind == "Job" && !manifest.Bool(w.Node, "spec", "manualSelector"):
		return Selector{}
	case w.Kind == "ReplicationController":
		s := ReadMapSelector(w.Resource, "spec", "selector")
		if (s.State == Missing || s.State == Empty) && len(w.Labels) > 0 {
			// pkg/apis/core/v1/defaults.go SetDefaults_ReplicationController
			s.Equal, s.State, s.Selector = w.Labels, Present, labels.SelectorFromSet(w.Labels)
		}
		return s
	}
	return ReadLabelSelector(w.Resource, "spec", "selector")
}

// addedLabels are the labels that controllers put on pods: constants in
// k8s.io/api/apps/v1 and batch/v1 types.go, set in pkg/controller.
func addedLabels(g *Graph, w *Workload) map[string]valueTest {
	switch w.Kind {
	case "Deployment":
		return map[string]valueTest{"pod-template-hash": anything}
	case "DaemonSet":
		return map[string]valueTest{"controller-revision-hash": anything, "pod-template-generation": anything}
	case "StatefulSet":
		return map[string]valueTest{
			"controller-revision-hash": anything,
			"apps.kubernetes.io/pod-index": func(v string) bool {
				return g.hasOrdinal(w, v)
			},
			"statefulset.kubernetes.io/pod-name": func(v string) bool {
				ordinal, ok := strings.CutPrefix(v, w.Name+"-")
				return ok && g.hasOrdinal(w, ordinal)
			},
		}
	case "Job", "CronJob":
		name := func(v string) bool {
			return v == w.Name || w.Kind == "CronJob" && strings.HasPrefix(v, w.Name+"-") || w.Name == ""
		}
		return map[string]valueTest{
			"job-name": name, "batch.kubernetes.io/job-name": name,
			"controller-uid": anything, "batch.kubernetes.io/controller-uid": anything,
			"batch.kubernetes.io/job-completion-index": anything,
		}
	}
	return map[string]valueTest{}
}

// hasOrdinal reports whether a StatefulSet makes a pod of that ordinal
// (pkg/controller/statefulset/stateful_set_utils.go).
func (g *Graph) hasOrdinal(w *Workload, ordinal string) bool {
	n, err := strconv.Atoi(ordinal)
	start := w.FirstOrdinal()
	if err != nil || n < start || strconv.Itoa(n) != ordinal { // "db-00" is no pod's name
		return false
	}
	replicas, ok := w.Replicas()
	return !ok || g.ScaledBy(w) != nil || n < start+replicas
}

// FirstOrdinal returns the number of a StatefulSet's first pod.
func (w *Workload) FirstOrdinal() int {
	start, _ := manifest.Int(w.Node, "spec", "ordinals", "start")
	return start
}

// Replicas returns the count a workload asks for; 1 where it is left out. ok is
// false for what has no count: DaemonSets, Jobs, Pods, custom resources.
func (w *Workload) Replicas() (n int, ok bool) {
	if !w.Scalable() {
		return 0, false
	}
	node := w.Get("spec", "replicas")
	if node == nil {
		return 1, true
	}
	return manifest.Int(node)
}

// Scalable reports whether the API server serves /scale for the kind
// (pkg/registry/apps/rest/storage_apps.go, pkg/registry/core/rest).
func (w *Workload) Scalable() bool { return IsScalable(w.Group, w.Kind) }

// IsScalable is Scalable for a built-in group and kind.
func IsScalable(group, kind string) bool {
	switch kind {
	case "Deployment", "ReplicaSet", "StatefulSet":
		return group == "apps" || group == "extensions"
	case "ReplicationController":
		return group == ""
	}
	return false
}

// MatchedBy reports whether a selector matches the pods at run time: the
// template's labels and those that controllers add.
func (w *Workload) MatchedBy(s labels.Selector) bool {
	requirements, selectable := s.Requirements()
	if !selectable {
		return false
	}
	for i := range requirements {
		if !w.Meets(&requirements[i]) {
			return false
		}
	}
	return true
}

// Meets reports whether the pods meet one requirement of a selector.
func (w *Workload) Meets(r *labels.Requirement) bool {
	test, ok := w.added[r.Key()]
	if !ok {
		return r.Matches(w.Labels)
	}
	switch r.Operator() {
	case selection.In, selection.Equals, selection.DoubleEquals:
		return slices.ContainsFunc(r.ValuesUnsorted(), test)
	case selection.DoesNotExist:
		return false
	}
	return true
}

// Carries reports whether the pods have a label at run time: that of the template,
// or one that a controller adds.
func (w *Workload) Carries(key, value string) bool {
	if test, added := w.added[key]; added {
		return test(value)
	}
	have, labeled := w.Labels[key]
	return labeled && have == value
}

// LabelPath returns the path of a template label, or of the labels or
// the closest thing there is to them.
func (w *Workload) LabelPath(key string) []string {
	if _, ok := w.Labels[key]; ok {
		return w.At("metadata", "labels", key)
	}
	if w.PodField("metadata", "labels") != nil {
		return w.At("metadata", "labels")
	}
	return w.At("metadata")
}

// PodLabels returns the template's labels for messages: "a=b,c=d", or "no
// labels".
func (w *Workload) PodLabels() string { return FormatLabels(w.Labels) }

// FormatLabels is Format for messages: of none it says "no labels".
func FormatLabels(set map[string]string) string {
	if len(set) == 0 {
		return "no labels"
	}
	return Format(set)
}

// HasUnknown reports whether the template gives the label a value that a later
// tool fills in.
func (w *Workload) HasUnknown(key string) bool { return manifest.IsPlaceholder(w.Labels[key]) }

// IsOrdinalName reports whether a Pod is named like one of a StatefulSet.
func IsOrdinalName(set, pod string) bool {
	ordinal, ok := strings.CutPrefix(pod, set+"-")
	return ok && ordinal != "" && strings.Trim(ordinal, "0123456789") == ""
}
