package scaling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
	"github.com/kubeknot/kubeknot/rules/internal/near"
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
		Message:     fmt.Sprintf("%s targets %s %s, which is not there", s, s.TargetKind, s.TargetName),
		Consequence: "it is accepted and never scales anything: AbleToScale is False, FailedGetScale",
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
		f.Evidence, f.Help, f.Label = analyzer.NearMiss, miss.Help, miss.Label
		if miss.Key != "" {
			f.Path = append(slices.Clone(s.RefPath), miss.Key)
		}
		if miss.At.IsZero() {
			f.Notes = []string{miss.What}
		} else {
			f.Related = []analyzer.Related{{Location: miss.At, Message: miss.What}}
		}
		if beside >= 0 {
			target := p.Unit.Siblings[beside]
			f.Notes = append(f.Notes, fmt.Sprintf("%s in %s is not applied together with this", target, near.RelativeDir(p.Unit, target)))
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

// nearestTarget returns what explains best that the target is not there.
func nearestTarget(p *analyzer.Pass, s *graph.Scaler) *near.Miss {
	for _, try := range []func(*analyzer.Pass, *graph.Scaler, *graph.Workload) *near.Miss{
		otherGroup, otherKind, targetElsewhere, nameOff, ownName,
	} {
		for _, w := range p.Graph.NearTarget(s) {
			if miss := try(p, s, w); miss != nil && !w.Superseded {
				return miss
			}
		}
	}
	for _, w := range p.Graph.Siblings() {
		if !slices.ContainsFunc(p.Unit.Siblings, s.Scales) {
			if miss := nameOff(p, s, w); miss != nil {
				// A sibling is no end of the tie, so it is named and not shown.
				miss.At = source.Location{}
				miss.What = fmt.Sprintf("there is %s in %s", w, near.RelativeDir(p.Unit, w.Resource))
				return miss
			}
		}
	}
	return nil
}

// otherGroup: kind and name are right, the group of apiVersion is not.
func otherGroup(p *analyzer.Pass, s *graph.Scaler, w *graph.Workload) *near.Miss {
	if w.Name != s.TargetName || !strings.EqualFold(w.Kind, s.TargetKind) || w.Group == s.TargetGroup || !p.Graph.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	return &near.Miss{
		Key:   "apiVersion",
		Label: "not the API group of the target",
		At:    w.EntryLocation("apiVersion"),
		What:  fmt.Sprintf("%s is of %s", w, w.APIVersion),
		Help:  "write apiVersion: " + w.APIVersion,
	}
}

// otherKind: the name is that of another kind.
func otherKind(p *analyzer.Pass, s *graph.Scaler, w *graph.Workload) *near.Miss {
	if w.Name != s.TargetName || strings.EqualFold(w.Kind, s.TargetKind) || !p.Graph.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	miss := &near.Miss{
		Key:   "kind",
		Label: fmt.Sprintf("no %s of that name is there", s.TargetKind),
		At:    w.EntryLocation("kind"),
		What:  fmt.Sprintf("%s is a %s", w.Name, w.Kind),
		Help:  fmt.Sprintf("write kind: %s with apiVersion: %s", w.Kind, w.APIVersion),
	}
	if !w.Scalable() {
		miss.Help = fmt.Sprintf("remove the autoscaler: a %s cannot be scaled", w.Kind)
	}
	return miss
}

// targetElsewhere: the target is in another namespace.
func targetElsewhere(p *analyzer.Pass, s *graph.Scaler, w *graph.Workload) *near.Miss {
	same := w.Name == s.TargetName && w.Group == s.TargetGroup && strings.EqualFold(w.Kind, s.TargetKind)
	if !same || p.Graph.SameNamespace(s.Resource, w.Resource) {
		return nil
	}
	return &near.Miss{
		Label: fmt.Sprintf("not in namespace %s", p.Graph.Namespace(s.Resource)),
		At:    w.EntryLocation("metadata", "namespace"),
		What:  fmt.Sprintf("%s is in namespace %s", w, p.Graph.Namespace(w.Resource)),
		Help:  "put both into one namespace: an autoscaler scales in its own alone",
	}
}

// nameOff: the kind is right, and the name is a slip of the pen, or that of a
// workload which nothing scales but for words for the kind.
func nameOff(p *analyzer.Pass, s *graph.Scaler, w *graph.Workload) *near.Miss {
	same := w.Group == s.TargetGroup && strings.EqualFold(w.Kind, s.TargetKind) && p.Graph.SameNamespace(s.Resource, w.Resource)
	named := near.Slip(w.Name, s.TargetName) || missing.SameButForKind(w.Name, s.TargetName) && p.Graph.ScaledBy(w) == nil
	if !same || !named {
		return nil
	}
	return &near.Miss{
		At:    w.NameLocation(),
		What:  fmt.Sprintf("there is %s", w),
		Help:  "write name: " + w.Name,
		Label: "no " + s.TargetKind + " of that name is there",
	}
}

// ownName: a workload has the autoscaler's name, and nothing scales it.
func ownName(p *analyzer.Pass, s *graph.Scaler, w *graph.Workload) *near.Miss {
	same := w.Name == s.Name && w.Scalable() && p.Graph.SameNamespace(s.Resource, w.Resource)
	if !same || p.Graph.ScaledBy(w) != nil {
		return nil
	}
	return &near.Miss{
		At:    w.NameLocation(),
		What:  fmt.Sprintf("%s has the autoscaler's name, and nothing scales it", w),
		Help:  fmt.Sprintf("write name: %s, if that is meant", w.Name),
		Label: "no " + s.TargetKind + " of that name is there",
	}
}
