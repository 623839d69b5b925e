package graph

import (
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// PodObject returns the pod that a workload creates, or that it is, as it is
// sent to the API server. ok is false if the template is none, or is cut short.
func (w *Workload) PodObject() (o apiserver.Object, ok bool) {
	value, ok := manifest.Value(w.PodField())
	template, isObject := value.(map[string]any)
	if !ok || !isObject {
		return o, false
	}
	meta, _ := template["metadata"].(map[string]any)
	spec, _ := template["spec"].(map[string]any)
	if w.Kind == "StatefulSet" && spec != nil {
		spec["volumes"] = withClaims(w, spec["volumes"])
	}
	metadata := map[string]any{"name": w.podName(), "labels": meta["labels"], "annotations": meta["annotations"]}
	if owner := w.podOwner(); owner != nil {
		metadata["ownerReferences"] = []any{owner}
	}
	data, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
	return apiserver.Object{APIVersion: "v1", Kind: "Pod", JSON: data}, err == nil
}

// podName returns a name that a pod of the workload can have: the server ends
// it in letters of its choice (k8s.io/apiserver/pkg/storage/names).
func (w *Workload) podName() string {
	const longest, letters = 58, "-00000"
	if w.IsPod() && w.Name != "" {
		return w.Name
	}
	name := w.Name[:min(len(w.Name), longest-1)] + letters
	if len(validation.IsDNS1123Subdomain(name)) > 0 { // other rules report it
		return "pod"
	}
	return name
}

// podOwner returns the controller that creates the pods, nil for a bare Pod.
func (w *Workload) podOwner() map[string]any {
	apiVersion, kind := w.APIVersion, w.Kind
	switch {
	case w.IsPod():
		return nil
	case kind == "Deployment":
		apiVersion, kind = "apps/v1", "ReplicaSet"
	case kind == "CronJob":
		apiVersion, kind = "batch/v1", "Job"
	}
	const uid = "00000000-0000-4000-8000-000000000000"
	return map[string]any{"apiVersion": apiVersion, "kind": kind, "name": w.podName(), "uid": uid, "controller": true, "blockOwnerDeletion": true}
}

// withClaims adds the volumes that a StatefulSet makes of its claim templates,
// in place of those of the same name (pkg/controller/statefulset
// stateful_set_utils.go updateStorage).
func withClaims(w *Workload, volumes any) []any {
	names := map[string]bool{}
	var all []any
	for _, t := range manifest.Items(w.Get("spec", "volumeClaimTemplates")) {
		name := manifest.String(t, "metadata", "name")
		names[name] = true
		all = append(all, map[string]any{"name": name, "persistentVolumeClaim": map[string]any{"claimName": name}})
	}
	list, _ := volumes.([]any)
	for _, v := range list {
		if volume, ok := v.(map[string]any); !ok || !names[fmt.Sprint(volume["name"])] {
			all = append(all, v)
		}
	}
	return all
}

// admitted is a pod as it is admitted; ok is false if the server refuses it.
type admitted struct {
	o  apiserver.Object
	ok bool
}

var (
	admittedKey memo.Key[admitted] // for a workload
	decidingKey memo.Key[[]*manifest.Resource]
)

// AdmittedPod returns the pod of a workload as admission policies and webhooks
// see it: with the defaults of the server and of the LimitRanges of its
// namespace. ok is false if the server refuses the pod itself.
func (g *Graph) AdmittedPod(w *Workload) (o apiserver.Object, ok bool) {
	a := admittedKey.For(g, w, func() admitted {
		pod, ok := w.PodObject()
		if !ok {
			return admitted{}
		}
		var limits []*apiserver.Object
		for _, r := range g.Deciding(w) {
			if data, ok := manifest.AppendJSON(nil, r.Node); ok && r.Kind == "LimitRange" {
				limits = append(limits, &apiserver.Object{APIVersion: r.APIVersion, Kind: r.Kind, JSON: data})
			}
		}
		o, ok := apiserver.Admitted(pod, limits)
		return admitted{o, ok}
	})
	return a.o, a.ok
}

// Deciding returns what decides which pods of a workload its namespace admits:
// its Namespace, and LimitRanges and ResourceQuotas. Of two objects that leave
// the namespace out no more is known than that it is the same.
//
// A bare Pod is admitted at once, so what kubectl applies after it does not
// decide. Charts and kustomizations are applied in the order of kinds, in which
// quotas and limits come first (helm.sh/helm/v3/pkg/releaseutil InstallOrder,
// sigs.k8s.io/kustomize/api/internal/builtins SortOrderTransformer).
func (g *Graph) Deciding(w *Workload) []*manifest.Resource {
	namespace := g.Namespace(w.Resource)
	var all []*manifest.Resource
	for _, r := range g.decidingKinds() {
		switch {
		case g.Superseded(r):
		case r.Kind == "Namespace":
			if r.Name == namespace && namespace != "" {
				all = append(all, r)
			}
		case g.Namespace(r) == namespace && !(w.IsPod() && g.appliedAfter(w.Resource, r)):
			all = append(all, r)
		}
	}
	return all
}

// appliedAfter reports whether kubectl applies an object of the unit after
// another one.
func (g *Graph) appliedAfter(first, second *manifest.Resource) bool {
	switch g.Unit.Kind {
	case unit.Directory, unit.Stream, unit.Listed:
		a, b := slices.Index(g.Unit.Resources, first), slices.Index(g.Unit.Resources, second)
		return a >= 0 && b > a
	}
	return false
}

// decidingKinds returns the Namespaces, LimitRanges and ResourceQuotas of a
// unit and its context.
func (g *Graph) decidingKinds() []*manifest.Resource {
	return decidingKey.Of(g, func() []*manifest.Resource {
		var all []*manifest.Resource
		for _, r := range slices.Concat(g.Unit.Resources, g.Unit.Context) {
			if r.Group == "" && (r.Kind == "Namespace" || r.Kind == "LimitRange" || r.Kind == "ResourceQuota") {
				all = append(all, r)
			}
		}
		return all
	})
}
