package api

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// APIRemoved reports objects of an API that the server no longer serves.
var APIRemoved = &analyzer.Rule{
	ID:    "api-removed",
	Title: "An API that is no longer served",
	Claim: analyzer.Rejected,
	Why: `Beta APIs are removed some versions after their replacement has come. kubectl then finds no such resource, and applies the rest.

The version of the cluster is ` + apiserver.KubernetesVersion + ` unless --kubernetes-version says otherwise. Often the fields have changed too: a newer apiVersion alone is not always enough.`,
	Bad: `apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  minAvailable: 1
  selector:
    matchLabels: {app: web}
`,
	Good: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: web
spec:
  minAvailable: 1
  selector:
    matchLabels: {app: web}
`,
	References: []string{
		"https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
		"k8s.io/api: APILifecycleRemoved of each type",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			l, ok := apiserver.LifecycleOf(r.APIVersion, r.Kind)
			if ok && l.Removed != (apiserver.Version{}) && verdict.Target(p).AtLeast(l.Removed) {
				p.Report(apiRemoved(r, l))
			}
		}
		return nil
	},
}

func apiRemoved(r *manifest.Resource, l apiserver.Lifecycle) analyzer.Finding {
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s is of %s, which Kubernetes %s has removed", r, r.APIVersion, l.Removed),
		Label:       "removed in " + l.Removed.String(),
		Consequence: fmt.Sprintf("the API server has no %s in %s, so kubectl does not send it", r.Kind, r.APIVersion),
		Help:        insteadOf(r, l),
		Edits:       nextVersion(r, l),
		Location:    r.Location("apiVersion"),
		Path:        []string{"apiVersion"},
		Resource:    r,
	}
}

// insteadOf says what to use in place of an API.
func insteadOf(r *manifest.Resource, l apiserver.Lifecycle) string {
	switch {
	case l.Replacement.Empty():
		return "there is no replacement: remove it"
	case l.Replacement.Kind != r.Kind:
		return fmt.Sprintf("use %s of %s", l.Replacement.Kind, l.Replacement.GroupVersion())
	}
	return fmt.Sprintf("use apiVersion: %s", l.Replacement.GroupVersion())
}
