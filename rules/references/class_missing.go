package references

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// ClassMissing reports names of classes that are a slip away from one that is
// there.
var ClassMissing = &analyzer.Rule{
	ID:    "class-missing",
	Title: "A misspelt PriorityClass, RuntimeClass, StorageClass, IngressClass or GatewayClass",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob", "PersistentVolumeClaim", "Ingress", "Gateway"},
	Why: `Pods whose PriorityClass or RuntimeClass does not exist are refused when they are made, long after the workload was accepted. A PersistentVolumeClaim with an unknown StorageClass waits for ever, and an Ingress with an unknown IngressClass is served by no controller, without an event. A Gateway with an unknown GatewayClass keeps the condition Accepted=Unknown with reason Pending.

Clusters bring classes of their own, so a name is reported only if it is a slip away from a class of the same manifests, or from one that every cluster has.`,
	Bad: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: replicated-ssd
provisioner: example.com/disks
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  storageClassName: replicatd-ssd
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
`,
	Good: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: replicated-ssd
provisioner: example.com/disks
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  storageClassName: replicated-ssd
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/storage/storage-classes/",
		"https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class",
		"https://gateway-api.sigs.k8s.io/reference/api-types/gatewayclass/",
		"k8s.io/kubernetes/plugin/pkg/admission/priority/admission.go",
		"k8s.io/kubernetes/plugin/pkg/admission/runtimeclass/admission.go",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.Class || !missing.Judged(p, ref) || manifest.IsPlaceholder(ref.Target.Name) || builtinClasses[ref.Target.Name] || len(p.Graph.Resolve(ref)) > 0 {
				continue
			}
			if miss := classNameOff(p, ref); miss != nil {
				p.Report(misspeltClass(ref, miss))
			}
		}
		return nil
	},
}

// builtinClasses are the PriorityClasses of every cluster
// (k8s.io/kubernetes/pkg/apis/scheduling/v1/helpers.go).
var builtinClasses = map[string]bool{"system-cluster-critical": true, "system-node-critical": true}

// classNameOff returns the class that a misspelt name means.
func classNameOff(p *analyzer.Pass, ref *graph.Reference) *nearmiss.Explanation {
	if ref.Target.Kind == "PriorityClass" {
		for name := range builtinClasses {
			if nearmiss.IsSlip(name, ref.Target.Name) {
				return &nearmiss.Explanation{
					What: "every cluster has PriorityClass " + name, Wanted: ref.Target.Name, There: name,
					Help: fmt.Sprintf("set priorityClassName to %s, which every cluster has", name),
				}
			}
		}
	}
	return nearmiss.Object(p, ref)
}

func misspeltClass(ref *graph.Reference, miss *nearmiss.Explanation) analyzer.Finding {
	f := analyzer.Finding{
		Message:  fmt.Sprintf("%s asks for %s %s, which is not there", ref.From, ref.Target.Kind, ref.Target.Name),
		Label:    fmt.Sprintf("no %s of this name is there", ref.Target.Kind),
		Location: ref.From.EntryLocation(ref.Path...),
		Path:     ref.Path,
		Resource: ref.From,
	}
	miss.Explain(&f)
	switch ref.Target.Kind {
	case "StorageClass":
		f.Consequence = "it is accepted, and the claim stays Pending"
	case "IngressClass":
		f.Consequence = "it is accepted, and no controller serves it"
	case "GatewayClass":
		f.Consequence = "no controller takes the Gateway: it gets no address, and its condition stays Accepted=Unknown, reason Pending"
	default:
		f.Consequence = "it is accepted, and its pods are refused: ReplicaFailure, FailedCreate"
		if ref.Workload.IsPod() {
			f.Claim, f.Consequence = analyzer.Rejected, "the API server refuses the Pod: forbidden"
		}
	}
	return f
}
