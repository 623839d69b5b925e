package api

import (
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// AdmissionPolicyDenies reports objects that violate a
// ValidatingAdmissionPolicy.
var AdmissionPolicyDenies = &analyzer.Rule{
	ID:    "admission-policy-denies",
	Title: "An object violates a ValidatingAdmissionPolicy",
	Claim: analyzer.Rejected,
	Why: `A ValidatingAdmissionPolicy holds expressions that must be true of every object it matches, and a ValidatingAdmissionPolicyBinding puts it in force. kubeknot asks the API server's own code, that of Kubernetes ` + apiserver.KubernetesVersion + `, as if each object of a unit were created: with the policies, bindings and parameters that stand in the unit, in the directories above it, or in what --policy names.

The binding's actions decide: Deny is an error, Warn a warning, Audit an info. Objects have the defaults that the server gives them. One without a namespace is judged in that of its unit, or else in "default".

What the manifests do not decide is counted and not judged: validations that depend on labels of a namespace, or on parameters, that are not defined, and those whose result depends on who applies the object. The other validations of the same policy are judged. Where matchConditions exempt some users by name, Deny is a warning. Pods that a workload creates are judged by pods-refused. An expression that does not compile is reported by invalid-value.`,
	Bad:  strings.Replace(fewReplicas, "COUNT", "6", 1),
	Good: strings.Replace(fewReplicas, "COUNT", "5", 1),
	References: []string{
		"https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/",
		"k8s.io/apiserver/pkg/admission/plugin/policy/validating",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Rewrites(kustomize.Everything) || p.Unit.Kind == unit.Document { // what is not there may be added
			return nil
		}
		a := admissionOf(p.Graph)
		if a == nil {
			return nil
		}
		for _, r := range p.Unit.Resources {
			a.judge(p, r)
		}
		return nil
	},
}

const fewReplicas = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: few-replicas
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
    - expression: object.spec.replicas <= 5
      message: more than 5 replicas
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: few-replicas
spec:
  policyName: few-replicas
  validationActions: [Deny]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: COUNT
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
`
