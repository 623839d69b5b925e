package documents

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// DuplicateKey reports keys that stand twice in one mapping.
var DuplicateKey = &analyzer.Rule{
	ID:    "duplicate-key",
	Title: "A key stands twice in one mapping",
	Claim: analyzer.Suspect,
	Why: `kubectl converts YAML to JSON itself, and of a key that stands twice the last value wins without a word: the API server never sees the first. A second "spec:" replaces the first one whole.

Where apiVersion and kind stand twice, the "---" line between two objects is missing: then only one object is made, from the last values of both. That is reported once, where the second object begins. kustomize refuses such a resource; of its own file, a kustomization, it uses the last value like kubectl.`,
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
		"sigs.k8s.io/kustomize/api/types/kustomization.go: Unmarshal",
		"https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation",
	},
	File: func(p *analyzer.Pass, f *manifest.File) error {
		for _, d := range f.Documents {
			top, inside := duplicateKeys(d)
			for _, again := range top {
				if finding, ok := objectAgain(f, again); ok {
					p.Report(finding)
				} else {
					inside = append(inside, again...)
				}
			}
			for _, problem := range inside {
				p.Report(duplicateKey(f, problem))
			}
		}
		return nil
	},
}

// duplicateKeys returns the keys of a document that stand twice: those of the
// object itself, in groups in which none stands twice again, and those inside.
func duplicateKeys(d *manifest.Document) (top [][]manifest.Problem, inside []manifest.Problem) {
	var seen map[string]bool // in the group
	for _, problem := range d.Problems {
		switch {
		case problem.Kind != manifest.DuplicateKey:
		case len(problem.Path) > 1:
			inside = append(inside, problem)
		default:
			key := problem.Path[0]
			if len(top) == 0 || seen[key] {
				top, seen = append(top, nil), map[string]bool{}
			}
			seen[key] = true
			top[len(top)-1] = append(top[len(top)-1], problem)
		}
	}
	return top, inside
}

// objectAgain makes one finding of a group of keys that begin an object again.
func objectAgain(f *manifest.File, group []manifest.Problem) (analyzer.Finding, bool) {
	of := func(key string) int {
		return slices.IndexFunc(group, func(p manifest.Problem) bool { return p.Path[0] == key })
	}
	kind := of("kind")
	if kind < 0 || of("apiVersion") < 0 {
		return analyzer.Finding{}, false
	}
	return analyzer.Finding{
		Message:     subject(group[kind].Resource) + "apiVersion and kind stand twice, as if a second object began here",
		Consequence: "kubectl reads one object, made from the last values of both, without a warning",
		Help:        "put a line with --- between the two objects",
		Location:    place(f, group[0].Span),
		Path:        group[0].Path,
		Resource:    group[kind].Resource,
		Related:     []analyzer.Related{{Location: group[kind].First, Message: "the kind of the first object is dropped"}},
	}, true
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
	if kustomize.IsFile(f.File.Path) {
		finding.Consequence = "kustomize uses the last value and silently drops the first"
		finding.Help = fmt.Sprintf("merge both values under one key %s", key)
	}
	if problem.Last {
		finding.Label = "this value counts"
	}
	if problem.Same {
		finding.Notes = []string{"both values are the same, so nothing is lost today"}
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
