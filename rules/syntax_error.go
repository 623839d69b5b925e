package rules

import (
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// SyntaxError reports documents that are no YAML or JSON.
var SyntaxError = &analyzer.Rule{
	ID:    "syntax-error",
	Title: "A document cannot be read",
	Claim: analyzer.Rejected,
	Why: `kubectl converts every document to JSON before it sends it, so a document that is no YAML is not sent.
The documents before it in the same file are applied all the same; those behind it are not. The other files of a directory are applied too, so the cluster ends up with a part of what was meant.

kubeknot goes on with the next document, whatever is wrong with this one.`,
	Bad: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
 labels:
    app: web
`,
	Good: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels:
    app: web
`,
	References: []string{
		"https://yaml.org/spec/1.2.2/",
		"k8s.io/apimachinery/pkg/util/yaml: YAMLReader splits, ToJSON converts",
	},
	File: func(p *analyzer.Pass, f *manifest.File) error {
		for _, d := range f.Documents {
			for _, problem := range d.Problems {
				if problem.Kind != manifest.SyntaxError {
					continue
				}
				finding := analyzer.Finding{
					Message:     fmt.Sprintf("the document cannot be read: %s", problem.Message),
					Consequence: "kubectl applies the documents before this one and none behind it in this file",
					Location:    place(f, problem.Span),
				}
				if strings.Contains(string(finding.Location.Text()), "\t") || strings.Contains(problem.Message, "tab") || startsWithTab(finding) {
					finding.Help = "indent with spaces: YAML allows no tabs there"
				}
				p.Report(finding)
			}
		}
		return nil
	},
}

// startsWithTab reports whether the line of a finding is indented with a tab.
func startsWithTab(f analyzer.Finding) bool {
	line := f.Location.File.Line(f.Location.Start().Line)
	text := string(f.Location.File.Data[line.Start:line.End])
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	return strings.Contains(indent, "\t")
}
