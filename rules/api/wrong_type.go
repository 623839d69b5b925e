package api

import (
	"cmp"
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// WrongType reports values that cannot be read as what their field holds.
var WrongType = &analyzer.Rule{
	ID:    "wrong-type",
	Title: "A value of the wrong type",
	Claim: analyzer.Rejected,
	Why: `The API server reads every field as its type says: a number is no string, and a list is no object. In YAML that is easy to get wrong, because the quotes decide: labels, annotations and environment variables are strings, so numbers, dates of one's own and booleans in them need quotes.

kubectl reads YAML 1.1, in which y, yes, on, n, no and off without quotes are booleans, and 010 is 8.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    version: 1.10
spec:
  containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    version: "1.10"
spec:
  containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set",
		"sigs.k8s.io/yaml: YAMLToJSON; sigs.k8s.io/json: UnmarshalStrict",
	},
	Run: func(p *analyzer.Pass) error {
		verdict.Refusals(p, apiserver.WrongType, wrongType)
		return nil
	},
}

func wrongType(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
	finding := verdict.Refused(r, f)
	finding.Message = fmt.Sprintf("%s: %s cannot be read: %s", r, verdict.FieldOf(f), f.Message)
	finding.Consequence = "the API server refuses the object"
	finding.Help = cmp.Or(typeHelps[f.Wants], "use a value of that type")
	switch {
	case f.Unwrap:
		parent := f.Path[:len(f.Path)-1]
		finding.Message = fmt.Sprintf("%s: %s holds the labels themselves, without %s", r, verdict.FieldAt(parent), f.Path[len(f.Path)-1])
		finding.Label = "not a field of this selector"
		finding.Help = fmt.Sprintf("move the labels from %s directly under %s", verdict.FieldOf(f), verdict.FieldAt(parent))
	case f.Cause == apiserver.NotBase64:
		finding.Help = "encode the value with base64, or put it under stringData"
	case f.Cause == apiserver.NotAQuantity:
		finding.Message = fmt.Sprintf("%s: %s cannot be read: %q is no quantity", r, verdict.FieldOf(f), manifest.String(r.Node, f.Path...))
		finding.Help = "use a number with one of the suffixes m, k, M, G, T, Ki, Mi, Gi, Ti, or none, like 500m or 10Gi"
	case f.Cause == apiserver.Mistyped:
		finding.Message = fmt.Sprintf("%s: %s %s", r, verdict.FieldOf(f), f.Message)
		if text, ok := splitText(r.Get(f.Path...)); ok && f.Wants == "string" {
			finding.Help = fmt.Sprintf("put the entry as a whole in quotes: its colon makes %q a mapping", text)
		}
	}
	if f.Wants == "string" {
		unquotedInTemplate(r, f.Path, &finding)
	}
	return finding
}

// unquotedInTemplate shows the action of a template that writes a number or a
// boolean without quotes: quotes in the values change nothing
// (https://helm.sh/docs/howto/charts_tips_and_tricks/#quote-strings-dont-quote-integers).
func unquotedInTemplate(r *manifest.Resource, path []string, finding *analyzer.Finding) {
	action, ok := helm.Unquoted(r, path)
	if n := r.Get(path...); !ok || n == nil || n.Kind != manifest.ScalarNode {
		return
	}
	if finding.Location.File != nil && finding.Location != action {
		finding.Related = append(finding.Related, analyzer.Related{Location: finding.Location, Message: "the value"})
	}
	finding.Location = action
	finding.Label = "the template writes the value without quotes"
	finding.Help = "end the action with the function quote: | quote }}"
}

// splitText returns what was probably meant as text, and was read as a mapping of
// one entry because it holds a colon and a blank.
func splitText(n *manifest.Node) (text string, ok bool) {
	if n == nil || n.Kind != manifest.MappingNode || n.Style&manifest.FlowStyle != 0 || len(n.Content) != 2 || n.Content[1].Kind != manifest.ScalarNode {
		return "", false
	}
	return n.Content[0].Value + ": " + n.Content[1].Value, true
}

// typeHelps are what to write where a value of a type is wanted.
var typeHelps = map[string]string{
	"string": "put the value in quotes",
	"number": "use a number, without quotes",
	"bool":   "use true or false, without quotes",
	"object": "use fields, each with its name and a colon",
	"array":  "use a list: begin each entry with a dash",
}
