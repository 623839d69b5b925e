package documents

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// TypeMissing reports documents that are meant as objects and lack apiVersion
// or kind.
var TypeMissing = &analyzer.Rule{
	ID:    "type-missing",
	Title: "A manifest without apiVersion or kind",
	Claim: analyzer.Rejected,
	Why: `apiVersion and kind say which API an object belongs to. kubectl validates both before it sends anything, so a document that lacks one, or spells its key in another way, ends the file: the documents before it are applied, those after it are not.

Files of other tools have a kind, too. A document is reported only if it also has metadata with a name, and its kind is one of Kubernetes itself, or the missing key is there in another spelling, or objects stand in the same file.`,
	Bad: `kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80}]
`,
	Good: `apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  mode: fast
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/overview/working-with-objects/#required-fields",
		"k8s.io/kubectl/pkg/validation/schema.go: ValidateBytes",
	},
	File: func(p *analyzer.Pass, f *manifest.File) error {
		for _, d := range f.Documents {
			for _, problem := range d.Problems {
				if problem.Kind != manifest.TypeMissing {
					continue
				}
				p.Report(analyzer.Finding{
					Message:     problem.Message,
					Consequence: fmt.Sprintf("kubectl fails: error validating data: %s not set; it applies the documents before this one and none after it in this file", problem.Path[0]),
					Help:        problem.Help,
					Location:    place(f, problem.Span),
					Path:        problem.Path,
				})
			}
		}
		return nil
	},
}
