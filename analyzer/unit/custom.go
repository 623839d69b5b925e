package unit

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// builtinGroups are the API groups of Kubernetes itself (k8s.io/api).
var builtinGroups = map[string]bool{
	"": true, "apps": true, "autoscaling": true, "batch": true, "extensions": true, "policy": true,
	"admissionregistration.k8s.io": true, "apiextensions.k8s.io": true, "apiregistration.k8s.io": true,
	"authentication.k8s.io": true, "authorization.k8s.io": true, "certificates.k8s.io": true,
	"coordination.k8s.io": true, "discovery.k8s.io": true, "events.k8s.io": true,
	"flowcontrol.apiserver.k8s.io": true, "internal.apiserver.k8s.io": true, "networking.k8s.io": true,
	"node.k8s.io": true, "rbac.authorization.k8s.io": true, "resource.k8s.io": true,
	"scheduling.k8s.io": true, "storage.k8s.io": true, "storagemigration.k8s.io": true,
}

// inert are the custom resources, by group or by group and kind, that are
// common and make neither pods nor anything a manifest refers to by label.
var inert = map[string]bool{
	"monitoring.coreos.com/ServiceMonitor": true, "monitoring.coreos.com/PodMonitor": true,
	"monitoring.coreos.com/PrometheusRule": true, "monitoring.coreos.com/Probe": true,
	"monitoring.coreos.com/AlertmanagerConfig": true,
	"cert-manager.io":                          true, "acme.cert-manager.io": true, "certmanager.k8s.io": true, "bitnami.com/SealedSecret": true,
	"external-secrets.io": true, "networking.istio.io": true, "security.istio.io": true,
	"gateway.networking.k8s.io": true, "traefik.io": true, "traefik.containo.us": true, "cilium.io": true,
	"projectcontour.io": true, "keda.sh/ScaledObject": true, "keda.sh/TriggerAuthentication": true,
	"metallb.io": true, "kyverno.io": true, "snapshot.storage.k8s.io": true,
	"templates.gatekeeper.sh": true, "constraints.gatekeeper.sh": true, "config.gatekeeper.sh": true,
	"argoproj.io/AppProject":   true,
	"source.toolkit.fluxcd.io": true, "notification.toolkit.fluxcd.io": true, "image.toolkit.fluxcd.io": true,
}

// IsCustom reports whether the resource is of a group that Kubernetes itself
// does not serve.
func IsCustom(r *manifest.Resource) bool { return !builtinGroups[r.Group] }

// openForCustomResources notes custom resources whose controllers may make
// pods: then a missing pod proves nothing.
func (u *Unit) openForCustomResources() {
	for _, list := range [][]*manifest.Resource{u.Resources, u.Context} {
		for _, r := range list {
			if IsCustom(r) && !inert[r.Group] && !inert[r.Group+"/"+r.Kind] {
				u.Open = append(u.Open, fmt.Sprintf("%s may make the missing object", r))
				return
			}
		}
	}
}
