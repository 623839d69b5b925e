package selectors

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// VolatileLabelInSelector reports selectors by labels that change with each
// release.
var VolatileLabelInSelector = &analyzer.Rule{
	ID:    "volatile-label-in-selector",
	Title: "A selector holds a label that changes with each release",
	Claim: analyzer.Advice,
	Kinds: []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"},
	Why: `The selector of a Deployment, DaemonSet, ReplicaSet or StatefulSet cannot be changed. If it holds the version of the application or of its chart, the next release is refused ("field is immutable"), and the way out is to delete the object and its pods.

Labels such as version: v1, by which canaries are told apart, are left alone. The option labels names others that change with each release.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: web
      app.kubernetes.io/version: 1.4.2
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
        app.kubernetes.io/version: 1.4.2
    spec:
      containers: [{name: web, image: example/web:1.4.2}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: web
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
        app.kubernetes.io/version: 1.4.2
    spec:
      containers: [{name: web, image: example/web:1.4.2}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates",
		"https://helm.sh/docs/chart_best_practices/labels/",
		"k8s.io/kubernetes/pkg/apis/apps/validation/validation.go: ValidateDeploymentUpdate",
	},
	Options: VolatileLabels{Labels: []string{}},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Controlled() || w.Selector.State != graph.Present || !slices.Contains([]string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"}, w.Kind) {
				continue
			}
			more := analyzer.OptionsOf[VolatileLabels](p, w.Resource).Labels
			for _, key := range text.SortedKeys(w.Selector.Equal) {
				if value := w.Selector.Equal[key]; isVolatile(key, value) || slices.Contains(more, key) {
					path := append(slices.Clone(w.Selector.LabelsPath), key)
					p.Report(analyzer.Finding{
						Message:     fmt.Sprintf("%s selects its pods by %s=%s, which changes with each release", w, key, value),
						Label:       "a selector cannot be changed",
						Consequence: "it works until the value changes: then the API server refuses the update, field is immutable",
						Help:        "leave the label in the template and take it out of the selector, before the object is first applied",
						Location:    w.EntryLocation(path...),
						Path:        path,
						Resource:    w.Resource,
					})
					break
				}
			}
		}
		return nil
	},
}

// VolatileLabels are the options of volatile-label-in-selector.
type VolatileLabels struct {
	Labels []string `json:"labels,omitempty" jsonschema:"further keys of labels that change with each release, as git-sha"`
}

// fullVersion is a version of three parts, alone or behind a name: a release,
// not a line of development.
var fullVersion = regexp.MustCompile(`^([a-z0-9-]+-)?v?\d+\.\d+\.\d+`)

// isVolatile reports whether a label says a release.
func isVolatile(key, value string) bool {
	switch key {
	case "app.kubernetes.io/version", "helm.sh/chart":
		return true
	case "version", "chart":
		return fullVersion.MatchString(value)
	}
	return false
}
