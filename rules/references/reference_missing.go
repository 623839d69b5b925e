package references

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// ReferenceMissing reports references of webhooks, APIServices and custom
// resources to objects that do not exist.
var ReferenceMissing = &analyzer.Rule{
	ID:    "reference-missing",
	Title: "A webhook or custom resource references an object that does not exist",
	Claim: analyzer.Broken,
	Kinds: []string{
		"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
		"CustomResourceDefinition", "APIService", "Rollout", "ScaledObject", "ScaledJob", "VerticalPodAutoscaler", "TriggerAuthentication", "IngressRoute", "Certificate", "ExternalSecret",
		"HelmRelease", "Kustomization", "Receiver", "Provider", "Alert", "GitRepository", "HelmRepository", "OCIRepository", "Bucket",
	},
	Why: `Webhooks, APIServices and custom resources reference other objects by their names, and the API server does not look them up. Kustomize, too, rewrites only the references that it knows when it renames an object: those of custom resources need a nameReference of their own.

The objects often live elsewhere, so a reference is reported only if something close explains it: a name that is one slip off, an object that kustomize renames, another namespace, or the only object of its kind that nothing references.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: store
spec:
  type: ExternalName
  externalName: store.example.com
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: store
spec:
  routes:
    - match: 'PathPrefix("/")'
      kind: Rule
      services: [{name: stroe, port: 80}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: store
spec:
  type: ExternalName
  externalName: store.example.com
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata:
  name: store
spec:
  routes:
    - match: 'PathPrefix("/")'
      kind: Rule
      services: [{name: store, port: 80}]
`,
	References: []string{
		"https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/",
		"https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#service-reference",
		"https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/",
		"https://fluxcd.io/flux/components/helm/helmreleases/",
		"https://argo-rollouts.readthedocs.io/en/stable/features/specification/",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.Points || !missing.Judged(p, ref) {
				continue
			}
			f := missing.Find(p, ref)
			switch {
			case f == nil:
			case f.Evidence != analyzer.NearMiss:
				p.Skip(ref.From, fmt.Sprintf("resources: their %ss may live elsewhere", ref.Target.Kind))
			default:
				f.Consequence = withoutTarget(ref)
				p.Report(*f)
			}
		}
		return nil
	},
}

// withoutTarget says what happens when a reference finds nothing.
func withoutTarget(ref *graph.Reference) string {
	switch ref.From.Kind {
	case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
		return "the API server cannot call the webhook: requests that it matches fail (failed calling webhook), unless failurePolicy is Ignore"
	case "CustomResourceDefinition":
		return "the API server cannot convert objects between the versions: conversion webhook failed"
	case "APIService":
		return "the APIService stays unavailable (ServiceNotFound): kubectl get apiservice shows Available False"
	case "HelmRelease", "Kustomization":
		return "it stays not ready, and nothing of it is applied"
	case "VerticalPodAutoscaler":
		return "it is accepted and recommends nothing: ConfigUnsupported"
	}
	return "it is accepted, and its controller does not find the " + ref.Target.Kind
}
