package graph

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// pointer is a field by which objects of a kind refer to another one. "[]" in the
// path stands for each item of a list. The path leads to the name, or, if in is
// true, to an object with the fields name, and perhaps namespace, kind and group
// or apiVersion.
type pointer struct {
	path        string
	in          bool
	group, kind string // where the object does not say them
}

var (
	toService        = pointer{in: true, kind: "Service"}
	toAnalysis       = pointer{group: "argoproj.io", kind: "AnalysisTemplate"}
	toAuthentication = pointer{in: true, group: "keda.sh", kind: "TriggerAuthentication"}
)

func (p pointer) at(path string) pointer {
	p.path = path
	return p
}

// webhooks are the Services of webhooks
// (k8s.io/api/admissionregistration/v1: WebhookClientConfig).
var webhooks = []pointer{toService.at("webhooks.[].clientConfig.service")}

// The groups of Flux.
const (
	fluxSource        = "source.toolkit.fluxcd.io"
	fluxKustomization = "kustomize.toolkit.fluxcd.io/Kustomization"
)

// authentication is the Secret of a source of Flux
// (https://fluxcd.io/flux/components/source/api/v1/).
var authentication = []pointer{{path: "spec.secretRef", in: true, kind: "Secret"}}

// pointers are the references of kinds other than those that are read by
// References, by group and kind. The source stands behind each.
var pointers = map[string][]pointer{
	"admissionregistration.k8s.io/ValidatingWebhookConfiguration": webhooks,
	"admissionregistration.k8s.io/MutatingWebhookConfiguration":   webhooks,
	// k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1: WebhookConversion
	"apiextensions.k8s.io/CustomResourceDefinition": {toService.at("spec.conversion.webhook.clientConfig.service")},
	// k8s.io/kube-aggregator/pkg/apis/apiregistration/v1: APIServiceSpec
	"apiregistration.k8s.io/APIService": {toService.at("spec.service")},

	// https://argo-rollouts.readthedocs.io/en/stable/features/specification/
	"argoproj.io/Rollout": {
		{path: "spec.strategy.canary.canaryService", kind: "Service"},
		{path: "spec.strategy.canary.stableService", kind: "Service"},
		{path: "spec.strategy.blueGreen.activeService", kind: "Service"},
		{path: "spec.strategy.blueGreen.previewService", kind: "Service"},
		{path: "spec.strategy.canary.pingPong.pingService", kind: "Service"},
		{path: "spec.strategy.canary.pingPong.pongService", kind: "Service"},
		toAnalysis.at("spec.strategy.canary.analysis.templates.[].templateName"),
		toAnalysis.at("spec.strategy.canary.steps.[].analysis.templates.[].templateName"),
		toAnalysis.at("spec.strategy.blueGreen.prePromotionAnalysis.templates.[].templateName"),
		toAnalysis.at("spec.strategy.blueGreen.postPromotionAnalysis.templates.[].templateName"),
		{path: "spec.workloadRef", in: true, group: "apps", kind: "Deployment"},
	},
	// https://github.com/kubernetes/autoscaler: vertical-pod-autoscaler/pkg/apis/autoscaling.k8s.io/v1
	"autoscaling.k8s.io/VerticalPodAutoscaler": {{path: "spec.targetRef", in: true}},
	// https://fluxcd.io/flux/components/helm/api/v2/
	"helm.toolkit.fluxcd.io/HelmRelease": {
		{path: "spec.chartRef", in: true, group: fluxSource},
		{path: "spec.chart.spec.sourceRef", in: true, group: fluxSource},
		{path: "spec.valuesFrom.[]", in: true},
	},
	// https://fluxcd.io/flux/components/kustomize/api/v1/
	fluxKustomization: {
		{path: "spec.sourceRef", in: true, group: fluxSource},
		{path: "spec.decryption.secretRef", in: true, kind: "Secret"},
	},
	// https://fluxcd.io/flux/components/notification/api/v1/
	"notification.toolkit.fluxcd.io/Receiver": {{path: "spec.secretRef", in: true, kind: "Secret"}},
	"notification.toolkit.fluxcd.io/Provider": {{path: "spec.secretRef", in: true, kind: "Secret"}},
	"notification.toolkit.fluxcd.io/Alert":    {{path: "spec.providerRef", in: true, group: "notification.toolkit.fluxcd.io", kind: "Provider"}},
	fluxSource + "/GitRepository":             authentication,
	fluxSource + "/HelmRepository":            authentication,
	fluxSource + "/OCIRepository":             authentication,
	fluxSource + "/Bucket":                    authentication,
	// https://keda.sh/docs/latest/concepts/authentication/
	"keda.sh/TriggerAuthentication": {
		{path: "spec.secretTargetRef.[]", in: true, kind: "Secret"},
		{path: "spec.configMapTargetRef.[]", in: true, kind: "ConfigMap"},
	},
	"keda.sh/ScaledObject": {toAuthentication.at("spec.triggers.[].authenticationRef")},
	"keda.sh/ScaledJob":    {toAuthentication.at("spec.triggers.[].authenticationRef")},
	// https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/
	"traefik.io/IngressRoute":          {toService.at("spec.routes.[].services.[]")},
	"traefik.containo.us/IngressRoute": {toService.at("spec.routes.[].services.[]")},
	// https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateSpec
	"cert-manager.io/Certificate": {{path: "spec.issuerRef", in: true, group: "cert-manager.io", kind: "Issuer"}},
	// https://external-secrets.io/latest/api/externalsecret/
	"external-secrets.io/ExternalSecret": {{path: "spec.secretStoreRef", in: true, group: "external-secrets.io", kind: "SecretStore"}},
}

