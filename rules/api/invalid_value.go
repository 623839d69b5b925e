package api

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// InvalidValue reports values that the API server's validation refuses.
var InvalidValue = &analyzer.Rule{
	ID:    "invalid-value",
	Title: "A value that the API server refuses",
	Claim: analyzer.Rejected,
	Why: `Before the API server stores an object it checks every value: names and ports, which fields exclude each other, what must be greater than what. kubeknot asks the very same code, that of Kubernetes ` + apiserver.KubernetesVersion + `, so what it says here is what kubectl would print.

Custom resources are judged by the schema and the CEL rules of their CustomResourceDefinition, if there is just one in the unit or above it and the server accepts that. Where a mutating webhook for their group is known, nothing is said: it may mend them first.

Admission, quotas and webhooks of a certain cluster come on top; they are not known here.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      restartPolicy: Never
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      restartPolicy: Always
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/kubernetes-api/",
		"k8s.io/kubernetes/pkg/registry: the create strategy of each kind; pkg/apis: its validation",
	},
	Run: func(p *analyzer.Pass) error {
		verdict.Refusals(p, apiserver.Invalid, func(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
			finding := verdict.Refused(r, f)
			finding.Message = fmt.Sprintf("%s: %s", r, verdict.InWords(r, f))
			finding.Help, finding.Related = remedy(r, f)
			if scalesToZero(r, f) {
				finding.Evidence = analyzer.Open
				finding.Notes = append(finding.Notes, "the API server accepts it with the alpha feature gate HPAScaleToZero")
			}
			finding.Edits = inOtherCase(r, f)
			return finding
		})
		return nil
	},
}

// scalesToZero reports whether the refused value is minReplicas: 0 of an autoscaler
// with a metric that exists without pods: whoever writes that has mostly enabled
// the feature gate that allows it
// (k8s.io/kubernetes/pkg/apis/autoscaling/validation ValidateHorizontalPodAutoscaler).
func scalesToZero(r *manifest.Resource, f apiserver.Refusal) bool {
	if r.Kind != "HorizontalPodAutoscaler" || manifest.FieldPath(f.Path) != "spec.minReplicas" || manifest.String(r.Node, f.Path...) != "0" {
		return false
	}
	return slices.ContainsFunc(manifest.Items(r.Get("spec", "metrics")), func(m *manifest.Node) bool {
		kind := manifest.String(m, "type")
		return kind == "External" || kind == "Object"
	})
}
