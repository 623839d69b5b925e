package api

import (
	"cmp"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
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
	finding.Help = cmp.Or(typeHelps[f.Wants], "write a value of that type")
	switch {
	case strings.Contains(f.Message, "base64"):
		finding.Help = "encode the value with base64, or put it under stringData"
	case strings.HasPrefix(f.Message, resource.ErrFormatWrong.Error()):
		finding.Message = fmt.Sprintf("%s: %s cannot be read: %q is no quantity", r, verdict.FieldOf(f), manifest.String(r.Node, f.Path...))
		finding.Help = "write a number with one of the suffixes m, k, M, G, T, Ki, Mi, Gi, Ti, or none, like 500m or 10Gi"
	case strings.HasPrefix(f.Message, "must be "):
		finding.Message = fmt.Sprintf("%s: %s %s", r, verdict.FieldOf(f), f.Message)
	}
	return finding
}

// typeHelps are what to write where a value of a type is wanted.
var typeHelps = map[string]string{
	"string": "put the value in quotes",
	"number": "write a number, without quotes",
	"bool":   "write true or false, without quotes",
	"object": "write fields, each with its name and a colon",
	"array":  "write a list: begin each entry with a dash",
}
