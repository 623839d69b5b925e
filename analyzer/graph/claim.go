package graph

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// ClaimUse is a volume of a workload's pods that one node, or one pod, can have
// at a time.
type ClaimUse struct {
	Workload *Workload
	Claim    *manifest.Resource
	// Path leads to the name of the claim in the workload.
	Path []string
	// OnePod reports ReadWriteOncePod: one pod at a time, not one node.
	OnePod bool
}

var claimUsesKey memo.Key[map[*manifest.Resource][]ClaimUse]

// ClaimUses returns the uses of claims of the unit and its context that have no
// other access mode than ReadWriteOnce or ReadWriteOncePod, by the claim, each
// in the order of the workloads. Claims of storage that does not mind are left
// out.
func (g *Graph) ClaimUses() map[*manifest.Resource][]ClaimUse {
	references := g.References()
	volumes := g.volumes()
	objects := g.Objects()
	return claimUsesKey.Of(g, func() map[*manifest.Resource][]ClaimUse {
		found := map[*manifest.Resource][]ClaimUse{}
		for _, ref := range references.All {
			if ref.Use != Claim || !ref.Workload.mounts(ref.Path) || ref.Workload.Superseded || ref.Workload.Custom || ref.Workload.Controlled() {
				continue
			}
			for _, claim := range first(g.finding(objects, ref)) {
				if mode := onlyMode(claim); mode != "" && !mountsAnywhere(claim, volumes) {
					found[claim] = append(found[claim], ClaimUse{ref.Workload, claim, ref.Path, mode == "ReadWriteOncePod"})
				}
			}
		}
		return found
	})
}

// first returns the first of several objects of one name: namespaces that are
// left out make it unclear which one is meant.
func first(objects []*manifest.Resource) []*manifest.Resource {
	return objects[:min(1, len(objects))]
}

// onlyMode returns the access mode of a claim that binds it to one node or pod,
// "" if it has another one.
func onlyMode(claim *manifest.Resource) string {
	modes := manifest.Items(claim.Get("spec", "accessModes"))
	if len(modes) != 1 {
		return ""
	}
	if mode := manifest.String(modes[0]); mode == "ReadWriteOnce" || mode == "ReadWriteOncePod" {
		return mode
	}
	return ""
}

// attached are the sources of PersistentVolumes that are attached to a node, by
// which alone ReadWriteOnce is enforced
// (pkg/controller/volume/attachdetach/reconciler). CSI drivers may do either.
var attached = []string{"awsElasticBlockStore", "azureDisk", "cinder", "csi", "fc", "gcePersistentDisk", "iscsi", "photonPersistentDisk", "portworxVolume", "rbd", "scaleIO", "storageos", "vsphereVolume"}

// mountsAnywhere reports whether the volume behind a claim is not attached to a
// node, as far as its PersistentVolume or the name of its class tells: a
// network file system takes any number of nodes whatever its access mode says,
// and a directory of a node keeps the pods there by itself or not at all.
func mountsAnywhere(claim *manifest.Resource, volumes []*manifest.Resource) bool {
	class := strings.ToLower(manifest.String(claim.Node, "spec", "storageClassName"))
	for _, part := range []string{"nfs", "efs", "cephfs", "file", "local", "hostpath"} {
		if strings.Contains(class, part) {
			return true
		}
	}
	for _, volume := range volumes {
		if backs(volume, claim) && !slices.ContainsFunc(attached, func(source string) bool { return volume.Get("spec", source) != nil }) {
			return true
		}
	}
	return false
}

// backs reports whether a PersistentVolume may be the one of a claim that is
// not provisioned.
func backs(volume, claim *manifest.Resource) bool {
	if name := manifest.String(claim.Node, "spec", "volumeName"); name != "" {
		return name == volume.Name
	}
	if name := manifest.String(volume.Node, "spec", "claimRef", "name"); name != "" {
		return name == claim.Name
	}
	return manifest.String(volume.Node, "spec", "storageClassName") == manifest.String(claim.Node, "spec", "storageClassName")
}

var volumesKey memo.Key[[]*manifest.Resource]

// volumes returns the PersistentVolumes of the unit and its context.
func (g *Graph) volumes() []*manifest.Resource {
	return volumesKey.Of(g, func() []*manifest.Resource {
		var found []*manifest.Resource
		for _, r := range slices.Concat(g.Unit.Resources, g.Unit.Context) {
			if r.Kind == "PersistentVolume" && r.Group == "" {
				found = append(found, r)
			}
		}
		return found
	})
}

// BoundToOneNode reports whether all pods of a workload surely run on one node:
// by name, or beside each other.
func (g *Graph) BoundToOneNode(w *Workload) bool {
	if manifest.String(w.Node, w.At("spec", "nodeName")...) != "" || manifest.String(w.Node, w.At("spec", "nodeSelector", hostname)...) != "" || len(g.Nodes) == 1 {
		return true
	}
	return slices.ContainsFunc(w.PodTerms(), func(t PodTerm) bool {
		return !t.Anti && t.Required && t.TopologyKey == hostname
	})
}

const hostname = "kubernetes.io/hostname"

// mounts reports whether a container of the pods uses the volume that a path leads
// into. kubelet does not wait for a volume that none uses
// (pkg/kubelet/volumemanager/populator processPodVolumes).
func (w *Workload) mounts(path []string) bool {
	volumes := w.At("spec", "volumes")
	if len(path) <= len(volumes) || !slices.Equal(path[:len(volumes)], volumes) {
		return true // a claim template of a StatefulSet, or what is no volume of a pod
	}
	name := manifest.String(w.Node, append(slices.Clone(path[:len(volumes)+1]), "name")...)
	for _, field := range []string{"containers", "initContainers"} {
		for _, c := range manifest.Items(w.PodField("spec", field)) {
			for _, use := range slices.Concat(manifest.Items(manifest.Get(c, "volumeMounts")), manifest.Items(manifest.Get(c, "volumeDevices"))) {
				if used := manifest.String(use, "name"); used == name || manifest.IsPlaceholder(used) {
					return true
				}
			}
		}
	}
	return false
}
