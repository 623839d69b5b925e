package documents

import (
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
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
				at := place(f, problem.Span)
				p.Report(analyzer.Finding{
					Message:     fmt.Sprintf("the document cannot be read: %s", problem.Message),
					Consequence: "kubectl applies the documents before this one and none behind it in this file",
					Help:        mend(problem.Message, at),
					Location:    at,
				})
			}
		}
		return nil
	},
}

// remedies say what usually helps, by a part of the parser's message.
var remedies = []struct{ says, help string }{
	{"UTF-16", "save the file as UTF-8"},
	{"UTF-8", "save the file as UTF-8"},
	{"unknown anchor", "define the anchor in this document: an anchor does not reach beyond its own"},
	{"mapping values are not allowed", "check the indentation, and quote a value that holds a colon and a blank"},
	{"could not find expected ':'", "is the colon missing behind a key, or the indentation of a text?"},
	{"did not find expected alphabetic or numeric character", "put the value in quotes: * begins an alias of YAML, and & an anchor"},
	{"did not find expected ','", "close the bracket"},
	{"unexpected end of stream", "close the quote"},
	{"cannot start any token", "quote the value: @, ` and % cannot begin one"},
	{"did not find expected", "check the indentation of this line and of those before it"},
}

// mend says what to change.
func mend(message string, at source.Location) string {
	if startsWithTab(at) {
		return "indent with spaces: YAML allows no tabs there"
	}
	for _, r := range remedies {
		if strings.Contains(message, r.says) {
			return r.help
		}
	}
	return "correct the YAML here; what stands behind it is judged all the same"
}

// startsWithTab reports whether the line of a place is indented with a tab.
func startsWithTab(at source.Location) bool {
	line := at.File.Line(at.Start().Line)
	text := string(at.File.Data[line.Start:line.End])
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	return strings.Contains(indent, "\t")
}
