package scaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// HPAVPAConflict reports autoscalers whose measure a VerticalPodAutoscaler
// changes.
var HPAVPAConflict = &analyzer.Rule{
	ID:    "hpa-vpa-conflict",
	Title: "A VerticalPodAutoscaler changes the requests that another autoscaler measures by",
	Claim: analyzer.Suspect,
	Kinds: []string{"HorizontalPodAutoscaler", "ScaledObject", "VerticalPodAutoscaler"},
	Why: `A HorizontalPodAutoscaler measures utilization: usage divided by what is requested. A VerticalPodAutoscaler that applies its recommendations sets the requests after the usage. Both act on the same signal: whenever one of them reacts, the other's measure changes, and the count wanders off.

Let the VerticalPodAutoscaler only recommend (updateMode: "Off"), or limit it to the other resource by controlledResources, or scale by something else than utilization of that resource.`,
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
  name: web
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 5
  metrics:
    - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata:
  name: web
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
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
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata:
  name: web
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  resourcePolicy:
    containerPolicies:
      - {containerName: "*", controlledResources: [memory]}
`,
	References: []string{
		"https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/known-limitations.md",
		"https://kubernetes.io/docs/concepts/workloads/autoscaling/",
	},
	Run: func(p *analyzer.Pass) error {
		scalers := map[string][]*graph.Scaler{}
		for _, s := range p.Graph.Scalers {
			scalers[s.TargetName] = append(scalers[s.TargetName], s)
		}
		for _, v := range verticals(p) {
			for _, s := range scalers[manifest.String(v.Node, "spec", "targetRef", "name")] {
				sameMeasure(p, v, s)
			}
		}
		return nil
	},
}

// vertical is a VerticalPodAutoscaler that applies what it recommends.
type vertical struct {
	*manifest.Resource
	own bool
}

// verticals returns those of the unit and its context. The mode is Auto where
// it is left out; Initial changes nothing of pods that run.
func verticals(p *analyzer.Pass) []vertical {
	var all []vertical
	for i, list := range [][]*manifest.Resource{p.Unit.Resources, p.Unit.Context} {
		for _, r := range list {
			mode := manifest.String(r.Node, "spec", "updatePolicy", "updateMode")
			acts := mode == "" || mode == "Auto" || mode == "Recreate" || strings.HasPrefix(mode, "InPlace")
			if r.Kind == "VerticalPodAutoscaler" && r.Group == "autoscaling.k8s.io" && acts {
				all = append(all, vertical{r, i == 0})
			}
		}
	}
	return all
}

// sameMeasure reports an autoscaler that measures what a VPA changes.
func sameMeasure(p *analyzer.Pass, v vertical, s *graph.Scaler) {
	ref := v.Get("spec", "targetRef")
	group, _, ok := strings.Cut(manifest.String(ref, "apiVersion"), "/")
	if !ok {
		group = ""
	}
	same := group == s.TargetGroup && strings.EqualFold(manifest.String(ref, "kind"), s.TargetKind) &&
		p.Graph.Namespace(v.Resource) == p.Graph.Namespace(s.Resource)
	if !same || !v.own && !s.Own || s.TargetName == "" || manifest.IsPlaceholder(s.TargetName) {
		return
	}
	for _, m := range utilizations(s) {
		if controls(v.Resource, m, p.Graph.Targets(s)) {
			if p.Unit.Rewrites(kustomize.Relations) {
				p.Skip(v.Resource, "VerticalPodAutoscalers: what they change may come from kustomize")
			} else {
				p.Report(verticalConflict(v, s, m))
			}
			return
		}
	}
}

// controls reports whether a VPA sets the request of a container that is
// measured. Without a known target its policy for all containers decides.
func controls(v *manifest.Resource, m utilization, targets []*graph.Workload) bool {
	names := []string{"*"}
	if m.container != "" {
		names = []string{m.container}
	} else if len(targets) > 0 {
		names = nil
		for _, c := range manifest.Items(targets[len(targets)-1].PodField("spec", "containers")) {
			names = append(names, manifest.String(c, "name"))
		}
	}
	policies := map[string]*manifest.Node{}
	for _, policy := range manifest.Items(v.Get("spec", "resourcePolicy", "containerPolicies")) {
		policies[manifest.String(policy, "containerName")] = policy
	}
	return slices.ContainsFunc(names, func(name string) bool {
		policy := policies[name]
		if policy == nil {
			policy = policies["*"]
		}
		var resources []string
		for _, n := range manifest.Items(manifest.Get(policy, "controlledResources")) {
			resources = append(resources, manifest.String(n))
		}
		return manifest.String(policy, "mode") != "Off" && (resources == nil || slices.Contains(resources, m.resource))
	})
}

// verticalConflict is the finding: at the autoscaler if it is the unit's own,
// else at the VPA.
func verticalConflict(v vertical, s *graph.Scaler, m utilization) analyzer.Finding {
	ref := []string{"spec", "targetRef", "name"}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s measures %s utilization of %s %s, whose requests %s changes", s, m.resource, s.TargetKind, s.TargetName, v),
		Label:       "a share of what is requested",
		Consequence: fmt.Sprintf("both react to the same %s usage, and each shifts what the other measures", m.resource),
		Help:        fmt.Sprintf(`set updateMode: "Off", or leave %s out of controlledResources, or scale by another metric`, m.resource),
		Location:    metricLocation(s, m),
		Path:        m.path,
		Resource:    s.Resource,
		Related:     []analyzer.Related{{Location: v.EntryLocation(ref...), Message: fmt.Sprintf("%s sets the requests of its containers", v)}},
	}
	if !s.Own {
		f.Message = fmt.Sprintf("%s changes the requests of %s %s, whose %s utilization %s measures", v, s.TargetKind, s.TargetName, m.resource, s)
		f.Label = "its requests are changed"
		f.Related = []analyzer.Related{{Location: f.Location, Message: fmt.Sprintf("measures a share of the %s that is requested", m.resource)}}
		f.Location, f.Path, f.Resource = v.EntryLocation(ref...), ref, v.Resource
	}
	return f
}
