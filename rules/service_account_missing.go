package rules

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// ServiceAccountMissing reports workloads whose ServiceAccount is not there, or
// not yet.
var ServiceAccountMissing = &analyzer.Rule{
	ID:    "service-account-missing",
	Title: "The ServiceAccount of pods is not there",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `The API server makes a pod only when its ServiceAccount exists in its own namespace. A Deployment, or another controller, is accepted all the same and retries: its pods are refused, which only its condition ReplicaFailure and its events say. A bare Pod is refused at once, and it is if its ServiceAccount stands behind it in what is applied: kubectl keeps the order of files and documents.

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
		order := map[*manifest.Resource]int{}
		for i, r := range p.Unit.Resources {
			order[r] = i
		}
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.Account || !judged(p, ref) {
				continue
			}
			if f := missingObject(p, ref, objectNameOff, objectElsewhere, objectNamePart); f != nil {
				f.Consequence = "it is accepted, and its pods are refused: ReplicaFailure, FailedCreate"
				if ref.Workload.IsPod() {
					f.Claim, f.Consequence = analyzer.Rejected, "the API server refuses the Pod: serviceaccount not found"
				}
				p.Report(*f)
			} else if ref.Workload.IsPod() {
				appliedTooLate(p, ref, order)
			}
		}
		return nil
	},
}

// appliedTooLate reports a Pod that is applied before its ServiceAccount. Only
// the first time matters, so it is a warning. kustomize sorts by kind.
func appliedTooLate(p *analyzer.Pass, ref *graph.Reference, order map[*manifest.Resource]int) {
	accounts := p.Graph.Resolve(ref)
	if len(accounts) == 0 || p.Unit.Kind == unit.Kustomization || manifest.IsPlaceholder(ref.Target.Name) {
		return
	}
	for _, r := range accounts {
		if at, own := order[r]; !own || at < order[ref.From] {
			return
		}
	}
	p.Report(analyzer.Finding{
		Claim:       analyzer.Rejected,
		Severity:    analyzer.Warning,
		Message:     fmt.Sprintf("%s is applied before its %s", ref.From, accounts[0]),
		Label:       "not there yet",
		Consequence: "the API server refuses the Pod: serviceaccount not found; applied once more, it is accepted",
		Help:        fmt.Sprintf("put %s before it, into the same file or into one that sorts before", accounts[0]),
		Location:    ref.From.EntryLocation(ref.Path...),
		Path:        ref.Path,
		Resource:    ref.From,
		Related:     []analyzer.Related{{Location: accounts[0].NameLocation(), Message: fmt.Sprintf("%s comes after it", accounts[0])}},
	})
}
