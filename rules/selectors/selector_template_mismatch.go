package selectors

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/text"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// SelectorTemplateMismatch reports controllers whose selector does not match
// the labels of their own pod template.
var SelectorTemplateMismatch = &analyzer.Rule{
	ID:    "selector-template-mismatch",
	Title: "A selector does not match its own pod template",
	Claim: analyzer.Rejected,
	Kinds: []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "Rollout", "CloneSet", "DeploymentConfig"},
	Why: `A controller finds its pods by its selector and makes them from its template. If the selector did not match the template's labels it would make pods for ever and never find one, so the API server refuses the object.

All requirements count, matchExpressions too; NotIn and DoesNotExist are met by a label that is not there. A ReplicationController's selector is taken from the template when it is left out, and a Job's is made by the API server unless manualSelector is true.

The same holds for a Rollout of Argo, a CloneSet of OpenKruise and a DeploymentConfig of OpenShift. A Rollout is stored all the same, and its controller makes no pods of it.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
spec:
  replicas: 1
  selector:
    matchLabels:
      app: db
  template:
    metadata:
      labels:
        app: worker
    spec:
      containers: [{name: worker, image: example/worker}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: worker
spec:
  replicas: 1
  selector:
    matchLabels:
      app: worker
  template:
    metadata:
      labels:
        app: worker
    spec:
      containers: [{name: worker, image: example/worker}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector",
		"k8s.io/kubernetes/pkg/apis/apps/validation/validation.go: ValidatePodTemplateSpecForReplicaSet, ValidateDaemonSetSpec, ValidateStatefulSetSpec",
		"k8s.io/kubernetes/pkg/apis/batch/validation/validation.go: validateGeneratedSelector",
		"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/validation/validation.go: ValidateRolloutSpec",
	},
	Supersedes: verdict.Causes(apiserver.SelectorMismatch),
	Run: func(p *analyzer.Pass) error {
		moved := misplaced(p)
		for _, w := range p.Graph.Workloads {
			if !w.Own || moved[w.Resource] {
				continue
			}
			s := selectorOf(w)
			switch s.State {
			case graph.Unfinished:
				p.Skip(w.Resource, "selectors: their values are still to be filled in")
			case graph.Present:
				if r := failing(w, s); r != nil && !unfinished(p, w) {
					p.Report(mismatch(w, s, r))
				}
			}
		}
		return nil
	},
}

// customConsequences says what the controllers of other groups do whose selector has
// to match their template: those that make pods as a Deployment does.
var customConsequences = map[string]string{
	// github.com/argoproj/argo-rollouts pkg/apis/rollouts/validation: ValidateRolloutSpec
	"argoproj.io/Rollout": "its controller makes no pods: the phase is Degraded, InvalidSpec",
	// https://openkruise.io/docs/user-manuals/cloneset
	"apps.kruise.io/CloneSet": "its webhook refuses it: `selector` does not match template `labels`",
	// https://docs.openshift.com/container-platform/latest/rest_api/workloads_apis/deploymentconfig-apps-openshift-io-v1.html
	"apps.openshift.io/DeploymentConfig": "the API server refuses it: `selector` does not match template `labels`",
}

// selectorOf returns the selector that has to match the template of a workload.
func selectorOf(w *graph.Workload) graph.Selector {
	switch {
	case !w.Custom || customConsequences[w.Group+"/"+w.Kind] == "":
		return w.Selector
	case w.Kind == "DeploymentConfig":
		return graph.ReadMapSelector(w.Resource, "spec", "selector")
	}
	return graph.ReadLabelSelector(w.Resource, "spec", "selector")
}

// misplaced reports the mismatches of controllers whose selector or template
// stands at the wrong place or is misspelt, judged as if it did not, and
// returns those controllers. unknown-field says where the parts belong.
func misplaced(p *analyzer.Pass) map[*manifest.Resource]bool {
	moved := map[*manifest.Resource]bool{}
	for _, v := range verdict.All(p.Graph) {
		if !v.Moved() {
			continue
		}
		moved[v.Resource] = true
		for _, f := range v.Refusals {
			if f.Cause == apiserver.SelectorMismatch && !p.Unit.Rewrites(kustomize.Selectors) {
				p.Report(misplacedMismatch(v, f))
			}
		}
	}
	return moved
}

// misplacedMismatch compares the labels of both where the author has written
// them.
func misplacedMismatch(v verdict.Verdict, r apiserver.Refusal) analyzer.Finding {
	finding := analyzer.Finding{
		Message:     fmt.Sprintf("%s: the selector does not match the labels of the pod template", v.Resource),
		Label:       "these labels do not match the selector",
		Consequence: "the API server refuses it, once all stands where it belongs: `selector` does not match template `labels`",
		Help:        "make the labels of both the same",
		Location:    v.Resource.KeyLocation(r.Path...),
		Path:        r.Path,
		Resource:    v.Resource,
	}
	selector, template := v.Written([]string{"spec", "selector", "matchLabels"}), v.Written([]string{"spec", "template", "metadata", "labels"})
	asked, has := manifest.StringMap(v.Resource.Node, selector...), manifest.StringMap(v.Resource.Node, template...)
	for _, key := range text.SortedKeys(asked) {
		if value, ok := has[key]; !ok || value != asked[key] {
			words := missingLabel(key, asked[key], has)
			finding.Message, finding.Help = fmt.Sprintf("%s: %s", v.Resource, words.fact), words.help
			finding.Label = "no pod of the template carries this label"
			finding.Path = append(slices.Clone(selector), key)
			finding.Location = v.Resource.EntryLocation(finding.Path...)
			finding.Related = []analyzer.Related{{Location: v.Resource.KeyLocation(template...), Message: words.has}}
			return finding
		}
	}
	return finding
}

// unfinished reports whether kustomize still changes labels of the workload.
func unfinished(p *analyzer.Pass, w *graph.Workload) bool {
	changed := p.Unit.Rewrites(kustomize.Selectors)
	if changed {
		p.Skip(w.Resource, "selectors, because kustomize still changes them")
	}
	return changed
}

// failing returns the first requirement of a workload's selector that its
// template's labels do not meet, in the order of keys; nil if it meets all.
func failing(w *graph.Workload, s graph.Selector) *labels.Requirement {
	requirements, _ := s.Selector.Requirements()
	for _, r := range slices.Clone(requirements) {
		// Labels that a controller adds do not count: validation looks at the
		// template alone. Values that are still to be filled in do.
		if !r.Matches(w.Labels) && !(w.HasUnknown(r.Key())) {
			return &r
		}
	}
	return nil
}

func mismatch(w *graph.Workload, s graph.Selector, r *labels.Requirement) analyzer.Finding {
	value, labelled := w.Labels[r.Key()]
	path, equal := requirementPath(w, s, r)
	f := analyzer.Finding{
		Label:       "no pod of the template carries this label",
		Consequence: "the API server refuses it: `selector` does not match template `labels`",
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
	}
	if w.Custom {
		f.Claim, f.Consequence = analyzer.Broken, customConsequences[w.Group+"/"+w.Kind]
	}
	has := fmt.Sprintf("%s=%s", r.Key(), value)
	switch {
	case equal:
		words := missingLabel(r.Key(), s.Equal[r.Key()], w.Labels)
		f.Message, f.Help, has = fmt.Sprintf("%s: %s", w, words.fact), words.help, words.has
	default:
		f.Message = fmt.Sprintf("%s: the selector asks for %q, which the pod template does not meet", w, r.String())
		f.Label = "the labels of the template do not meet this"
		f.Help = "change the expression, or the labels of the template"
		if !labelled {
			has = "the template's labels: " + w.PodLabels()
		}
	}
	f.Related = []analyzer.Related{{Location: w.EntryLocation(w.LabelPath(r.Key())...), Message: has}}
	return f
}

// wording is how a label that a template lacks is spoken of.
type wording struct{ fact, help, has string }

// missingLabel compares the label that a selector asks for with those of a template,
// which has the key with another value, the value under another key, or neither.
func missingLabel(key, value string, template map[string]string) wording {
	asks := fmt.Sprintf("the selector asks for %s=%s", key, value)
	other := key
	if _, labelled := template[key]; !labelled {
		other = nearmiss.KeyOf(template, value)
	}
	if other == "" {
		return wording{
			asks + ", which the pod template does not have",
			fmt.Sprintf("add %s: %s to the template's labels", key, value),
			"the template's labels: " + graph.FormatLabels(template),
		}
	}
	has := fmt.Sprintf("%s=%s", other, template[other])
	return wording{
		fmt.Sprintf("%s, but the pod template has %s", asks, has),
		fmt.Sprintf("make both the same: %s: %s in the template, or %s: %s in the selector", key, value, other, template[other]),
		has,
	}
}

// requirementPath returns where a requirement stands in its selector, and
// whether that is a label that must be equal.
func requirementPath(w *graph.Workload, s graph.Selector, r *labels.Requirement) (path []string, equal bool) {
	if r.Operator() == selection.Equals {
		return append(slices.Clone(s.LabelsPath), r.Key()), true
	}
	return s.ExpressionPath(w.Resource, r.Key()), false
}
