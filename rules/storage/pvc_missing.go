package storage

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// PVCMissing reports workloads whose pods wait for a claim that is not there.
var PVCMissing = &analyzer.Rule{
	ID:    "pvc-missing",
	Title: "A PersistentVolumeClaim that pods need is not there",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `A pod whose volume names a PersistentVolumeClaim is scheduled only when the claim exists in its own namespace: until then it stays Pending. The scheduler looks at the volumes of the pod, so a volume that no container mounts blocks it as well.

Claims may be made in other ways, so only what something close explains is an error: a name that is one slip off, or another namespace. Where the claims of other pods stand among the manifests and this one does not, it is a warning. The claims that StatefulSets make from their volumeClaimTemplates, <template>-<StatefulSet>-<ordinal>, are there.`,
	Bad: `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: uploads
spec:
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      volumeMounts: [{name: files, mountPath: /files}]
  volumes:
    - name: files
      persistentVolumeClaim: {claimName: upload}
`,
	Good: `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: uploads
spec:
  accessModes: [ReadWriteMany]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      volumeMounts: [{name: files, mountPath: /files}]
  volumes:
    - name: files
      persistentVolumeClaim: {claimName: uploads}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/persistent-volumes/#claims-as-volumes",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumebinding/volume_binding.go: PreFilter",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.Claim || !missing.Judged(p, ref) {
				continue
			}
			if f := missing.Find(p, ref); f != nil {
				f.Consequence = "it is accepted, and its pods stay Pending: the scheduler does not find the claim"
				p.Report(*f)
			}
		}
		return nil
	},
}
