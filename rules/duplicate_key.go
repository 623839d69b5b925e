package rules

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// DuplicateKey reports keys that stand twice in one mapping.
var DuplicateKey = &analyzer.Rule{
	ID:    "duplicate-key",
	Title: "A key stands twice in one mapping",
	Claim: analyzer.Suspect,
	Why: `kubectl converts YAML to JSON itself, and of a key that stands twice the last value wins without a word: the API server never sees the first. A second "spec:" replaces the first one whole.

Where apiVersion, kind or metadata stand twice, a "---" line between two objects is usually missing: then only one object is made, from the last values of both. Other tools, such as kustomize, refuse the file.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  replicas: 3
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"sigs.k8s.io/yaml: YAMLToJSON, which kubectl uses without the strict option",
		"https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation",
	},
	File: func(p *analyzer.Pass, f *manifest.File) error {
		for _, d := range f.Documents {
			for _, problem := range d.Problems {
				if problem.Kind == manifest.DuplicateKey {
					p.Report(duplicateKey(f, problem))
				}
			}
		}
		return nil
	},
}

func duplicateKey(f *manifest.File, problem manifest.Problem) analyzer.Finding {
	key := problem.Path[len(problem.Path)-1]
	finding := analyzer.Finding{
		Message:     fmt.Sprintf("%skey %s stands twice", subject(problem.Resource), key),
		Consequence: "kubectl takes the last value and drops the first, without a warning",
		Help:        "remove one of the two",
		Location:    place(f, problem.Span),
		Path:        problem.Path,
		Resource:    problem.Resource,
		Related:     []analyzer.Related{{Location: problem.First, Message: "dropped"}},
	}
	if problem.Last {
		finding.Label = "this value counts"
	}
	if problem.Same {
		finding.Notes = []string{"both values are the same, so nothing is lost today"}
	}
	if len(problem.Path) == 1 && (key == "apiVersion" || key == "kind" || key == "metadata") {
		finding.Consequence = "kubectl reads one object, made from the last values of both"
		finding.Help = "put a line with --- between two objects"
	}
	return finding
}

// subject starts a message with the object it is about: "Kind name: ".
func subject(r *manifest.Resource) string {
	if r == nil {
		return ""
	}
	return r.String() + ": "
}

func place(f *manifest.File, span source.Span) source.Location {
	return source.Location{File: f.File, Span: span}
}
