package storage

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// claim is a PersistentVolumeClaim of the manifests, or one that a StatefulSet
// makes of a template.
type claim struct {
	corev1.PersistentVolumeClaim
	from *manifest.Resource
	// path leads to the claim in from; nil for a PersistentVolumeClaim.
	path []string
	// namespace is "" if it is not known.
	namespace string
}

func (c *claim) at(path ...string) []string { return slices.Concat(c.path, path) }

func (c *claim) String() string {
	if c.path != nil {
		return fmt.Sprintf("%s in its volumeClaimTemplate %s", c.from, c.Name)
	}
	return c.from.String()
}

// volume is a PersistentVolume of the manifests.
type volume struct {
	corev1.PersistentVolume
	from *manifest.Resource
}

// stock is the storage that the manifests define.
type stock struct {
	volumes []*volume
	classes map[string]*storagev1.StorageClass
	// byDefault is the name of the default StorageClass, "" if it is not known.
	byDefault string
}

var stockKey memo.Key[*stock]

// stockOf returns the storage of the unit and its context.
func stockOf(g *graph.Graph) *stock {
	return stockKey.Of(g, func() *stock {
		s := &stock{classes: map[string]*storagev1.StorageClass{}}
		for _, r := range slices.Concat(g.Unit.Resources, g.Unit.Context) {
			switch {
			case r.Kind == "PersistentVolume" && r.Group == "" && !g.Superseded(r):
				v := &volume{from: r}
				if decode(r.Node, &v.PersistentVolume) {
					s.volumes = append(s.volumes, v)
				}
			case r.Kind == "StorageClass" && r.Group == "storage.k8s.io":
				c := &storagev1.StorageClass{}
				if decode(r.Node, c) {
					s.classes[c.Name] = c
					if c.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
						s.byDefault = c.Name
					}
				}
			}
		}
		return s
	})
}

// decode reads a value of the API; false if it holds what is still to be filled in
// or what the API server refuses.
func decode(n *manifest.Node, into any) bool {
	data, ok := manifest.AppendJSON(nil, n)
	return ok && !manifest.HoldsPlaceholder(n) && json.Unmarshal(data, into) == nil
}

// newClaim reads a claim; nil if it cannot be read.
func newClaim(g *graph.Graph, r *manifest.Resource, path ...string) *claim {
	c := &claim{from: r, path: path, namespace: g.Namespace(r)}
	if !decode(r.Get(path...), &c.PersistentVolumeClaim) {
		return nil
	}
	return c
}

// className returns the class of a claim; ok is false if it is left out, so that the
// default class is filled in, if there is one
// (k8s.io/component-helpers/storage/volume GetPersistentVolumeClaimClass).
func (c *claim) className() (name string, ok bool) {
	if name, ok := c.Annotations[corev1.BetaStorageClassAnnotation]; ok {
		return name, true
	}
	if c.Spec.StorageClassName == nil {
		return "", false
	}
	return *c.Spec.StorageClassName, true
}

func (v *volume) className() string {
	if name, ok := v.Annotations[corev1.BetaStorageClassAnnotation]; ok {
		return name
	}
	return v.Spec.StorageClassName
}

// reservedFor reports whether the claimRef of the volume names a claim
// (k8s.io/component-helpers/storage/volume IsVolumeBoundToClaim).
func (v *volume) reservedFor(c *claim) bool {
	ref := v.Spec.ClaimRef
	return ref != nil && ref.Name == c.Name && c.path == nil && ref.Namespace != "" && (c.namespace == "" || ref.Namespace == c.namespace)
}

// mismatch is why a volume does not satisfy a claim.
type mismatch struct {
	// what says it: "requests 10Gi, and PersistentVolume pv has 5Gi".
	what string
	// field is where the claim asks for it, theirs where the volume has it.
	field, theirs []string
	// event is what the controller says, help what to do.
	event, help string
	// unsure reports that it depends on the default class of the cluster.
	unsure bool
}

// misfitsOfNamed returns why a volume that the claim names cannot be bound, in the order of
// k8s.io/kubernetes pkg/controller/volume/persistentvolume/pv_controller.go
// checkVolumeSatisfyClaim.
func (s *stock) misfitsOfNamed(v *volume, c *claim) []mismatch {
	return slices.Concat(sizeMisfit(v, c), s.classMisfit(v, c), modeMisfits(v, c))
}

