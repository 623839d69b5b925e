package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// FieldMissing reports values that the API server's validation misses.
var FieldMissing = &analyzer.Rule{
	ID:    "field-missing",
	Title: "A field that must be set is not",
	Claim: analyzer.Rejected,
	Why: `Some fields have no default that would make sense, so the API server refuses an object without them. kubeknot asks the server's own code, that of Kubernetes ` + apiserver.KubernetesVersion + `.

Where a field is only misspelt or misplaced, unknown-field says so instead.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  clusterIP: None
  ports:
    - {name: http, port: 80}
    - {port: 443}
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  clusterIP: None
  ports:
    - {name: http, port: 80}
    - {name: https, port: 443}
`,
	References: []string{
		"https://kubernetes.io/docs/reference/kubernetes-api/",
		"k8s.io/kubernetes/pkg/registry: the create strategy of each kind; pkg/apis: its validation",
	},
	Run: func(p *analyzer.Pass) error {
		verdict.Refusals(p, apiserver.Required, func(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
			finding := verdict.Refused(r, f)
			finding.Message = fmt.Sprintf("%s: %s", r, verdict.InWords(r, f))
			switch {
			case helps[f.Cause] != "":
				finding.Help = helps[f.Cause]
			case f.Cause == apiserver.OneOf:
				finding.Help = fmt.Sprintf("set %s to %s", verdict.FieldOf(f), nearestOf(manifest.String(r.Node, f.Path...), f.Args))
			case r.Get(f.Path...) == nil:
				finding.Help = fmt.Sprintf("set %s", verdict.FieldOf(f))
			default:
				finding.Help, _ = remedy(r, f)
			}
			if len(f.Path) > 1 {
				namedByPatch(&finding, r, f.Path[:len(f.Path)-1])
			}
			if p.Unit.Kind == unit.Document || workload.IsPatch(p.Graph, r) { // which may show a part of the object
				finding.Evidence = analyzer.Open
			}
			return finding
		})
		return nil
	},
}

// namedByPatch says of an element of a list that only a patch brings that it was
// added beside those of other names, which is what a misspelled name does.
func namedByPatch(finding *analyzer.Finding, r *manifest.Resource, element []string) {
	name := manifest.String(r.Node, append(slices.Clone(element), "name")...)
	names, ok := kustomize.AddedByPatch(r, element)
	if !ok || name == "" || len(names) == 0 {
		return
	}
	finding.Notes = append(finding.Notes, fmt.Sprintf("kustomize merges this list by name, so the patch adds %s beside %s", name, strings.Join(names, ", ")))
	near := names[0]
	if i := slices.IndexFunc(names, func(n string) bool { return nearmiss.IsSlip(n, name) }); i >= 0 {
		near = names[i]
	}
	finding.Help = fmt.Sprintf("set name to %s in the patch, or %s", near, finding.Help)
	finding.Location = r.EntryLocation(append(slices.Clone(element), "name")...)
}
