package graph

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// product is an object that a controller makes for another one.
type product struct {
	Target
	namespace string
	by        *manifest.Resource
}

var productsKey memo.Key[map[Target][]product]

// Produced reports whether what a reference names is made in the cluster: by
// kustomize, by a controller for an object of the unit or its context, or by
// Kubernetes itself.
func (g *Graph) Produced(ref *Reference) bool {
	if wellKnown[ref.Target] || slices.Contains(g.Unit.Generated, kustomize.Generated{Kind: ref.Target.Kind, Name: ref.Target.Name}) {
		return true
	}
	if slices.ContainsFunc(g.Unit.External, func(e unit.External) bool { return e.Is(ref.Target.Kind, ref.Namespace, ref.Target.Name) }) {
		return true
	}
	return len(g.Makers(ref)) > 0 || g.claimedByStatefulSet(ref)
}

// Makers returns the resources of the unit and its context for which a
// controller makes the object that a reference names; nil if there are none.
func (g *Graph) Makers(ref *Reference) []*manifest.Resource {
	products := productsKey.Of(g, func() map[Target][]product {
		all := map[Target][]product{}
		for _, list := range [][]*manifest.Resource{g.Unit.Resources, g.Unit.Context} {
			for _, r := range list {
				for _, p := range productsOf(g, r) {
					p.by = r
					all[p.Target] = append(all[p.Target], p)
				}
			}
		}
		return all
	})
	var makers []*manifest.Resource
	for _, p := range products[ref.Target] {
		if unit.SameNamespace(p.namespace, ref.Namespace) {
			makers = append(makers, p.by)
		}
	}
	return makers
}

// wellKnown are the objects that are in every cluster or namespace.
var wellKnown = map[Target]bool{
	{Kind: "ConfigMap", Name: "kube-root-ca.crt"}:                   true, // pkg/controller/certificates/rootcacertpublisher
	{Kind: "ConfigMap", Name: "extension-apiserver-authentication"}: true,
	{Kind: "ConfigMap", Name: "openshift-service-ca.crt"}:           true,
	{Kind: "ConfigMap", Name: "kubeadm-config"}:                     true,
	{Kind: "ConfigMap", Name: "kube-proxy"}:                         true,
	{Kind: "ConfigMap", Name: "coredns"}:                            true,
	{Kind: "ServiceAccount", Name: "default"}:                       true, // pkg/controller/serviceaccount
	{Kind: "Service", Name: "kubernetes"}:                           true, // pkg/controlplane/controller/kubernetesservice
	{Group: rbacGroup, Kind: "ClusterRole", Name: "admin"}:          true, // plugin/pkg/auth/authorizer/rbac/bootstrappolicy
	{Group: rbacGroup, Kind: "ClusterRole", Name: "edit"}:           true,
	{Group: rbacGroup, Kind: "ClusterRole", Name: "view"}:           true,
	{Group: rbacGroup, Kind: "ClusterRole", Name: "cluster-admin"}:  true,
}

