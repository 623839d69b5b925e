package storage

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// VolumeNodeConflict reports pods that must run where their volume cannot be used.
var VolumeNodeConflict = &analyzer.Rule{
	ID:    "volume-node-conflict",
	Title: "Pods must run on nodes that cannot use their volume",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job", "CronJob"},
	Why: `A PersistentVolume with a nodeAffinity can be used on these nodes alone, and a StorageClass with allowedTopologies makes volumes only there. A pod whose nodeSelector, required node affinity or nodeName leads to other nodes is never scheduled: no node fits both.

A StorageClass with volumeBindingMode WaitForFirstConsumer binds a claim when the scheduler has chosen a node. The scheduler passes over pods with a nodeName, so their claim stays Pending.`,
	Bad: `apiVersion: v1
kind: PersistentVolume
metadata:
  name: data
spec:
  capacity: {storage: 5Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: local
  local: {path: /srv/data}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-a]}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 5Gi}}
  storageClassName: local
  volumeName: data
---
apiVersion: v1
kind: Pod
metadata:
  name: db
spec:
  nodeSelector: {kubernetes.io/hostname: node-b}
  containers: [{name: db, image: example/db, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`,
	Good: `apiVersion: v1
kind: PersistentVolume
metadata:
  name: data
spec:
  capacity: {storage: 5Gi}
  accessModes: [ReadWriteOnce]
  storageClassName: local
  local: {path: /srv/data}
  nodeAffinity:
    required:
      nodeSelectorTerms:
        - matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-a]}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 5Gi}}
  storageClassName: local
  volumeName: data
---
apiVersion: v1
kind: Pod
metadata:
  name: db
spec:
  nodeSelector: {kubernetes.io/hostname: node-a}
  containers: [{name: db, image: example/db, volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/persistent-volumes/#node-affinity",
		"https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode",
		"https://kubernetes.io/docs/concepts/storage/storage-classes/#allowed-topologies",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumebinding/binder.go: ErrReasonNodeConflict",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Rewritten != 0 {
			return nil
		}
		for _, ref := range p.Graph.References().All {
			if w := ref.Workload; ref.Use == graph.Claim && w != nil && w.Own && !w.Superseded && !w.Controlled() {
				for _, r := range p.Graph.Resolve(ref) {
					if c := newClaim(p.Graph, r); c != nil {
						judgeNodes(p, w, ref.Path, c)
					}
				}
			}
		}
		for _, w := range p.Graph.Workloads {
			if w.Own && !w.Superseded && w.Kind == "StatefulSet" {
				for _, c := range claimsOf(p, w.Resource) {
					judgeNodes(p, w, c.path, c)
				}
			}
		}
		return nil
	},
}

// place is a set of nodes: for some labels the values that they have.
type place map[string][]string

// judgeNodes compares where the pods of a workload run with where their volume is.
func judgeNodes(p *analyzer.Pass, w *graph.Workload, use []string, c *claim) {
	s := stockOf(p.Graph)
	pods, at := placesOfPods(w)
	if at == nil {
		return
	}
	v := s.volumeOf(c)
	class := s.classOf(c)
	switch {
	case v != nil:
		if places := placesOfVolume(v); apart(pods, places) {
			reportApart(p, w, at, pods, places, v.from, []string{"spec", "nodeAffinity"})
		}
	case class == nil || c.Spec.VolumeName != "":
	case class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer && w.PodField("spec", "nodeName") != nil:
		p.Report(analyzer.Finding{
			Message:     fmt.Sprintf("%s sets nodeName, and the StorageClass %s of its claim %s waits for the scheduler (WaitForFirstConsumer)", w, class.Name, c.Name),
			Label:       "the scheduler passes over these pods",
			Consequence: "the claim stays Pending, and its pods wait in ContainerCreating",
			Help:        "use nodeSelector with kubernetes.io/hostname in place of nodeName",
			Location:    w.EntryLocation(at...), Path: at, Resource: w.Resource,
		})
	default:
		if places := placesOfClass(class); apart(pods, places) {
			for _, r := range slices.Concat(p.Unit.Resources, p.Unit.Context) {
				if r.Kind == "StorageClass" && r.Name == class.Name {
					reportApart(p, w, at, pods, places, r, []string{"allowedTopologies"})
					return
				}
			}
		}
	}
}

// volumeOf returns the volume of the manifests that a claim is bound to, nil if it
// is not certain.
func (s *stock) volumeOf(c *claim) *volume {
	var fitting []*volume
	class, set := c.className()
	for _, v := range s.volumes {
		switch {
		case c.Spec.VolumeName == v.Name || v.reservedFor(c):
			return v
		case c.Spec.VolumeName == "" && v.Spec.ClaimRef == nil && set && !s.provisioned(class) && v.className() == class && len(s.misfitsOfFound(v, c)) == 0:
			fitting = append(fitting, v)
		}
	}
	if len(fitting) == 1 {
		return fitting[0]
	}
	return nil
}

// classOf returns the StorageClass of a claim, nil if the manifests do not define it.
func (s *stock) classOf(c *claim) *storagev1.StorageClass {
	name, set := c.className()
	if !set {
		name = s.byDefault
	}
	return s.classes[name]
}

// placesOfPods returns the alternatives of where the pods of a workload run, and the
// path of the field that says so, nil if it is not restricted.
func placesOfPods(w *graph.Workload) (alternatives []place, at []string) {
	base := place{}
	if name := manifest.String(w.PodField("spec", "nodeName")); name != "" {
		base[corev1.LabelHostname] = []string{name}
		at = w.At("spec", "nodeName")
	} else if selector := manifest.StringMap(w.PodField("spec", "nodeSelector")); len(selector) > 0 {
		at = w.At("spec", "nodeSelector")
		for key, value := range selector {
			base[key] = []string{value}
		}
	}
	field := []string{"spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"}
	required := &corev1.NodeSelector{}
	n := w.PodField(field...)
	if n == nil || !decode(n, required) || len(required.NodeSelectorTerms) == 0 {
		return []place{base}, at
	}
	if at == nil {
		at = w.At(field...)
	}
	for _, t := range required.NodeSelectorTerms {
		alternatives = append(alternatives, joinPlaces(base, placeOfTerm(t)))
	}
	return alternatives, at
}

// placeOfTerm reads the expressions with In; others restrict nothing that is
// compared here.
func placeOfTerm(t corev1.NodeSelectorTerm) place {
	where := place{}
	for _, e := range t.MatchExpressions {
		if e.Operator == corev1.NodeSelectorOpIn {
			where = joinPlaces(where, place{e.Key: e.Values})
		}
	}
	return where
}

// joinPlaces returns the nodes that are in both places.
func joinPlaces(a, b place) place {
	both := place{}
	for key, values := range a {
		both[key] = values
	}
	for key, values := range b {
		if before, ok := both[key]; ok {
			values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !slices.Contains(before, v) })
		}
		both[key] = values
	}
	return both
}

func placesOfVolume(v *volume) []place {
	if v.Spec.NodeAffinity == nil || v.Spec.NodeAffinity.Required == nil {
		return nil
	}
	var all []place
	for _, t := range v.Spec.NodeAffinity.Required.NodeSelectorTerms {
		all = append(all, placeOfTerm(t))
	}
	return all
}

func placesOfClass(c *storagev1.StorageClass) []place {
	var all []place
	for _, t := range c.AllowedTopologies {
		where := place{}
		for _, e := range t.MatchLabelExpressions {
			where[e.Key] = e.Values
		}
		all = append(all, where)
	}
	return all
}

// apart reports whether no node can be in one of the places of both lists. An empty
// list restricts nothing.
func apart(pods, storage []place) bool {
	if len(storage) == 0 {
		return false
	}
	for _, a := range pods {
		for _, b := range storage {
			if conflict(a, b) == "" {
				return false
			}
		}
	}
	return true
}

// conflict returns a label whose values in two places have nothing in common, "" if
// there is none.
func conflict(a, b place) string {
	keys := make([]string, 0, len(a))
	for key := range a {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if theirs, ok := b[key]; ok && !slices.ContainsFunc(a[key], func(v string) bool { return slices.Contains(theirs, v) || manifest.IsPlaceholder(v) }) {
			return key
		}
	}
	return ""
}

func reportApart(p *analyzer.Pass, w *graph.Workload, at []string, pods, places []place, storage *manifest.Resource, theirs []string) {
	key := conflict(pods[0], places[0])
	p.Report(analyzer.Finding{
		Message: fmt.Sprintf("%s runs only on nodes with %s %s, and the volume of %s can be used only where it is %s",
			w, key, strings.Join(pods[0][key], ", "), storage, strings.Join(places[0][key], ", ")),
		Label:       "no node fits both",
		Consequence: "its pods stay Pending: node(s) didn't match PersistentVolume's node affinity",
		Help:        fmt.Sprintf("let the pods run where %s is %s, or use a volume that these nodes can use", key, strings.Join(places[0][key], ", ")),
		Location:    w.EntryLocation(at...), Path: at, Resource: w.Resource,
		Related: []analyzer.Related{{Location: storage.KeyLocation(theirs...), Message: "where the volume can be used"}},
	})
}
