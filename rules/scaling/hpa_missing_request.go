package scaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// HPAMissingRequest reports autoscalers that measure utilization of a request
// which is not there.
var HPAMissingRequest = &analyzer.Rule{
	ID:    "hpa-missing-request",
	Title: "An autoscaler measures utilization of a resource that a container does not request",
	Claim: analyzer.Broken,
	Kinds: []string{"HorizontalPodAutoscaler", "ScaledObject"},
	Why: `Utilization is usage divided by what is requested. If one container of one pod requests none of the resource, the autoscaler cannot compute it and the metric is lost: ScalingActive is False with "missing request for cpu in container ...". Its minReplicas still holds, so this is easily overlooked.

All containers count, sidecars (init containers with restartPolicy: Always) too, ordinary init containers do not. A limit counts as a request, and so does a default of a LimitRange; a request of the pod as a whole is enough. A target of type AverageValue needs no request. A metric of type ContainerResource looks at one container alone. An autoscaler without any metric measures cpu.

The pods are found by the selector of the target, so a bare Pod, or a Job, that carries the same labels is measured as well.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          resources:
            requests: {cpu: 100m}
        - name: metrics
          image: example/exporter
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: 70}
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          resources:
            requests: {cpu: 100m}
        - name: metrics
          image: example/exporter
          resources:
            requests: {cpu: 10m}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: 70}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#how-does-a-horizontalpodautoscaler-work",
		"k8s.io/kubernetes/pkg/controller/podautoscaler/replica_calculator.go: calculateRequests",
		"k8s.io/kubernetes/pkg/apis/core/v1/defaults.go: SetDefaults_Pod",
	},
	Run: func(p *analyzer.Pass) error {
		ranges := limitRanges{
			here:   ofKind("LimitRange", p.Unit.Resources, p.Unit.Context),
			beside: ofKind("LimitRange", p.Unit.Siblings),
		}
		for _, s := range p.Graph.Scalers {
			if unscalable(s) || s.TargetName == "" {
				continue // it never comes to that
			}
			for _, m := range utilizations(s) {
				unrequested(p, s, m, ranges)
			}
		}
		return nil
	},
}

// utilization is a metric that is a share of what pods request.
type utilization struct {
	resource string
	// container is the only one that is measured, "" for all.
	container string
	// path leads to the metric in the autoscaler, or to what implies it.
	path    []string
	implied bool
}

// utilizations returns the metrics of an autoscaler that need requests.
func utilizations(s *graph.Scaler) []utilization {
	if !s.IsHPA() {
		return triggerUtilizations(s)
	}
	if s.Version == "v1" {
		return cpuUtilization(s)
	}
	metrics := manifest.Items(s.Get("spec", "metrics"))
	if len(metrics) == 0 { // pkg/apis/autoscaling/v2/defaults.go
		return []utilization{{resource: "cpu", path: []string{"spec", "metrics"}, implied: true}}
	}
	var all []utilization
	for i, m := range metrics {
		field, ok := map[string]string{"Resource": "resource", "ContainerResource": "containerResource"}[manifest.String(m, "type")]
		at := manifest.Get(m, field)
		share := manifest.Get(at, "target", "averageUtilization") != nil || manifest.Get(at, "targetAverageUtilization") != nil
		if ok && share && manifest.String(at, "name") != "" {
			all = append(all, utilization{resource: manifest.String(at, "name"), container: manifest.String(at, "container"),
				path: []string{"spec", "metrics", fmt.Sprint(i), field, "name"}})
		}
	}
	return all
}

// cpuUtilization is what autoscaling/v1 measures. The annotation holds what
// the version has no fields for.
func cpuUtilization(s *graph.Scaler) []utilization {
	path := []string{"spec", "targetCPUUtilizationPercentage"}
	switch {
	case s.Get(path...) != nil:
		return []utilization{{resource: "cpu", path: path}}
	case s.Get("metadata", "annotations", "autoscaling.alpha.kubernetes.io/metrics") != nil:
		return nil
	}
	return []utilization{{resource: "cpu", path: path, implied: true}}
}

// triggerUtilizations are the triggers of a ScaledObject that KEDA turns into
// metrics of that kind.
func triggerUtilizations(s *graph.Scaler) []utilization {
	var all []utilization
	for i, t := range manifest.Items(s.Get("spec", "triggers")) {
		resource := manifest.String(t, "type")
		share := manifest.String(t, "metricType") == "Utilization" || manifest.String(t, "metadata", "type") == "Utilization"
		if (resource == "cpu" || resource == "memory") && share {
			all = append(all, utilization{resource: resource, container: manifest.String(t, "metadata", "containerName"),
				path: []string{"spec", "triggers", fmt.Sprint(i), "type"}})
		}
	}
	return all
}

// limitRanges are those that are applied together with the unit, and those of
// the directories beside.
type limitRanges struct{ here, beside []*manifest.Resource }

// ofKind returns the resources of a kind of the core group.
func ofKind(kind string, lists ...[]*manifest.Resource) []*manifest.Resource {
	var found []*manifest.Resource
	for _, list := range lists {
		for _, r := range list {
			if r.Kind == kind && r.Group == "" {
				found = append(found, r)
			}
		}
	}
	return found
}

// unrequested reports a metric that cannot be computed.
func unrequested(p *analyzer.Pass, s *graph.Scaler, m utilization, ranges limitRanges) {
	targets := p.Graph.Targets(s)
	w, at := lackingTarget(targets, m)
	if w == nil {
		w, at = lackingRival(p, targets, m)
	}
	switch {
	case w == nil, !s.Own && !w.Own:
		return
	case manifest.IsPlaceholder(m.resource), manifest.IsPlaceholder(m.container):
		p.Skip(s.Resource, "autoscalers: their metrics are still to be filled in")
	case len(at) == 0:
		noSuchContainer(p, s, w, m)
	case p.Unit.Rewrites(kustomize.Relations):
		p.Skip(s.Resource, "autoscalers: the requests of their pods may come from kustomize")
	case defaulted(p, ranges.here, w, m.resource):
	case defaulted(p, ranges.beside, w, m.resource):
		p.Skip(s.Resource, "autoscalers: the requests of their pods may come from a LimitRange beside")
	default:
		p.Report(missingRequest(s, w, at, m, len(manifest.Items(s.Get("spec", "metrics")))))
	}
}

// lackingTarget returns the target and where its containers lack the request;
// nil unless every definition of the target lacks it. There is no place if it
// has not got the container that is measured.
func lackingTarget(targets []*graph.Workload, m utilization) (w *graph.Workload, at [][]string) {
	for _, t := range targets {
		lacks, found := lacking(t, m)
		if found && len(lacks) == 0 || workload.LooksLikePatch(t) {
			return nil, nil
		}
		if !t.Superseded {
			w, at = t, lacks
		}
	}
	return w, at
}

// lackingRival returns other pods that are measured, because the selector of
// the target matches them.
func lackingRival(p *analyzer.Pass, targets []*graph.Workload, m utilization) (*graph.Workload, [][]string) {
	if m.container != "" || len(targets) == 0 {
		return nil, nil
	}
	t := targets[len(targets)-1]
	if t.Selector.State != graph.Present {
		return nil, nil
	}
	namespace := p.Graph.Namespace(t.Resource)
	pods := p.Graph.Select(namespace, t.Selector)
	for _, w := range pods[:min(len(pods), graph.MaxTries)] {
		if unit.SameObject(w.Resource, t.Resource) || w.Superseded || w.Controlled() || p.Unit.Alternatives(w.File(), t.File()) ||
			p.Graph.Namespace(w.Resource) != namespace {
			continue
		}
		if lacks, _ := lacking(w, m); len(lacks) > 0 {
			return w, lacks
		}
	}
	return nil, nil
}

// lacking returns the paths of the containers without the request
// (calculatePodRequestsFromContainers); found is false if none is measured.
func lacking(w *graph.Workload, m utilization) (at [][]string, found bool) {
	requested := requests(w.PodField("spec"), m.resource)
	for _, list := range []string{"containers", "initContainers"} {
		for i, c := range manifest.Items(w.PodField("spec", list)) {
			has := requests(c, m.resource)
			requested = requested || has
			stays := list == "containers" || manifest.String(c, "restartPolicy") == "Always"
			if !stays || manifest.String(c, "name") == "" || m.container != "" && m.container != manifest.String(c, "name") {
				continue
			}
			found = true
			if !has {
				at = append(at, w.At("spec", list, fmt.Sprint(i)))
			}
		}
	}
	if w.PodField("spec", "resources") != nil && m.container == "" && requested {
		return nil, true // what the pod requests counts, and that is filled in from its containers
	}
	return at, found
}

// requests reports whether a container, or a pod as a whole, requests a
// resource. A limit is a request too; what is no mapping is not known yet.
func requests(n *manifest.Node, resource string) bool {
	for _, field := range []string{"requests", "limits"} {
		if manifest.Get(n, "resources", field, resource) != nil {
			return true
		}
		if list := manifest.Get(n, "resources", field); list != nil && !manifest.IsMapping(list) {
			return true
		}
	}
	resources := manifest.Get(n, "resources")
	return resources != nil && !manifest.IsMapping(resources)
}

// defaulted reports whether a LimitRange fills in the request
// (plugin/pkg/admission/limitranger).
func defaulted(p *analyzer.Pass, ranges []*manifest.Resource, w *graph.Workload, resource string) bool {
	return slices.ContainsFunc(ranges, func(r *manifest.Resource) bool {
		if !p.Graph.SameNamespace(r, w.Resource) {
			return false
		}
		return slices.ContainsFunc(manifest.Items(r.Get("spec", "limits")), func(n *manifest.Node) bool {
			return manifest.String(n, "type") == "Container" &&
				(manifest.Get(n, "defaultRequest", resource) != nil || manifest.Get(n, "default", resource) != nil)
		})
	})
}

// missingRequest is the finding: at the metric, or at the container if only
// the workload is the unit's own.
func missingRequest(s *graph.Scaler, w *graph.Workload, at [][]string, m utilization, metrics int) analyzer.Finding {
	name := manifest.String(w.Get(at[0]...), "name")
	f := analyzer.Finding{
		Consequence: fmt.Sprintf("it never scales by %s: ScalingActive is False, missing request for %[1]s in container %s", m.resource, name),
		Help:        fmt.Sprintf("give container %s resources.requests.%s, or a limit", name, m.resource),
	}
	if metrics > 1 {
		f.Consequence = fmt.Sprintf("the metric is lost, and with it scaling down: missing request for %s in container %s", m.resource, name)
	}
	whose := w.String()
	if !s.Scales(w.Resource) {
		whose += ", whose pods it measures too,"
		if w.Kind == "Job" || w.Kind == "CronJob" {
			f.Severity = analyzer.Warning // only as long as its pods are there
		}
	}
	measures := "measures"
	if m.implied {
		measures = "names no metric and measures"
	}
	metric, container := metricLocation(s, m), w.EntryLocation(append(slices.Clone(at[0]), "name")...)
	if s.Own {
		f.Message = fmt.Sprintf("%s %s %s utilization, but container %s of %s requests no %[3]s", s, measures, m.resource, name, whose)
		f.Label = "a share of what is requested"
		f.Location, f.Path, f.Resource = metric, m.path, s.Resource
		f.Related = []analyzer.Related{{Location: container, Message: fmt.Sprintf("requests no %s", m.resource)}}
	} else {
		f.Message = fmt.Sprintf("%s has a container %s that requests no %s, but %s %s its utilization", w, name, m.resource, s, measures)
		f.Label = fmt.Sprintf("requests no %s", m.resource)
		f.Location, f.Path, f.Resource = container, append(slices.Clone(at[0]), "name"), w.Resource
		f.Related = []analyzer.Related{{Location: metric, Message: fmt.Sprintf("measures a share of the %s that is requested", m.resource)}}
	}
	for _, other := range at[1:min(len(at), 3)] {
		f.Related = append(f.Related, analyzer.Related{
			Location: w.EntryLocation(append(slices.Clone(other), "name")...),
			Message:  fmt.Sprintf("requests no %s either", m.resource),
		})
	}
	return f
}

// metricLocation is the place of a metric; of an implied one, of what has none.
func metricLocation(s *graph.Scaler, m utilization) source.Location {
	if m.implied {
		return s.KeyLocation(m.path...)
	}
	return s.EntryLocation(m.path...)
}

// noSuchContainer reports a metric of a container that the target has not got.
// Sidecars are often injected, so only a slip of the pen is more than a hint.
func noSuchContainer(p *analyzer.Pass, s *graph.Scaler, w *graph.Workload, m utilization) {
	if m.container == "" || !s.Own {
		return
	}
	path := append(slices.Clone(m.path[:len(m.path)-1]), "container")
	if !s.IsHPA() {
		path = append(slices.Clone(m.path[:len(m.path)-1]), "metadata", "containerName")
	}
	f := analyzer.Finding{
		Evidence:    analyzer.Absent,
		Message:     fmt.Sprintf("%s measures container %s, which %s does not have", s, m.container, w),
		Label:       "no container of that name",
		Consequence: fmt.Sprintf("it never scales by %s, unless something adds the container: ScalingActive is False", m.resource),
		Help:        "check the name of the container, or ignore this if it is injected",
		Location:    s.EntryLocation(path...),
		Path:        path,
		Resource:    s.Resource,
	}
	for i, c := range manifest.Items(w.PodField("spec", "containers")) {
		at := w.At("spec", "containers", fmt.Sprint(i), "name")
		name := manifest.String(c, "name")
		if nearmiss.IsSlip(name, m.container) || strings.EqualFold(name, m.container) {
			f.Evidence, f.Reading = analyzer.NearMiss, "spelling"
			f.Help = "write container: " + name
			f.Related = []analyzer.Related{{Location: w.EntryLocation(at...), Message: fmt.Sprintf("%s has a container %s", w, name)}}
		}
	}
	if f.Evidence == analyzer.Absent && (p.Unit.Rewrites(kustomize.Relations) || !p.Unit.Complete()) {
		p.Skip(s.Resource, "autoscalers: a container that they measure may be added")
		return
	}
	p.Report(f)
}
