package apiserver

import (
	"fmt"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/resolver"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/apps/controllerrevision"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/certificates/certificates"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/endpoint"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/node"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolume"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/discovery/endpointslice"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/flowschema"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/prioritylevelconfiguration"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/node/runtimeclass"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/storage/csidriver"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattributesclass"

	// Each of these registers its group, with defaults and conversions.
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/extensions/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
)

// strategy is what the server runs before it stores an object
// (k8s.io/kubernetes/pkg/registry/GROUP/KIND/strategy.go).
type strategy interface {
	rest.RESTCreateStrategy
	rest.RESTUpdateStrategy
}

// entry is a kind that the server is asked about.
type entry struct {
	strategy strategy
	resource string // the plural of its URL
}

var entries = map[schema.GroupKind]entry{
	{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}: {mutatingwebhookconfiguration.Strategy, "mutatingwebhookconfigurations"},
	// Without an authorizer nobody is asked whether the author may read the
	// parameters.
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicy"}:        {validatingadmissionpolicy.NewStrategy(nil, nil), "validatingadmissionpolicies"},
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicyBinding"}: {validatingadmissionpolicybinding.NewStrategy(nil, nil, resolver.ResourceResolverFunc(unasked)), "validatingadmissionpolicybindings"},
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}:   {validatingwebhookconfiguration.Strategy, "validatingwebhookconfigurations"},
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}:                 {customresourcedefinition.NewStrategy(extensions), "customresourcedefinitions"},
	{Group: "apps", Kind: "ControllerRevision"}:                                       {controllerrevision.Strategy, "controllerrevisions"},
	{Group: "apps", Kind: "DaemonSet"}:                                                {daemonset.Strategy, "daemonsets"},
	{Group: "apps", Kind: "Deployment"}:                                               {deployment.Strategy, "deployments"},
	{Group: "apps", Kind: "ReplicaSet"}:                                               {replicaset.Strategy, "replicasets"},
	{Group: "apps", Kind: "StatefulSet"}:                                              {statefulset.Strategy, "statefulsets"},
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:                           {horizontalpodautoscaler.Strategy, "horizontalpodautoscalers"},
	{Group: "batch", Kind: "CronJob"}:                                                 {cronjob.Strategy, "cronjobs"},
	{Group: "batch", Kind: "Job"}:                                                     {job.Strategy, "jobs"},
	{Group: "certificates.k8s.io", Kind: "CertificateSigningRequest"}:                 {certificates.Strategy, "certificatesigningrequests"},
	{Group: "coordination.k8s.io", Kind: "Lease"}:                                     {lease.Strategy, "leases"},
	{Group: "", Kind: "ConfigMap"}:                                                    {configmap.Strategy, "configmaps"},
	{Group: "", Kind: "Endpoints"}:                                                    {endpoint.Strategy, "endpoints"},
	{Group: "", Kind: "LimitRange"}:                                                   {limitrange.Strategy, "limitranges"},
	{Group: "", Kind: "Namespace"}:                                                    {namespace.Strategy, "namespaces"},
	{Group: "", Kind: "Node"}:                                                         {node.Strategy, "nodes"},
	{Group: "", Kind: "PersistentVolume"}:                                             {persistentvolume.Strategy, "persistentvolumes"},
	{Group: "", Kind: "PersistentVolumeClaim"}:                                        {persistentvolumeclaim.Strategy, "persistentvolumeclaims"},
	{Group: "", Kind: "Pod"}:                                                          {pod.Strategy, "pods"},
	{Group: "", Kind: "PodTemplate"}:                                                  {podtemplate.Strategy, "podtemplates"},
	{Group: "", Kind: "ReplicationController"}:                                        {replicationcontroller.Strategy, "replicationcontrollers"},
	{Group: "", Kind: "ResourceQuota"}:                                                {resourcequota.Strategy, "resourcequotas"},
	{Group: "", Kind: "Secret"}:                                                       {secret.Strategy, "secrets"},
	{Group: "", Kind: "Service"}:                                                      {service.Strategy, "services"},
	{Group: "", Kind: "ServiceAccount"}:                                               {serviceaccount.Strategy, "serviceaccounts"},
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}:                                {endpointslice.Strategy, "endpointslices"},
	{Group: "flowcontrol.apiserver.k8s.io", Kind: "FlowSchema"}:                       {flowschema.Strategy, "flowschemas"},
	{Group: "flowcontrol.apiserver.k8s.io", Kind: "PriorityLevelConfiguration"}:       {prioritylevelconfiguration.Strategy, "prioritylevelconfigurations"},
	{Group: "networking.k8s.io", Kind: "Ingress"}:                                     {ingress.Strategy, "ingresses"},
	{Group: "networking.k8s.io", Kind: "IngressClass"}:                                {ingressclass.Strategy, "ingressclasses"},
	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:                               {networkpolicy.Strategy, "networkpolicies"},
	{Group: "node.k8s.io", Kind: "RuntimeClass"}:                                      {runtimeclass.Strategy, "runtimeclasses"},
	{Group: "policy", Kind: "PodDisruptionBudget"}:                                    {poddisruptionbudget.Strategy, "poddisruptionbudgets"},
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}:                         {clusterrole.Strategy, "clusterroles"},
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:                  {clusterrolebinding.Strategy, "clusterrolebindings"},
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}:                                {role.Strategy, "roles"},
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}:                         {rolebinding.Strategy, "rolebindings"},
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"}:                               {priorityclass.Strategy, "priorityclasses"},
	{Group: "storage.k8s.io", Kind: "CSIDriver"}:                                      {csidriver.Strategy, "csidrivers"},
	{Group: "storage.k8s.io", Kind: "StorageClass"}:                                   {storageclass.Strategy, "storageclasses"},
	{Group: "storage.k8s.io", Kind: "VolumeAttributesClass"}:                          {volumeattributesclass.Strategy, "volumeattributesclasses"},
}

