package storage

import (
	"fmt"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// ClaimNeverBinds reports claims that no volume of the manifests satisfies.
var ClaimNeverBinds = &analyzer.Rule{
	ID:    "claim-never-binds",
	Title: "A PersistentVolumeClaim cannot be bound to its volume",
	Claim: analyzer.Broken,
	Kinds: []string{"PersistentVolumeClaim", "StatefulSet"},
	Why: `A claim that names a volume in volumeName is bound to this one or to none: the volume must have the storage class, at least the size, the volumeMode and all access modes of the claim, and its claimRef, if there is one, must name the claim and its namespace. Otherwise the claim stays Pending with the event VolumeMismatch or FailedBinding, and its pods with it.

A claim without volumeName is bound to a volume of its class that fits, selector included. If there is no StorageClass that provisions volumes (provisioner kubernetes.io/no-provisioner, or storageClassName ""), or volumes of the class stand in the manifests and no StorageClass does, a claim that fits none of them is reported as a warning. Where a claim leaves out its class, the default class counts; nothing is known of it unless the manifests define it.`,
	Bad: `apiVersion: v1
kind: PersistentVolume
metadata:
  name: data
spec:
  capacity: {storage: 5Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: manual
  hostPath: {path: /srv/data}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
  storageClassName: manual
  volumeName: data
`,
	Good: `apiVersion: v1
kind: PersistentVolume
metadata:
  name: data
spec:
  capacity: {storage: 10Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: manual
  hostPath: {path: /srv/data}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 10Gi}}
  storageClassName: manual
  volumeName: data
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding",
		"k8s.io/kubernetes/pkg/controller/volume/persistentvolume/pv_controller.go: checkVolumeSatisfyClaim, syncUnboundClaim",
		"k8s.io/component-helpers/storage/volume/pv_helpers.go: FindMatchingVolume",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Rewritten != 0 {
			return nil
		}
		takers := map[string]*claim{}
		for _, r := range p.Unit.Resources {
			for _, c := range claimsOf(p, r) {
				judgeClaim(p, c, takers)
			}
		}
		return nil
	},
}

// claimsOf returns the claims that a resource is or makes.
func claimsOf(p *analyzer.Pass, r *manifest.Resource) []*claim {
	var all []*claim
	switch {
	case p.Graph.Superseded(r):
	case r.Kind == "PersistentVolumeClaim" && r.Group == "":
		if c := newClaim(p.Graph, r); c != nil {
			all = append(all, c)
		}
	case r.Kind == "StatefulSet" && r.Group == "apps":
		for i := range manifest.Items(r.Get("spec", "volumeClaimTemplates")) {
			if c := newClaim(p.Graph, r, "spec", "volumeClaimTemplates", strconv.Itoa(i)); c != nil {
				all = append(all, c)
			}
		}
	}
	return all
}

// judgeClaim judges one claim. takers are the claims that name a volume, by its name.
func judgeClaim(p *analyzer.Pass, c *claim, takers map[string]*claim) {
	s := stockOf(p.Graph)
	if c.Spec.VolumeName == "" {
		judgeSearch(p, s, c)
		return
	}
	var names []string
	for _, v := range s.volumes {
		names = append(names, v.Name)
		if v.Name != c.Spec.VolumeName {
			continue
		}
		before := takers[v.Name]
		takers[v.Name] = c
		switch {
		case v.Spec.ClaimRef != nil:
			if !v.reservedFor(c) {
				report(p, c, v, takenMisfit(v, c))
			}
		case before != nil:
			report(p, c, v, mismatch{
				what:  fmt.Sprintf("names the volume %s, which %s names too", v.Name, before),
				field: []string{"spec", "volumeName"}, theirs: []string{"metadata", "name"},
				event: "volume already bound to a different claim", help: "give each claim a volume of its own",
			})
		default:
			for _, m := range s.misfitsOfNamed(v, c) {
				report(p, c, v, m)
				return
			}
		}
		return
	}
	if meant, ok := nearmiss.Nearest(c.Spec.VolumeName, names); ok && nearmiss.IsSlip(c.Spec.VolumeName, meant) && p.Unit.Complete() {
		f := unbound(c, []string{"spec", "volumeName"})
		f.Message = fmt.Sprintf("%s names PersistentVolume %s, which does not exist", c, c.Spec.VolumeName)
		f.Evidence, f.Label, f.Help = analyzer.NearMiss, "no volume has this name", "use "+meant
		p.Report(f)
	}
}

// takenMisfit says that the volume is reserved for another claim.
func takenMisfit(v *volume, c *claim) mismatch {
	ref := v.Spec.ClaimRef
	other := ref.Name
	if ref.Namespace != "" {
		other = ref.Namespace + "/" + ref.Name
	}
	m := mismatch{
		what:  fmt.Sprintf("names the volume %s, whose claimRef reserves it for %s", v.Name, other),
		field: []string{"spec", "volumeName"}, theirs: []string{"spec", "claimRef"},
		event: "volume already bound to a different claim", help: fmt.Sprintf("set claimRef to name %s and its namespace, or remove claimRef", c.Name),
	}
	if ref.Namespace == "" {
		m.help = "set namespace in claimRef"
	}
	return m
}

// judgeSearch judges a claim that takes any volume that fits.
func judgeSearch(p *analyzer.Pass, s *stock, c *claim) {
	class, set := c.className()
	var best []mismatch
	var closest *volume
	for _, v := range s.volumes {
		var misfits []mismatch
		switch {
		case v.reservedFor(c): // whatever its class
			misfits = append(sizeMisfit(v, c), modeMisfits(v, c)...)
		case v.Spec.ClaimRef != nil:
			continue
		case !set || s.provisioned(class) || v.className() != class:
			continue
		default:
			misfits = s.misfitsOfFound(v, c)
		}
		if len(misfits) == 0 {
			return
		}
		if closest == nil || len(misfits) < len(best) {
			closest, best = v, misfits
		}
	}
	if closest != nil {
		best[0].unsure = true // other volumes may exist
		best[0].event = ""
		report(p, c, closest, best[0])
	}
}

func unbound(c *claim, field []string) analyzer.Finding {
	path := c.at(field...)
	for len(path) > len(c.path) && c.from.Get(path...) == nil {
		path = path[:len(path)-1]
	}
	return analyzer.Finding{
		Consequence: "the claim stays Pending, and so do its pods",
		Location:    c.from.EntryLocation(path...), Path: path, Resource: c.from,
	}
}

// report says why a volume is not bound to a claim.
func report(p *analyzer.Pass, c *claim, v *volume, m mismatch) {
	f := unbound(c, m.field)
	f.Message = fmt.Sprintf("%s %s", c, m.what)
	f.Label, f.Help = "does not fit the volume", m.help
	if m.unsure {
		f.Claim = analyzer.Suspect
	}
	if m.event != "" {
		reason := "VolumeMismatch"
		if m.event == "volume already bound to a different claim" {
			reason = "FailedBinding"
		}
		f.Consequence += fmt.Sprintf(": %s (%s)", reason, m.event)
	}
	f.Related = []analyzer.Related{{Location: v.from.EntryLocation(existing(v.from, m.theirs)...), Message: "the volume"}}
	p.Report(f)
}

// existing returns the longest beginning of a path that leads to something.
func existing(r *manifest.Resource, path []string) []string {
	for len(path) > 0 && r.Get(path...) == nil {
		path = path[:len(path)-1]
	}
	return path
}
