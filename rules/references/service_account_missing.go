package references

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// ServiceAccountMissing reports workloads whose ServiceAccount is not there.
var ServiceAccountMissing = &analyzer.Rule{
	ID:    "service-account-missing",
	Title: "The ServiceAccount of pods is not there",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `The API server makes a pod only when its ServiceAccount exists in its own namespace. A Deployment, or another controller, is accepted all the same and retries: its pods are refused, which only its condition ReplicaFailure and its events say. A bare Pod is refused at once; if its ServiceAccount only stands behind it in what is applied, applied-too-early says so.

ServiceAccounts may be made in other ways, so only what something close explains is an error: a name that is one slip off, or another namespace.`,
	Bad: `apiVersion: v1
kind: ServiceAccount
metadata:
  name: reporter
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: reporter
spec:
  selector:
    matchLabels: {app: reporter}
  template:
    metadata:
      labels: {app: reporter}
    spec:
      serviceAccountName: reporters
      containers: [{name: reporter, image: example/reporter}]
`,
	Good: `apiVersion: v1
kind: ServiceAccount
metadata:
  name: reporter
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: reporter
spec:
  selector:
    matchLabels: {app: reporter}
  template:
    metadata:
      labels: {app: reporter}
    spec:
      serviceAccountName: reporter
      containers: [{name: reporter, image: example/reporter}]
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
		"k8s.io/kubernetes/plugin/pkg/admission/serviceaccount/admission.go: getServiceAccount",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.Account || !missing.Judged(p, ref) {
				continue
			}
			if f := missing.Find(p, ref); f != nil {
				f.Consequence = "it is accepted, and its pods are refused: ReplicaFailure, FailedCreate"
				if ref.Workload.IsPod() {
					f.Claim, f.Consequence = analyzer.Rejected, "the API server refuses the Pod: serviceaccount not found"
				}
				p.Report(*f)
			}
		}
		return nil
	},
}
