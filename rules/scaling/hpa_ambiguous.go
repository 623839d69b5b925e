package scaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// HPAAmbiguous reports autoscalers that measure the same pods.
var HPAAmbiguous = &analyzer.Rule{
	ID:    "hpa-ambiguous",
	Title: "Two autoscalers measure the same pods",
	Claim: analyzer.Broken,
	Kinds: []string{"HorizontalPodAutoscaler", "ScaledObject"},
	Why: `An autoscaler looks at the pods that the selector of its target matches. If one of these pods is matched by the selector of another autoscaler's target too, neither of them scales any more: ScalingActive is False with the reason AmbiguousSelector. That happens with two autoscalers of one target, and with two targets whose pods carry labels that both select.

A KEDA ScaledObject makes a HorizontalPodAutoscaler, so it counts as one; put its triggers and the other's metrics into one object.

Two files of one directory may be meant as alternatives, so what stands in different files is a warning, and no more than a hint if the target is not in that directory; what stands in one file, or in the resources of one kustomization, is an error.`,
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
            requests: {cpu: 100m, memory: 64Mi}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web-cpu
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web-memory
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics:
    - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}}
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
            requests: {cpu: 100m, memory: 64Mi}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
    - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/",
		"k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go: validateAndParseSelector",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range rivals(p) {
			p.Report(ambiguous(p, r))
		}
		return nil
	},
}

// rival is an autoscaler of the unit with another one that measures the same
// pods.
type rival struct {
	s, other *graph.Scaler
	shared   *graph.Workload // whose pods both measure; nil if they have one target
}

// rivals returns the autoscalers of the unit that are not alone, each with the
// first other that is in its way.
func rivals(p *analyzer.Pass) []rival {
	byTarget := map[string][]*graph.Scaler{}
	byPods := map[*graph.Workload][]*graph.Scaler{}
	measured := map[*graph.Scaler][]*graph.Workload{}
	for _, s := range p.Graph.Scalers {
		if unscalable(s) || s.TargetName == "" || manifest.IsPlaceholder(s.TargetName) || manifest.IsPlaceholder(s.TargetKind) {
			continue
		}
		byTarget[targetKey(p.Graph, s)] = append(byTarget[targetKey(p.Graph, s)], s)
		measured[s] = measuredPods(p.Graph, s)
		for _, w := range measured[s] {
			byPods[w] = append(byPods[w], s)
		}
	}
	var all []rival
	for _, s := range p.Graph.Scalers {
		if !s.Own {
			continue
		}
		if other := firstRival(p, s, byTarget[targetKey(p.Graph, s)]); other != nil {
			all = append(all, rival{s, other, nil})
			continue
		}
		for _, w := range measured[s] {
			if other := firstRival(p, s, byPods[w]); other != nil {
				all = append(all, rival{s, other, w})
				break
			}
		}
	}
	return all
}

// targetKey identifies the target of an autoscaler. Kubernetes maps the kind
// without regard to case.
func targetKey(g *graph.Graph, s *graph.Scaler) string {
	return strings.Join([]string{g.Namespace(s.Resource), s.TargetGroup, strings.ToLower(s.TargetKind), s.TargetName}, "/")
}

// measuredPods returns the workloads whose pods the selector of the target
// matches; some of them where there are very many.
func measuredPods(g *graph.Graph, s *graph.Scaler) []*graph.Workload {
	for _, t := range g.Targets(s) {
		if t.Superseded || t.Selector.State != graph.Present || g.Namespace(t.Resource) != g.Namespace(s.Resource) {
			continue
		}
		pods := g.Select(g.Namespace(t.Resource), t.Selector)
		return slices.DeleteFunc(slices.Clone(pods[:min(len(pods), graph.MaxTries)]), func(w *graph.Workload) bool {
			return w.Superseded || g.Namespace(w.Resource) != g.Namespace(s.Resource)
		})
	}
	return nil
}

// firstRival returns the first autoscaler that is applied together with s and
// is not the same one.
func firstRival(p *analyzer.Pass, s *graph.Scaler, among []*graph.Scaler) *graph.Scaler {
	for _, other := range among[:min(len(among), graph.MaxTries)] {
		same := other == s || unit.SameObject(other.Resource, s.Resource) || makes(other, s) || makes(s, other)
		if !same && p.Graph.Namespace(other.Resource) == p.Graph.Namespace(s.Resource) && !p.Unit.Alternatives(s.File(), other.File()) {
			return other
		}
	}
	return nil
}

// makes reports whether a ScaledObject takes the other over, or makes it.
func makes(s, other *graph.Scaler) bool {
	if s.IsHPA() || !other.IsHPA() {
		return false
	}
	name := manifest.String(s.Node, "spec", "advanced", "horizontalPodAutoscalerConfig", "name")
	if name == "" {
		name = "keda-hpa-" + s.Name
	}
	return name == other.Name || manifest.String(s.Node, "metadata", "annotations", "scaledobject.keda.sh/transfer-hpa-ownership") == "true"
}

func ambiguous(p *analyzer.Pass, r rival) analyzer.Finding {
	path := graph.RefName(r.s)
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s and %s scale the same %s %s", r.s, r.other, r.s.TargetKind, r.s.TargetName),
		Label:       "scaled twice",
		Consequence: "neither of them scales: ScalingActive is False, AmbiguousSelector",
		Help:        "put the metrics of both into one autoscaler: it takes the highest count",
		Location:    r.s.EntryLocation(path...),
		Path:        path,
		Resource:    r.s.Resource,
		Related:     []analyzer.Related{{Location: r.other.EntryLocation(graph.RefName(r.other)...), Message: fmt.Sprintf("%s scales it too", r.other)}},
	}
	if r.shared != nil {
		f.Message = fmt.Sprintf("%s and %s both measure the pods of %s", r.s, r.other, r.shared)
		f.Label = "its selector matches pods of another target"
		f.Help = "give each target its own label, in its selector and its template"
		f.Related[0].Message = fmt.Sprintf("%s scales %s %s, whose selector matches the same pods", r.other, r.other.TargetKind, r.other.TargetName)
		f.Related = append(f.Related, analyzer.Related{
			Location: r.shared.EntryLocation(r.shared.LabelPath("")...),
			Message:  "the pods that both selectors match: " + r.shared.PodLabels(),
		})
	}
	if r.s.File() != r.other.File() && p.Unit.Build == nil {
		f.Severity = analyzer.Warning // the files may be alternatives
		if !slices.ContainsFunc(p.Graph.Targets(r.s), func(w *graph.Workload) bool { return w.Own }) {
			f.Evidence, f.Severity = analyzer.Open, analyzer.Info // which are added one by one
		}
	}
	return f
}
