package references

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// PullSecretMissing reports names of pull secrets that are a slip away from a
// Secret that is there.
var PullSecretMissing = &analyzer.Rule{
	ID:    "pull-secret-missing",
	Title: "A misspelt pull secret",
	Claim: analyzer.Suspect,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob", "ServiceAccount"},
	Why: `A Secret under imagePullSecrets that does not exist is passed over: kubelet writes an event and tries to pull without it. Where the image lies in a node's cache or is public, it works; where not, the pods end in ImagePullBackOff.

Pull secrets hardly ever stand in manifests, so a name is reported only if one that does is a slip away, or stands in another namespace and nothing refers to it there.`,
	Bad: `apiVersion: v1
kind: Secret
metadata:
  name: registry-login
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths":{}}'
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  imagePullSecrets: [{name: registry-logn}]
  containers: [{name: web, image: registry.example.com/web}]
`,
	Good: `apiVersion: v1
kind: Secret
metadata:
  name: registry-login
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths":{}}'
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  imagePullSecrets: [{name: registry-login}]
  containers: [{name: web, image: registry.example.com/web}]
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/",
		"k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go: getPullSecretsForPod",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if !isPullSecret(ref) || !ref.Own || p.Graph.Superseded(ref.From) || manifest.IsPlaceholder(ref.Target.Name) ||
				len(p.Graph.Resolve(ref)) > 0 || p.Graph.Produced(ref) {
				continue
			}
			if miss := nearmiss.Object(p, ref); miss != nil {
				p.Report(misspeltPullSecret(ref, miss))
			}
		}
		return nil
	},
}

func isPullSecret(ref *graph.Reference) bool {
	return ref.Use == graph.PullSecret || ref.Use == graph.AccountToken && slices.Contains(ref.Path, "imagePullSecrets")
}

func misspeltPullSecret(ref *graph.Reference, miss *nearmiss.Explanation) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s pulls images with Secret %s, which is not there", ref.From, ref.Target.Name),
		Label:       "no Secret of this name is there",
		Consequence: "kubelet tries to pull without it: ImagePullBackOff, if the image is private",
		Location:    ref.From.EntryLocation(ref.Path...),
		Path:        ref.Path,
		Resource:    ref.From,
	}
	miss.Explain(&f)
	return f
}
