package flux

import (
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// result returns what all Kustomizations apply, in the order in which they were
// found. What belongs to the same cluster is context of each other: all of it is
// there once the cluster has settled.
func (f *finder) result() []unit.Delivered {
	peers, resources := map[string][]*manifest.Resource{}, map[string][]*manifest.Resource{}
	for _, a := range f.all {
		peers[a.cluster] = append(peers[a.cluster], a.Resource)
		resources[a.cluster] = append(resources[a.cluster], a.resources...)
	}
	f.findTwice()
	applies := map[*manifest.Resource]bool{}
	for _, a := range f.all {
		applies[a.Resource] = a.overlay != nil
	}
	var all []unit.Delivered
	for _, a := range f.all {
		f.checkPath(a)
		a.delivery.Peers = peers[a.cluster]
		d := unit.Delivered{Kind: unit.FluxKustomization, Dir: a.dir, Delivery: a.delivery, Build: a.build}
		if a.overlay != nil {
			d.Kustomization = a.overlay.Kustomization
		}
		own := map[*manifest.Resource]bool{}
		for _, r := range a.resources {
			own[r] = true
		}
		d.Context = others(resources[a.cluster], own, applies)
		all = append(all, d)
	}
	return all
}

// others returns the objects of a cluster that are context for a Kustomization with
// some of its own. Kustomizations whose objects are among them add nothing, and of
// all HelmReleases one says as much as many: what they install is not known.
func others(all []*manifest.Resource, own, applies map[*manifest.Resource]bool) []*manifest.Resource {
	var context []*manifest.Resource
	released := false
	for _, r := range all {
		switch {
		case own[r] || applies[r]:
		case isRelease(r) && released:
		default:
			released = released || isRelease(r)
			context = append(context, r)
		}
	}
	return context
}

// findTwice reports objects that two Kustomizations of a cluster apply: both own
// them, and where one stops to define them it deletes them for both
// (https://fluxcd.io/flux/components/kustomize/kustomizations/#prune).
func (f *finder) findTwice() {
	type key struct {
		cluster string
		manifest.ID
	}
	type owner struct {
		*applied
		r *manifest.Resource
	}
	first := map[key]owner{}
	for _, a := range f.all {
		if a.build == nil || !a.build.Built() {
			continue
		}
		for _, r := range a.resources {
			k := key{a.cluster, r.ID()}
			if r.Name == "" || r.Namespace == "" && !clusterWide[r.Kind] || manifest.IsPlaceholder(r.Name+r.Namespace) {
				continue
			}
			before, known := first[k]
			if !known {
				first[k] = owner{a, r}
			} else if before.applied != a {
				a.delivery.Problems = append(a.delivery.Problems, unit.Problem{
					Kind: unit.AppliedTwice, Resource: r, Path: []string{"metadata", "name"},
					Message:     r.String() + " is applied by two Kustomizations: " + before.Name + " and " + a.Name,
					Label:       "applied here",
					Consequence: "both overwrite each other's changes, and the object is deleted when one of them no longer defines it",
					Help:        "define the object in one of the two",
					Related:     before.r.Location("metadata", "name"), RelatedText: "applied by Kustomization " + before.Name,
				})
			}
		}
	}
}

// clusterWide are kinds of Kubernetes itself that are in no namespace.
var clusterWide = map[string]bool{
	"Namespace": true, "ClusterRole": true, "ClusterRoleBinding": true, "CustomResourceDefinition": true,
	"PersistentVolume": true, "StorageClass": true, "PriorityClass": true, "IngressClass": true, "APIService": true,
	"ValidatingWebhookConfiguration": true, "MutatingWebhookConfiguration": true,
}
