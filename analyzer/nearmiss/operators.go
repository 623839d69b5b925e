package nearmiss

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// setAtRunTime are labels without a domain of their own that controllers and
// operators set on the pods that they make. The source stands behind each.
var setAtRunTime = sets.New(
	"job-name", "controller-uid", // k8s.io/api/batch/v1 types.go
	"pod-template-hash", "controller-revision-hash", "pod-template-generation", // k8s.io/api/apps/v1 types.go
	"rollouts-pod-template-hash", // argo-rollouts pkg/apis/rollouts/v1alpha1 types.go
	"cluster-name", "spilo-role", // zalando postgres-operator docs/reference/operator_parameters.md
	"prometheus", "alertmanager", "thanos-ruler", // prometheus-operator pkg/operator, labels of the StatefulSets
	"deploymentconfig",                                                                            // openshift library-go pkg/apps/appsutil
	"rook_cluster", "rook_object_store", "rook_file_system", "ceph_daemon_id", "ceph_daemon_type", // rook pkg/operator/k8sutil, ceph/controller
	"mon", "mgr", "osd", "mds", "rgw", "mgr_role", // rook pkg/operator/ceph/config
	"vault-active", "vault-initialized", "vault-sealed", // vault serviceregistration/kubernetes
	"istio",                          // istio manifests/charts: gateways and istiod
	"redis-role", "redis_setup_type", // ot-container-kit redis-operator
	"etcd_cluster", "etcd_node", // etcd-operator
	"kafka_cr", // koperator pkg/util/kafka
)

// ofOthers are pairs that name pods of the cluster itself or of an operator,
// which are not part of what is applied.
var ofOthers = map[[2]string]bool{
	{"application", "spilo"}:        true, // zalando postgres-operator
	{"k8s-app", "kube-dns"}:         true, // cluster/addons/dns
	{"tier", "control-plane"}:       true, // kubeadm's static pods
	{"component", "kube-apiserver"}: true, {"component", "etcd"}: true,
	{"component", "kube-scheduler"}: true, {"component", "kube-controller-manager"}: true,
	{"k8s-app", "kube-proxy"}: true, {"k8s-app", "kube-apiserver"}: true,
}

// builtin are the domains of the labels that controllers of Kubernetes set on
// pods: which pods get them is known.
var builtin = sets.New("statefulset.kubernetes.io", "apps.kubernetes.io", "batch.kubernetes.io")

// shared are domains of labels that people write themselves.
var shared = sets.New("app.kubernetes.io", "kubernetes.io", "helm.sh", "k8s.io", "node.kubernetes.io", "topology.kubernetes.io")

// setByOthers returns the key of a selector whose label a controller or an
// operator sets on its pods, "" if there is none: one of a table, and one under a
// domain that none of the workloads has, because labels under a domain are
// reserved for its owner
// (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set).
func setByOthers(g *graph.Graph, selector map[string]string) string {
	for _, key := range sortedKeys(selector) {
		domain, _, _ := strings.Cut(key, "/")
		if builtin.Has(domain) {
			return ""
		}
		if _, written := labelKeys(g)[key]; !written && (setAtRunTime.Has(key) || ofOthers[[2]string{key, selector[key]}] || foreign(g, key)) {
			return key
		}
	}
	return ""
}

// foreign reports whether a key lies under a domain of which no workload of the
// unit has a label, and which is no misspelling of one that is shared.
func foreign(g *graph.Graph, key string) bool {
	domain, _, ok := strings.Cut(key, "/")
	if !ok || shared.Has(domain) || builtin.Has(domain) {
		return false
	}
	if slices.ContainsFunc(shared.UnsortedList(), func(known string) bool { return Distance(known, domain) <= 2 }) {
		return false
	}
	for other := range labelKeys(g) {
		if d, _, ok := strings.Cut(other, "/"); ok && (d == domain || Distance(d, domain) == 1) {
			return false
		}
	}
	return true
}

var labelKeysKey memo.Key[map[string]bool]

// labelKeys returns the keys of all labels of pods.
func labelKeys(g *graph.Graph) map[string]bool {
	return labelKeysKey.Of(g, func() map[string]bool {
		all := map[string]bool{}
		for _, w := range g.Workloads {
			for key := range w.Labels {
				all[key] = true
			}
		}
		return all
	})
}

// identities are the keys by which people name a workload, so that the same value
// under one or another of them means the same pods
// (https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/).
var identities = sets.New(
	"app", "k8s-app", "name", "run", "component", "service", "io.kompose.service", "workload", "application", "microservice",
	"app.kubernetes.io/name", "app.kubernetes.io/component", "app.kubernetes.io/instance", "app-name", "appName", "svc", "deployment", "pod",
)

// general are the keys of labels that many workloads share, so that one that is
// right says nothing of which of them is meant.
var general = sets.New(
	"app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart",
	"env", "environment", "stage", "team", "owner", "heritage", "release", "chart", "version", "project", "managed-by", "part-of",
)

// leads reports whether a label is one that operators set on running pods to
// tell the leader from the others.
func leads(key string) bool {
	_, name, _ := strings.Cut(key, "/")
	if name == "" {
		name = key
	}
	return slices.ContainsFunc([]string{"role", "leader", "master", "primary", "active"}, func(part string) bool {
		return strings.Contains(strings.ToLower(name), part)
	})
}

var everywhereKey memo.Key[map[string]string]

// everywhere returns the labels that all workloads of the unit carry together
// with its other objects: a transformer or a template puts them there, so they
// say nothing of who was meant.
func everywhere(g *graph.Graph) map[string]string {
	return everywhereKey.Of(g, func() map[string]string {
		var common map[string]string
		for _, w := range g.Workloads {
			if w.Own {
				common = both(common, w.Labels)
			}
		}
		for _, r := range g.Unit.Resources {
			if len(common) == 0 {
				break
			}
			common = both(common, manifest.StringMap(r.Node, "metadata", "labels"))
		}
		return common
	})
}

// both returns what two sets of labels have in common; nil stands for all.
func both(a, b map[string]string) map[string]string {
	found := map[string]string{}
	for k, v := range b {
		if a == nil || a[k] == v && v != "" {
			found[k] = v
		}
	}
	return found
}
