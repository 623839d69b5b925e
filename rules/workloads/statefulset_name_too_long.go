package workloads

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// StatefulSetNameTooLong reports StatefulSets whose name leaves no room for
// the hash that goes into a label of their pods.
var StatefulSetNameTooLong = &analyzer.Rule{
	ID:    "statefulset-name-too-long",
	Title: "The name of a StatefulSet is too long for the label of its pods",
	Claim: analyzer.Broken,
	Kinds: []string{"StatefulSet"},
	Why: `A StatefulSet gives each pod the label controller-revision-hash, which is its own name, a dash and a number of up to ten digits. A label holds 63 characters, so only names of up to 52 are safe. A longer name, up to 63, is accepted; then no pod can be created, and nothing but FailedCreate events says so.

With 53 or 54 characters it depends on the number, which is another one after each change of the template.`,
	Bad: `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: elasticsearch-data-hot-europe-west-production-cluster-one
spec:
  selector:
    matchLabels: {app: search}
  template:
    metadata:
      labels: {app: search}
    spec:
      containers: [{name: search, image: example/search}]
`,
	Good: `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: elasticsearch-hot-europe-west
spec:
  selector:
    matchLabels: {app: search}
  template:
    metadata:
      labels: {app: search}
    spec:
      containers: [{name: search, image: example/search}]
`,
	References: []string{
		"https://github.com/kubernetes/kubernetes/issues/64023",
		"k8s.io/kubernetes/pkg/controller/history/controller_history.go: ControllerRevisionName",
		"k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_utils.go: setPodRevision",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			tooLong := len(r.Name) > safeName && len(r.Name) <= maxLabelValue
			switch {
			case r.Kind != "StatefulSet" || r.Group != "apps" || !tooLong:
			case manifest.IsPlaceholder(r.Name):
				p.Skip(r, "StatefulSets: their names are still to be filled in")
			case len(validation.IsDNS1123Subdomain(r.Name)) == 0: // else the server refuses it
				p.Report(nameTooLong(r))
			}
		}
		return nil
	},
}

const (
	maxLabelValue = 63
	// safeName leaves room for a dash and ten digits.
	safeName = maxLabelValue - 1 - 10
	// luckyName is the longest that a number of eight digits has room for.
	luckyName = maxLabelValue - 1 - 8
)

func nameTooLong(r *manifest.Resource) analyzer.Finding {
	path := []string{"metadata", "name"}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s has a name of %d characters, %d more than its pods' label has room for", r, len(r.Name), len(r.Name)-safeName),
		Label:       "longer than " + fmt.Sprint(safeName),
		Consequence: "it is accepted and creates no pod: the label controller-revision-hash would be longer than 63 characters, FailedCreate",
		Help:        fmt.Sprintf("choose a name of at most %d characters, such as %s", safeName, strings.TrimRight(r.Name[:safeName], "-.")),
		Location:    r.NameLocation(),
		Path:        path,
		Resource:    r,
	}
	if len(r.Name) <= luckyName {
		f.Consequence = "it is accepted, and after most changes of its template it creates no pod: the label controller-revision-hash gets longer than 63 characters"
	}
	return f
}
