package scaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/text"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// HPATargetMissing reports autoscalers whose target is not there.
var HPATargetMissing = &analyzer.Rule{
	ID:    "hpa-target-missing",
	Title: "An autoscaler targets an object that is not there",
	Claim: analyzer.Broken,
	Kinds: []string{"HorizontalPodAutoscaler", "ScaledObject"},
	Why: `An autoscaler finds its target in its own namespace by group, kind and name; the version of apiVersion is ignored, and so is the case of the kind. If there is none, the autoscaler is accepted and does nothing: AbleToScale is False with the reason FailedGetScale.

The target may come from somewhere else, so only what something close explains is an error: a name that is one slip off, another kind of the same name, a group that no longer has the kind, another namespace, or a workload of the autoscaler's own name that nobody scales.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: carts
spec:
  selector:
    matchLabels: {app: carts}
  template:
    metadata:
      labels: {app: carts}
    spec:
      containers: [{name: carts, image: example/carts, resources: {requests: {cpu: 100m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: carts
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: cart}
  maxReplicas: 5
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: carts
spec:
  selector:
    matchLabels: {app: carts}
  template:
    metadata:
      labels: {app: carts}
    spec:
      containers: [{name: carts, image: example/carts, resources: {requests: {cpu: 100m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: carts
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: carts}
  maxReplicas: 5
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/",
		"k8s.io/kubernetes/pkg/controller/podautoscaler/horizontal.go: scaleForResourceMappings",
	},
	Supersedes: verdict.Causes(apiserver.TargetWithoutGroup),
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Scalers {
			if s.Own && !unscalable(s) && !targetIsThere(p, s) {
				targetMissing(p, s)
			}
		}
		return nil
	},
}

// targetIsThere reports whether the unit or its context has the target.
func targetIsThere(p *analyzer.Pass, s *graph.Scaler) bool {
	return slices.ContainsFunc(p.Graph.Named(s.TargetName), s.Scales)
}

// groupMissing is what the API server says to a reference that is Refused.
const groupMissing = "the API server refuses it: apiVersion must specify API group"

func targetMissing(p *analyzer.Pass, s *graph.Scaler) {
	name := append(slices.Clone(s.RefPath), "name")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s targets %s %s, which does not exist", s, s.TargetKind, s.TargetName),
		Consequence: "it is accepted and never scales anything: AbleToScale is False, FailedGetScale",
		Label:       fmt.Sprintf("no %s has this name", s.TargetKind),
		Path:        name,
		Resource:    s.Resource,
	}
	if s.Refused() {
		f.Claim, f.Consequence = analyzer.Rejected, groupMissing
	}
	miss := nearestTarget(p, s)
	beside := slices.IndexFunc(p.Unit.Siblings, s.Scales)
	switch {
	case manifest.IsPlaceholder(s.TargetName):
		p.Skip(s.Resource, "autoscalers: the names of their targets are still to be filled in")
		return
	case p.Unit.MayHold(s.TargetName):
		p.Skip(s.Resource, "autoscalers: their targets may stand in a document that cannot be read")
		return
	case miss != nil:
		miss.Explain(&f)
		if miss.Key != "" {
			f.Path = append(slices.Clone(s.RefPath), miss.Key)
		}
		if beside >= 0 {
			target := p.Unit.Siblings[beside]
			f.Notes = append(f.Notes, fmt.Sprintf("%s in %s is not applied together with this", target, text.RelativeDir(p.Unit, target)))
		}
	case s.TargetGroup == "extensions" && isBuiltin(s) && groupIsGone(p, s):
		f.Path, f.Label = append(slices.Clone(s.RefPath), "apiVersion"), "this group has no kinds that can be scaled any more"
		f.Message = fmt.Sprintf("%s targets a %s of group extensions, which has none", s, s.TargetKind)
		f.Consequence = "it is accepted and never scales anything: no matches for kind in group \"extensions\""
		f.Help = "write apiVersion: apps/v1"
	case beside >= 0:
		p.Skip(s.Resource, "autoscalers: their targets are only in a directory beside")
		return
	case !p.Unit.Complete() || !p.Graph.HasWorkloads(s.Resource) || !isBuiltin(s):
		p.Skip(s.Resource, "autoscalers: their targets may live elsewhere")
		return
	default:
		f.Evidence = analyzer.Absent
		f.Help = "check the name and the kind, or ignore this if the target lives elsewhere"
	}
	f.Location = s.EntryLocation(f.Path...)
	p.Report(f)
}

// groupIsGone reports whether the cluster serves no version of what a reference
// to the group extensions names.
func groupIsGone(p *analyzer.Pass, s *graph.Scaler) bool {
	l, ok := apiserver.LifecycleOf("extensions/v1beta1", s.TargetKind)
	return ok && verdict.Target(p).AtLeast(l.Removed)
}

// isBuiltin reports whether the target is of a kind of Kubernetes' own.
func isBuiltin(s *graph.Scaler) bool {
	return slices.ContainsFunc([]string{"Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"}, func(kind string) bool {
		return strings.EqualFold(kind, s.TargetKind) && graph.IsScalable(s.TargetGroup, kind)
	})
}

// nearestTarget returns what explains best that the target does not exist.
func nearestTarget(p *analyzer.Pass, s *graph.Scaler) *nearmiss.Explanation {
	ref := s.Reference()
	if miss := nearmiss.Object(p, ref); miss != nil {
		return miss
	}
	if slices.ContainsFunc(p.Unit.Siblings, s.Scales) {
		return nil
	}
	for _, w := range p.Graph.Siblings() {
		same := w.Group == ref.Target.Group && w.Kind == ref.Target.Kind && p.Graph.SameNamespace(s.Resource, w.Resource)
		if same && nearmiss.IsSlip(w.Name, s.TargetName) { // a sibling is no end of the tie, so it is named and not shown
			return &nearmiss.Explanation{
				What: fmt.Sprintf("%s exists in %s", w, text.RelativeDir(p.Unit, w.Resource)), Wanted: s.TargetName, There: w.Name,
				Help: fmt.Sprintf("set scaleTargetRef.name to %s", w.Name),
			}
		}
	}
	return nil
}