// unasked is what a strategy wants to have and does not ask without an
// authorizer.
func unasked(gvk schema.GroupVersionKind) (r schema.GroupVersionResource, err error) {
	return r, fmt.Errorf("%s is not looked up", gvk)
}

// kind is an entry in one of the versions that the server can read, or a type
// alone.
type kind struct {
	entry
	gvk    schema.GroupVersionKind
	scheme *runtime.Scheme
	// removed reports that the server reads the version, but no longer serves
	// it: its objects are judged as those of the version that took its place.
	removed bool
}

// judged reports whether the server's strategy is known; of a type alone only
// the fields are.
func (k *kind) judged() bool { return k.strategy != nil }

// served reports whether the server takes objects of the kind in the version.
func (k *kind) served() bool { return k.judged() && !k.removed }

// group returns the kind without its version.
func (k *kind) group() schema.GroupKind { return k.gvk.GroupKind() }

// found remembers what find has found: a tree holds few kinds and many objects.
var found sync.Map // [2]string → *kind

// stricter are the groups whose present versions refuse what the removed ones
// took: objects of those are not judged by them.
var stricter = map[string]bool{"admissionregistration.k8s.io": true, "apiextensions.k8s.io": true, "certificates.k8s.io": true}

// find returns what is known of a kind, nil if that is nothing. Of kinds that
// have no entry it is the type.
func find(apiVersion, name string) *kind {
	key := [2]string{apiVersion, name}
	if k, ok := found.Load(key); ok {
		return k.(*kind)
	}
	k, _ := found.LoadOrStore(key, lookUp(apiVersion, name))
	return k.(*kind)
}

func lookUp(apiVersion, name string) *kind {
	gv, err := schema.ParseGroupVersion(apiVersion)
	if err != nil {
		return nil
	}
	gvk := gv.WithKind(name)
	l, known := LifecycleOf(apiVersion, name)
	e, ok := entries[gvk.GroupKind()]
	if l.isOver(Served) {
		e, ok = entries[l.Replacement.GroupKind()]
		ok = ok && !stricter[gvk.Group]
	}
	if ok && known {
		if s := holding(gvk, legacyscheme.Scheme, extensions); s != nil {
			return &kind{entry: e, gvk: gvk, scheme: s, removed: l.isOver(Served)}
		}
	}
	if s := holding(gvk, scheme.Scheme, extensions); s != nil {
		return &kind{gvk: gvk, scheme: s}
	}
	return nil
}

// holding returns the first of the schemes that has the kind, nil if none has.
func holding(gvk schema.GroupVersionKind, schemes ...*runtime.Scheme) *runtime.Scheme {
	for _, s := range schemes {
		if s.Recognizes(gvk) {
			return s
		}
	}
	return nil
}

// The version of KubernetesVersion.
const servedMajor, servedMinor = 1, 36