// productsOf returns the objects that a controller makes for a resource.
func productsOf(g *Graph, r *manifest.Resource) []product {
	var found []product
	add := func(kind, name string) {
		if name != "" {
			found = append(found, product{Target: Target{Kind: kind, Name: name}, namespace: g.Namespace(r)})
		}
	}
	first := func(paths ...[]string) string {
		for _, path := range paths {
			if name := manifest.String(r.Node, path...); name != "" {
				return name
			}
		}
		return r.Name
	}
	switch r.Group + "/" + r.Kind {
	case "bitnami.com/SealedSecret":
		add("Secret", first([]string{"spec", "template", "metadata", "name"}))
	case "external-secrets.io/ExternalSecret", "kubernetes-client.io/ExternalSecret":
		add("Secret", first([]string{"spec", "target", "name"}))
	case "external-secrets.io/ClusterExternalSecret":
		name := first([]string{"spec", "externalSecretSpec", "target", "name"}, []string{"spec", "externalSecretName"})
		found = append(found, product{Target: Target{Kind: "Secret", Name: name}}) // in many namespaces
	case "secrets-store.csi.x-k8s.io/SecretProviderClass":
		for _, o := range manifest.Items(r.Get("spec", "secretObjects")) {
			add("Secret", manifest.String(o, "secretName"))
		}
	case "isindir.github.com/SopsSecret":
		for _, t := range manifest.Items(r.Get("spec", "secretTemplates")) {
			add("Secret", manifest.String(t, "name"))
		}
	case "secrets.hashicorp.com/VaultStaticSecret", "secrets.hashicorp.com/VaultDynamicSecret", "secrets.hashicorp.com/VaultPKISecret":
		add("Secret", manifest.String(r.Node, "spec", "destination", "name"))
	case "secrets.infisical.com/InfisicalSecret":
		add("Secret", manifest.String(r.Node, "spec", "managedSecretReference", "secretName"))
	case "secrets.doppler.com/DopplerSecret":
		add("Secret", manifest.String(r.Node, "spec", "managedSecret", "name"))
	case "onepassword.com/OnePasswordItem", "kafka.strimzi.io/KafkaUser":
		add("Secret", r.Name)
	case "objectbucket.io/ObjectBucketClaim":
		add("Secret", r.Name)
		add("ConfigMap", r.Name)
	case "trust.cert-manager.io/Bundle": // in every namespace that it selects
		found = append(found, product{Target: Target{Kind: "ConfigMap", Name: r.Name}}, product{Target: Target{Kind: "Secret", Name: r.Name}})
	case "cert-manager.io/Certificate", "certmanager.k8s.io/Certificate":
		add("Secret", manifest.String(r.Node, "spec", "secretName"))
	case "cert-manager.io/Issuer", "cert-manager.io/ClusterIssuer", "certmanager.k8s.io/Issuer", "certmanager.k8s.io/ClusterIssuer":
		add("Secret", manifest.String(r.Node, "spec", "acme", "privateKeySecretRef", "name"))
	case GatewayGroup + "/Gateway", GatewayGroup + "/ListenerSet": // https://cert-manager.io/docs/usage/gateway/
		if annotatedBy(r, "cert-manager") {
			for _, listener := range manifest.Items(r.Get("spec", "listeners")) {
				for _, c := range manifest.Items(manifest.Get(listener, "tls", "certificateRefs")) {
					add("Secret", manifest.String(c, "name"))
				}
			}
		}
	case "networking.k8s.io/Ingress", "extensions/Ingress":
		if annotatedBy(r, "cert-manager") {
			for _, t := range manifest.Items(r.Get("spec", "tls")) {
				add("Secret", manifest.String(t, "secretName"))
			}
		}
	case "/Service":
		for _, key := range [...]string{"service.alpha.openshift.io/serving-cert-secret-name", "service.beta.openshift.io/serving-cert-secret-name"} {
			add("Secret", manifest.String(r.Node, "metadata", "annotations", key))
		}
	}
	return found
}

// annotatedBy reports whether an annotation of that tool stands on a resource.
func annotatedBy(r *manifest.Resource, tool string) bool {
	for key := range manifest.Fields(r.Get("metadata", "annotations")) {
		if strings.Contains(key, tool) || key == "kubernetes.io/tls-acme" {
			return true
		}
	}
	return false
}

var claimsKey memo.Key[map[string][]*Workload]

// claimedByStatefulSet reports whether a claim is one that a StatefulSet makes
// from its volumeClaimTemplates, <template>-<StatefulSet>-<ordinal>.
func (g *Graph) claimedByStatefulSet(ref *Reference) bool {
	if ref.Target.Kind != "PersistentVolumeClaim" {
		return false
	}
	prefixes := claimsKey.Of(g, func() map[string][]*Workload {
		all := map[string][]*Workload{}
		for _, w := range g.Workloads {
			for _, t := range manifest.Items(w.Get("spec", "volumeClaimTemplates")) {
				prefix := manifest.String(t, "metadata", "name") + "-" + w.Name
				all[prefix] = append(all[prefix], w)
			}
		}
		return all
	})
	cut := strings.LastIndex(ref.Target.Name, "-")
	if cut < 0 {
		return false
	}
	// The ordinal is not compared: claims outlive the pods they were made for.
	number := ref.Target.Name[cut+1:]
	return number != "" && strings.Trim(number, "0123456789") == "" &&
		slices.ContainsFunc(prefixes[ref.Target.Name[:cut]], func(w *Workload) bool {
			return unit.SameNamespace(ref.Namespace, g.Namespace(w.Resource))
		})
}
