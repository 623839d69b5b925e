package storage

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// RWOShared reports pods that share a volume which one node or pod can have.
var RWOShared = &analyzer.Rule{
	ID:    "rwo-shared",
	Title: "Pods share a volume that one node can have",
	Claim: analyzer.Suspect,
	Kinds: []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "PersistentVolumeClaim"},
	Why: `A volume of access mode ReadWriteOnce is attached to one node at a time. Pods of one Deployment, or of two, that mount it work as long as they happen to run on the same node; elsewhere they wait in ContainerCreating with a Multi-Attach error. With ReadWriteOncePod a second pod is never scheduled at all.

Nothing is reported if the pods are bound to one node (by name, by kubernetes.io/hostname, or by required affinity), or if the storage is known not to be attached: network file systems, directories of a node.`,
	Bad: `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: uploads
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          volumeMounts: [{name: uploads, mountPath: /uploads}]
      volumes:
        - name: uploads
          persistentVolumeClaim: {claimName: uploads}
`,
	Good: `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: uploads
spec:
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          volumeMounts: [{name: uploads, mountPath: /uploads}]
      volumes:
        - name: uploads
          persistentVolumeClaim: {claimName: uploads}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/persistent-volumes/#access-modes",
		"k8s.io/kubernetes/pkg/controller/volume/attachdetach/reconciler/reconciler.go: reportMultiAttachError",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumerestrictions: ReadWriteOncePod",
	},
	Run: func(p *analyzer.Pass) error {
		uses := p.Graph.ClaimUses()
		for _, claim := range append(p.Unit.Resources[:len(p.Unit.Resources):len(p.Unit.Resources)], p.Unit.Context...) {
			if len(uses[claim]) > 0 && !p.Unit.Rewrites(kustomize.Relations) {
				sharedClaim(p, uses[claim])
			}
		}
		return nil
	},
}

// sharedClaim judges the uses of one claim, and reports the first of them that
// makes too many pods.
func sharedClaim(p *analyzer.Pass, uses []graph.ClaimUse) {
	var before *graph.ClaimUse
	for i := range uses {
		u := &uses[i]
		pods, lasting := lastingPods(p.Graph, u.Workload)
		if !lasting || !u.OnePod && p.Graph.BoundToOneNode(u.Workload) {
			continue
		}
		own := u.Workload.Own || before != nil && before.Workload.Own
		switch {
		case u.Workload.Own && pods > 1:
			f := shared(u)
			f.Message = fmt.Sprintf("%s has %s on claim %s, which is %s", u.Workload, podsNamed(u.Workload, pods), u.Claim.Name, modeOf(u))
			f.Related = append(f.Related, workload.ReplicasOf(p.Graph, u.Workload, pods)...)
			p.Report(f)
			return
		case before != nil && own && before.Workload.Name != u.Workload.Name && !p.Unit.Alternatives(before.Workload.File(), u.Workload.File()):
			f := shared(u)
			f.Message = fmt.Sprintf("%s and %s share claim %s, which is %s", u.Workload, before.Workload, u.Claim.Name, modeOf(u))
			f.Related = append(f.Related, analyzer.Related{
				Location: before.Workload.EntryLocation(before.Path...),
				Message:  fmt.Sprintf("%s mounts it too", before.Workload),
			})
			p.Report(f)
			return
		}
		before = u
	}
}

// lastingPods returns how many pods a controller keeps running, 2 for a
// DaemonSet; lasting is false for what comes and goes, and for none.
func lastingPods(g *graph.Graph, w *graph.Workload) (n int, lasting bool) {
	if w.Kind == "DaemonSet" {
		return 2, true
	}
	n, ok := g.LeastPods(w)
	return n, ok && n > 0 && !w.IsPod()
}

func podsNamed(w *graph.Workload, n int) string {
	if w.Kind == "DaemonSet" {
		return "a pod for each node"
	}
	return fmt.Sprintf("%d pods", n)
}

func modeOf(u *graph.ClaimUse) string {
	if u.OnePod {
		return "ReadWriteOncePod"
	}
	return "ReadWriteOnce"
}

func shared(u *graph.ClaimUse) analyzer.Finding {
	f := analyzer.Finding{
		Label:       "one node at a time can have it",
		Consequence: "pods on other nodes wait in ContainerCreating: Multi-Attach error",
		Help:        "use ReadWriteMany if the storage can, or a StatefulSet with volumeClaimTemplates, or keep the pods on one node by required podAffinity",
		Location:    u.Workload.EntryLocation(u.Path...),
		Path:        u.Path,
		Resource:    u.Workload.Resource,
		Related:     []analyzer.Related{{Location: u.Claim.KeyLocation("spec", "accessModes"), Message: fmt.Sprintf("%s allows %s alone", u.Claim, modeOf(u))}},
	}
	if u.OnePod {
		f.Claim = analyzer.Broken
		f.Label = "one pod at a time can have it"
		f.Consequence = "the first pod runs, and the others stay Pending: FailedScheduling"
	}
	return f
}