// pointers reads the references of a resource that the table knows.
func (r *reader) pointers(from *manifest.Resource) {
	for _, p := range pointers[from.Group+"/"+from.Kind] {
		for _, path := range expand(from, nil, strings.Split(p.path, ".")) {
			r.point(from, p, path)
		}
	}
}

// point adds one reference of a pointer.
func (r *reader) point(from *manifest.Resource, p pointer, path []string) {
	t := Target{Group: p.group, Kind: p.kind}
	ref := Reference{From: from, Use: Points, Path: path}
	if p.in {
		n := from.Get(path...)
		if kind := manifest.String(n, "kind"); kind != "" {
			t.Kind = kind
		}
		if group := manifest.Get(n, "group"); group != nil {
			t.Group = manifest.String(group)
		}
		if version := manifest.String(n, "apiVersion"); version != "" {
			t.Group, _, _ = strings.Cut(version, "/")
			if !strings.Contains(version, "/") {
				t.Group = ""
			}
		}
		ref.Path, ref.Namespace = at(path, "name"), manifest.String(n, "namespace")
		ref.Optional = manifest.Bool(n, "optional")
	}
	t.Name = manifest.String(from.Node, ref.Path...)
	ref.Target = t
	beside := at(path[:len(path)-1], "clusterScope") // of an AnalysisTemplate
	if t.Kind == "" || manifest.Bool(from.Node, beside...) {
		return
	}
	// What is of the cluster as a whole is mostly set up apart, and what Flux reads
	// too: a Secret of variables, or a source that another repository defines.
	ref.Loose = strings.HasPrefix(t.Kind, "Cluster") || strings.HasSuffix(from.Group, ".fluxcd.io")
	r.add(ref)
}

// expand returns the paths of a resource that a pattern stands for.
func expand(r *manifest.Resource, done, rest []string) [][]string {
	for i, step := range rest {
		if step != "[]" {
			continue
		}
		list := slices.Concat(done, rest[:i])
		var found [][]string
		for j := range manifest.Items(r.Get(list...)) {
			found = append(found, expand(r, at(list, strconv.Itoa(j)), rest[i+1:])...)
		}
		return found
	}
	path := slices.Concat(done, rest)
	if r.Get(path...) == nil {
		return nil
	}
	return [][]string{path}
}
