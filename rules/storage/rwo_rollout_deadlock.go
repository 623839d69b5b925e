package storage

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// RWORolloutDeadlock reports Deployments whose new pod needs the volume that
// the old one holds.
var RWORolloutDeadlock = &analyzer.Rule{
	ID:    "rwo-rollout-deadlock",
	Title: "A rolling update needs the old pod's volume for the new one",
	Claim: analyzer.Suspect,
	Kinds: []string{"Deployment"},
	Why: `A rolling update that may not take a pod away first starts the new one while the old one still runs. If both mount a volume that is ReadWriteOnce, the new pod waits for ever where it lands on another node (Multi-Attach error), and writes to the files of the old one where it lands on the same. With ReadWriteOncePod it is never scheduled.

maxUnavailable is rounded down, so the default of 25% allows none to be missing for up to three replicas.`,
	Bad: `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: db
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: db
spec:
  selector:
    matchLabels: {app: db}
  template:
    metadata:
      labels: {app: db}
    spec:
      containers:
        - name: db
          image: postgres
          volumeMounts: [{name: data, mountPath: /var/lib/postgresql}]
      volumes:
        - name: data
          persistentVolumeClaim: {claimName: db}
`,
	Good: `apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: db
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: db
spec:
  strategy: {type: Recreate}
  selector:
    matchLabels: {app: db}
  template:
    metadata:
      labels: {app: db}
    spec:
      containers:
        - name: db
          image: postgres
          volumeMounts: [{name: data, mountPath: /var/lib/postgresql}]
      volumes:
        - name: data
          persistentVolumeClaim: {claimName: db}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/run-application/run-single-instance-stateful-application/#updating",
		"k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go: ResolveFenceposts",
	},
	Run: func(p *analyzer.Pass) error {
		uses := p.Graph.ClaimUses()
		for _, claim := range append(p.Unit.Resources[:len(p.Unit.Resources):len(p.Unit.Resources)], p.Unit.Context...) {
			for i := range uses[claim] {
				rollsOver(p, &uses[claim][i])
			}
		}
		return nil
	},
}

func rollsOver(p *analyzer.Pass, u *graph.ClaimUse) {
	w := u.Workload
	pods, ok := p.Graph.LeastPods(w)
	surge, unavailable, rolling := w.Rollout(pods)
	bound := !u.OnePod && p.Graph.BoundToOneNode(w)
	if !w.Own || !ok || pods != 1 || !rolling || unavailable > 0 || surge == 0 || bound || p.Unit.Rewrites(kustomize.Relations) {
		return // more pods than one share the volume: another fault
	}
	f := shared(u)
	f.Message = fmt.Sprintf("%s starts its new pod before the old one gives up claim %s, which is %s", w, u.Claim.Name, modeOf(u))
	f.Consequence = "an update hangs where the new pod lands on another node (Multi-Attach error), and both pods write where it lands on the same"
	if u.OnePod {
		f.Consequence = "every update hangs: the new pod stays Pending as long as the old one runs"
	}
	f.Help = "write strategy: {type: Recreate}, or use a StatefulSet"
	p.Report(f)
}
