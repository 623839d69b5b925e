package scheduling

import (
	"fmt"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// ControlPlaneTaintOld advises against the taint that kubeadm gave
// control-plane nodes before Kubernetes 1.24.
var ControlPlaneTaintOld = &analyzer.Rule{
	ID:    "control-plane-taint-old",
	Title: "Only the taint of control-plane nodes before Kubernetes 1.24 is tolerated",
	Claim: analyzer.Advice,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why:   `Since Kubernetes 1.24 kubeadm gives control-plane nodes the taint node-role.kubernetes.io/control-plane, and since 1.25 no more node-role.kubernetes.io/master. Pods that tolerate only the old taint do not run on control-plane nodes. Other distributions still set the old one, so this is advice. Of the label of the old name in selectors the API server itself warns.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: agent
spec:
  tolerations:
    - {key: node-role.kubernetes.io/master, operator: Exists, effect: NoSchedule}
  containers: [{name: agent, image: example/agent}]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: agent
spec:
  tolerations:
    - {key: node-role.kubernetes.io/master, operator: Exists, effect: NoSchedule}
    - {key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule}
  containers: [{name: agent, image: example/agent}]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/labels-annotations-taints/#node-role-kubernetes-io-control-plane-taint",
		"https://github.com/kubernetes/enhancements/tree/master/keps/sig-cluster-lifecycle/kubeadm/2067-rename-master-label-taint",
	},
	Run: func(p *analyzer.Pass) error {
		if !verdict.Target(p).AtLeast(renamed) {
			return nil
		}
		for _, w := range p.Graph.Workloads {
			if w.Own && !w.Superseded && !w.Controlled() {
				oldNames(p, w)
			}
		}
		return nil
	},
}

const oldRole, newRole = "node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane"

// renamed is the version of which kubeadm sets the new taint.
var renamed = apiserver.Version{Major: 1, Minor: 24}

// oldNames reports the toleration of the old taint if no other one covers the
// new one.
func oldNames(p *analyzer.Pass, w *graph.Workload) {
	path := w.At("spec", "tolerations")
	old := -1
	for i, t := range manifest.Items(w.Get(path...)) {
		switch manifest.String(t, "key") {
		case newRole, "": // without a key it covers each taint
			return
		case oldRole:
			old = i
		}
	}
	if old < 0 {
		return
	}
	path = append(path, strconv.Itoa(old), "key")
	p.Report(analyzer.Finding{
		Message:     fmt.Sprintf("%s tolerates the taint %s, which kubeadm replaced in Kubernetes 1.24", w, oldRole),
		Label:       "renamed to control-plane",
		Consequence: fmt.Sprintf("its pods do not run on control-plane nodes with the taint %s", newRole),
		Help:        "add a toleration for " + newRole,
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
	})
}
