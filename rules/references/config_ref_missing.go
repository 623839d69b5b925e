package references

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// ConfigRefMissing reports workloads whose pods wait for a ConfigMap or Secret
// that is not there.
var ConfigRefMissing = &analyzer.Rule{
	ID:    "config-ref-missing",
	Title: "A ConfigMap or Secret that pods need is not there",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `Pods are made whether or not the ConfigMaps and Secrets they refer to exist, and then wait: a container whose environment needs one stays in CreateContainerConfigError, a pod that mounts one in ContainerCreating with the event FailedMount. A Deployment says no more than that its pods are not ready. They must be in the namespace of the pods. A reference that is optional and a volume that no container mounts do no harm.

Many of them are made in other ways, so only what something close explains is an error: a name that is one slip off, a Secret where a ConfigMap is asked for or the other way round, another namespace. It is a warning if another workload has its own: web-tls is there for web, and api-tls for api is not. What kustomize generates and what SealedSecrets, ExternalSecrets, Certificates and annotated Ingresses stand for is there.`,
	Bad: `apiVersion: v1
kind: ConfigMap
metadata:
  name: web-settings
data:
  mode: fast
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      envFrom:
        - configMapRef: {name: web-setting}
`,
	Good: `apiVersion: v1
kind: ConfigMap
metadata:
  name: web-settings
data:
  mode: fast
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      envFrom:
        - configMapRef: {name: web-settings}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/configuration/configmap/#using-configmaps-as-files-from-a-pod",
		"https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data",
		"k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go: makeEnvironmentVariables",
	},
	Run: func(p *analyzer.Pass) error {
		type needed struct {
			w      *graph.Workload
			target graph.Target
		}
		seen := map[needed]bool{} // one finding for all keys of an object
		for _, ref := range p.Graph.References().All {
			if !isConfig(ref) || !missing.Judged(p, ref) || seen[needed{ref.Workload, ref.Target}] {
				continue
			}
			seen[needed{ref.Workload, ref.Target}] = true
			if f := missing.Find(p, ref); f != nil {
				f.Consequence = waitsFor(ref)
				p.Report(*f)
			}
		}
		return nil
	},
}

// isConfig reports whether pods cannot start without what a reference names.
func isConfig(ref *graph.Reference) bool { return ref.Use == graph.Env || ref.Use == graph.Volume }

// waitsFor says what kubelet does without a ConfigMap or Secret, or a key of
// it.
func waitsFor(ref *graph.Reference) string {
	if ref.Use == graph.Env {
		return fmt.Sprintf("it is accepted, and container %s of its pods waits in CreateContainerConfigError", ref.Container)
	}
	return "it is accepted, and its pods stay in ContainerCreating: FailedMount"
}
