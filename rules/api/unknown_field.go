package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// UnknownField reports fields that the kind does not have.
var UnknownField = &analyzer.Rule{
	ID:    "unknown-field",
	Title: "A field that the kind does not have",
	Claim: analyzer.Rejected,
	Why: `kubectl asks for strict validation unless it is told otherwise, and then the API server refuses an object with a field that its type does not have. Other clients get a warning, and the field is dropped, which is often worse: a misspelt selector is no selector.

Most of these are misspelt, or stand one level too high or too low. What hides behind such a field is judged as if it stood where it belongs.

Custom resources are judged by the schema of their CustomResourceDefinition if one stands in the unit or above it: where the schema asks to keep unknown fields, they are kept.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selectors:
    app: web
  ports: [{port: 80}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {app: web}
spec:
  containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation",
		"sigs.k8s.io/json: UnmarshalStrict",
		"https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning",
	},
	Run: func(p *analyzer.Pass) error {
		verdict.Refusals(p, apiserver.UnknownField, unknownField)
		return nil
	},
}

func unknownField(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
	key := f.Path[len(f.Path)-1]
	finding := verdict.Refused(r, f)
	finding.Message = fmt.Sprintf("%s: %s has no field %s", r, verdict.ParentOf(f.Path), key)
	finding.Consequence = "kubectl refuses it; without strict validation the field is dropped"
	finding.Location = r.KeyLocation(f.Path...)
	switch {
	case f.Unwrap:
		finding.Label = "one level too many"
		finding.Help = fmt.Sprintf("move what %s holds directly under %s", key, verdict.ParentOf(f.Path))
	case f.Home != nil:
		finding.Label = "belongs " + under(f.Home)
		finding.Help = fmt.Sprintf("move %s %s", key, under(f.Home))
	case f.Near != "":
		finding.Label = fmt.Sprintf("did you mean %s?", f.Near)
		finding.Help = fmt.Sprintf("use %s", f.Near)
		parent := manifest.Get(r.Node, f.Path[:len(f.Path)-1]...)
		if manifest.Field(parent, f.Near).Key == nil { // else both stand there
			finding.Edits = rewrite(finding.Location, key, f.Near)
		}
	case f.Of != "":
		finding.Label = "a field of " + f.Of
		finding.Help = fmt.Sprintf("write it as %s does", r.APIVersion)
		if name, ok := renamed[r.Kind+" "+key]; ok {
			finding.Help = fmt.Sprintf("write %s: that is its place in %s", name, r.APIVersion)
		}
	default:
		finding.Help = fmt.Sprintf("kubectl explain %s lists the fields that exist here", explainPath(r, f.Path))
	}
	return finding
}

// under says where a field belongs.
func under(home []string) string {
	parent := home[:len(home)-1]
	switch at := slices.Index(parent, apiserver.AnyEntry); {
	case len(parent) == 0:
		return "at the top level"
	case at == len(parent)-1:
		return "under an entry of " + manifest.FieldPath(parent[:at])
	case at >= 0:
		return fmt.Sprintf("under %s of an entry of %s", manifest.FieldPath(parent[at+1:]), manifest.FieldPath(parent[:at]))
	}
	return "under " + manifest.FieldPath(parent)
}

// explainPath returns what "kubectl explain" takes for the parent of a field.
func explainPath(r *manifest.Resource, path []string) string {
	steps := []string{strings.ToLower(r.Kind)}
	for _, step := range path[:len(path)-1] {
		if _, err := strconv.Atoi(step); err != nil {
			steps = append(steps, step)
		}
	}
	return strings.Join(steps, ".")
}

// renamed are fields that the present version of a kind has under other names
// (https://kubernetes.io/docs/reference/using-api/deprecation-guide/).
var renamed = map[string]string{
	"Ingress backend":     "defaultBackend",
	"Ingress serviceName": "service: {name: ...}",
	"Ingress servicePort": "service: {port: {number: ...}}, or {name: ...}",
}