func sizeMisfit(v *volume, c *claim) []mismatch {
	wanted, has := c.Spec.Resources.Requests[corev1.ResourceStorage], v.Spec.Capacity[corev1.ResourceStorage]
	if has.Value() >= wanted.Value() {
		return nil
	}
	return []mismatch{{
		what:  fmt.Sprintf("requests %s, and %s has %s", &wanted, v.from, &has),
		field: []string{"spec", "resources", "requests", "storage"}, theirs: []string{"spec", "capacity", "storage"},
		event: "requested PV is too small", help: fmt.Sprintf("request %s or less, or set the capacity of the volume to %s if it has that", &has, &wanted),
	}}
}

func (s *stock) classMisfit(v *volume, c *claim) []mismatch {
	wanted, set := c.className()
	has := v.className()
	if !set && s.byDefault != "" {
		wanted, set = s.byDefault, true
	}
	if wanted == has {
		return nil
	}
	m := mismatch{
		what:  fmt.Sprintf("has the storage class %q, and %s has %q", wanted, v.from, has),
		field: []string{"spec", "storageClassName"}, theirs: []string{"spec", "storageClassName"},
		event: "storageClassName does not match", help: fmt.Sprintf("set storageClassName: %q in the claim", has),
	}
	if c.Spec.StorageClassName == nil {
		m.field, m.unsure = []string{"spec"}, !set
		m.what = fmt.Sprintf("has no storageClassName, which stands for the default class, and %s has %q", v.from, has)
	}
	return []mismatch{m}
}

// modeMisfits compares the volumeMode and the access modes
// (k8s.io/component-helpers/storage/volume CheckVolumeModeMismatches, CheckAccessModes).
func modeMisfits(v *volume, c *claim) []mismatch {
	var all []mismatch
	if wanted, has := modeOfVolume(c.Spec.VolumeMode), modeOfVolume(v.Spec.VolumeMode); wanted != has {
		all = append(all, mismatch{
			what:  fmt.Sprintf("has volumeMode %s, and %s has %s", wanted, v.from, has),
			field: []string{"spec", "volumeMode"}, theirs: []string{"spec", "volumeMode"},
			event: "incompatible volumeMode", help: fmt.Sprintf("set volumeMode: %s in both", wanted),
		})
	}
	for _, mode := range c.Spec.AccessModes {
		if !slices.Contains(v.Spec.AccessModes, mode) {
			return append(all, mismatch{
				what:  fmt.Sprintf("requires %s, and %s offers %s", mode, v.from, joined(v.Spec.AccessModes)),
				field: []string{"spec", "accessModes"}, theirs: []string{"spec", "accessModes"},
				event: "incompatible accessMode", help: fmt.Sprintf("use %s in the claim, or add %s to the volume if its storage can", joined(v.Spec.AccessModes), mode),
			})
		}
	}
	return all
}

func modeOfVolume(mode *corev1.PersistentVolumeMode) corev1.PersistentVolumeMode {
	if mode == nil {
		return corev1.PersistentVolumeFilesystem
	}
	return *mode
}

func joined(modes []corev1.PersistentVolumeAccessMode) string {
	var all []string
	for _, m := range modes {
		all = append(all, string(m))
	}
	return strings.Join(all, ", ")
}

// labelMisfit compares the selector of a claim with the labels of a volume, as the
// search for a volume does (k8s.io/component-helpers/storage/volume FindMatchingVolume).
func labelMisfit(v *volume, c *claim) []mismatch {
	if c.Spec.Selector == nil {
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(c.Spec.Selector)
	if err != nil || selector.Matches(labels.Set(v.Labels)) {
		return nil
	}
	return []mismatch{{
		what:  fmt.Sprintf("selects volumes with %s, and %s has %s", selector, v.from, graph.FormatLabels(v.Labels)),
		field: []string{"spec", "selector"}, theirs: []string{"metadata", "labels"},
		help: "set these labels on the volume, or the selector to those it has",
	}}
}

// misfitsOfFound returns why a volume is not chosen for a claim that names none
// (k8s.io/component-helpers/storage/volume FindMatchingVolume).
func (s *stock) misfitsOfFound(v *volume, c *claim) []mismatch {
	return slices.Concat(sizeMisfit(v, c), modeMisfits(v, c), labelMisfit(v, c), s.classMisfit(v, c))
}

// provisioned reports whether volumes of a class may be made when a claim needs one:
// of a class without a provisioner, or none, they are not
// (https://kubernetes.io/docs/concepts/storage/storage-classes/#local).
func (s *stock) provisioned(class string) bool {
	if class == "" {
		return false
	}
	c := s.classes[class]
	return c != nil && c.Provisioner != "kubernetes.io/no-provisioner"
}
