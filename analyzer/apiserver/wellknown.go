package apiserver

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/version"
)

// CustomKinds knows kinds that CustomResourceDefinitions of well-known projects
// define.
type CustomKinds interface {
	// Groups returns the groups of which any kind is known, in order.
	Groups() []string
	// Kinds returns the known kinds of a group in order, nil if it is not known.
	// The group may have others.
	Kinds(group string) []string
	// Versions returns all versions in which a kind is or has been served, the
	// preferred one first, nil if the kind is not known. Later releases of the
	// project may add newer ones.
	Versions(group, kind string) []string
}

// WellKnown returns the kinds that kubeknot knows by itself.
func WellKnown() CustomKinds { return wellKnown() }

// NeverServed reports whether a well-known kind has no such version, and is not
// likely to get it: it is older than the newest that is known.
func NeverServed(known CustomKinds, group, kind, v string) bool {
	versions := known.Versions(group, kind)
	return len(versions) > 0 && !slices.Contains(versions, v) && version.CompareKubeAwareVersionStrings(versions[0], v) > 0
}

// table is a list of kinds: by group and kind the versions.
type table map[string]map[string][]string

func (t table) Groups() []string { return slices.Sorted(maps.Keys(t)) }

func (t table) Kinds(group string) []string { return slices.Sorted(maps.Keys(t[group])) }

func (t table) Versions(group, kind string) []string { return t[group][kind] }

var wellKnown = sync.OnceValue(func() table {
	t := table{}
	for line := range strings.Lines(wellKnownKinds) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		if t[words[0]] == nil {
			t[words[0]] = map[string][]string{}
		}
		versions := strings.Split(words[1], ",")
		slices.SortFunc(versions, func(a, b string) int { return version.CompareKubeAwareVersionStrings(b, a) })
		for _, kind := range words[2:] {
			t[words[0]][kind] = versions
		}
	}
	return t
})

// wellKnownKinds lists a group, the versions and the kinds that have them, from
// the CustomResourceDefinitions of each project's releases.
const wellKnownKinds = `
acme.cert-manager.io v1,v1beta1,v1alpha3,v1alpha2 Challenge Order
argoproj.io v1alpha1 Application ApplicationSet AppProject Workflow CronWorkflow WorkflowTemplate ClusterWorkflowTemplate Rollout AnalysisTemplate ClusterAnalysisTemplate AnalysisRun Experiment EventBus EventSource Sensor
autoscaling.k8s.io v1,v1beta2,v1beta1 VerticalPodAutoscaler VerticalPodAutoscalerCheckpoint
bitnami.com v1alpha1 SealedSecret
cert-manager.io v1,v1beta1,v1alpha3,v1alpha2 Certificate CertificateRequest Issuer ClusterIssuer
cilium.io v2 CiliumNetworkPolicy CiliumClusterwideNetworkPolicy CiliumNode CiliumEndpoint CiliumIdentity CiliumLocalRedirectPolicy
cilium.io v2,v2alpha1 CiliumEgressGatewayPolicy CiliumEnvoyConfig CiliumClusterwideEnvoyConfig
external-secrets.io v1,v1beta1,v1alpha1 ExternalSecret SecretStore ClusterSecretStore
external-secrets.io v1,v1beta1 ClusterExternalSecret
external-secrets.io v1alpha1 PushSecret
externaldns.k8s.io v1alpha1 DNSEndpoint
gateway.networking.k8s.io v1,v1beta1,v1alpha2 HTTPRoute Gateway GatewayClass
gateway.networking.k8s.io v1,v1alpha2 GRPCRoute
gateway.networking.k8s.io v1,v1alpha3,v1alpha2 TLSRoute
gateway.networking.k8s.io v1,v1beta1,v1alpha2 ReferenceGrant
gateway.networking.k8s.io v1alpha2 TCPRoute UDPRoute
gateway.networking.k8s.io v1,v1alpha3,v1alpha2 BackendTLSPolicy
helm.toolkit.fluxcd.io v2,v2beta2,v2beta1 HelmRelease
image.toolkit.fluxcd.io v1,v1beta2,v1beta1,v1alpha2,v1alpha1 ImageRepository ImagePolicy ImageUpdateAutomation
keda.sh v1alpha1 ScaledObject ScaledJob TriggerAuthentication ClusterTriggerAuthentication
kustomize.toolkit.fluxcd.io v1,v1beta2,v1beta1 Kustomization
metallb.io v1beta1,v1alpha1 IPAddressPool L2Advertisement AddressPool BFDProfile Community BGPAdvertisement
metallb.io v1beta2,v1beta1,v1alpha1 BGPPeer
monitoring.coreos.com v1 ServiceMonitor PodMonitor PrometheusRule Probe Prometheus Alertmanager ThanosRuler
monitoring.coreos.com v1beta1,v1alpha1 AlertmanagerConfig
monitoring.coreos.com v1alpha1 ScrapeConfig PrometheusAgent
networking.istio.io v1,v1beta1,v1alpha3 VirtualService DestinationRule Gateway ServiceEntry Sidecar WorkloadEntry
networking.istio.io v1,v1beta1,v1alpha3 WorkloadGroup
networking.istio.io v1alpha3 EnvoyFilter
networking.istio.io v1beta1 ProxyConfig
notification.toolkit.fluxcd.io v1beta3,v1beta2,v1beta1 Alert Provider
notification.toolkit.fluxcd.io v1,v1beta2,v1beta1 Receiver
postgresql.cnpg.io v1 Cluster Backup ScheduledBackup Pooler ImageCatalog ClusterImageCatalog Database Publication Subscription
security.istio.io v1,v1beta1 AuthorizationPolicy PeerAuthentication RequestAuthentication
serving.knative.dev v1,v1beta1,v1alpha1 Service Route Configuration Revision
snapshot.storage.k8s.io v1,v1beta1,v1alpha1 VolumeSnapshot VolumeSnapshotClass VolumeSnapshotContent
source.toolkit.fluxcd.io v1,v1beta2,v1beta1 GitRepository HelmRepository HelmChart Bucket
source.toolkit.fluxcd.io v1,v1beta2 OCIRepository
tekton.dev v1,v1beta1,v1alpha1 Task Pipeline TaskRun PipelineRun
traefik.containo.us v1alpha1 IngressRoute IngressRouteTCP IngressRouteUDP Middleware MiddlewareTCP TLSOption TLSStore TraefikService ServersTransport
traefik.io v1alpha1 IngressRoute IngressRouteTCP IngressRouteUDP Middleware MiddlewareTCP TLSOption TLSStore TraefikService ServersTransport ServersTransportTCP
velero.io v1 Backup Restore Schedule BackupStorageLocation VolumeSnapshotLocation DeleteBackupRequest DownloadRequest PodVolumeBackup PodVolumeRestore BackupRepository ServerStatusRequest
`
