package references

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// PullSecretType reports pull secrets of a type that kubelet passes over.
var PullSecretType = &analyzer.Rule{
	ID:    "pull-secret-type",
	Title: "A pull secret of a type that kubelet ignores",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob", "ServiceAccount"},
	Why:   `kubelet reads credentials for images only from Secrets of the type kubernetes.io/dockerconfigjson, in their key .dockerconfigjson, and of the older type kubernetes.io/dockercfg. It ignores others without a word, whatever their keys, and pulls without credentials. A Secret without a type is Opaque, and the type of a Secret cannot be changed: it has to be deleted and created again.`,
	Bad: `apiVersion: v1
kind: Secret
metadata:
  name: registry
stringData:
  .dockerconfigjson: '{"auths":{}}'
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  imagePullSecrets: [{name: registry}]
  containers: [{name: web, image: registry.example.com/web}]
`,
	Good: `apiVersion: v1
kind: Secret
metadata:
  name: registry
type: kubernetes.io/dockerconfigjson
stringData:
  .dockerconfigjson: '{"auths":{}}'
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  imagePullSecrets: [{name: registry}]
  containers: [{name: web, image: registry.example.com/web}]
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/",
		"https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets",
		"k8s.io/kubernetes/pkg/credentialprovider/secrets/secrets.go: MakeDockerKeyring",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if !isPullSecret(ref) || !ref.Own || p.Graph.Superseded(ref.From) || ref.Workload != nil && ref.Workload.Controlled() {
				continue
			}
			objects := p.Graph.Resolve(ref)
			if len(objects) == 0 || len(p.Graph.Makers(ref)) > 0 {
				continue
			}
			secret := objects[len(objects)-1]
			switch kind := manifest.String(secret.Node, "type"); {
			case kind == "kubernetes.io/dockerconfigjson" || kind == "kubernetes.io/dockercfg" || manifest.IsPlaceholder(kind):
			default:
				p.Report(ignoredPullSecret(ref, secret, kind))
			}
		}
		return nil
	},
}

func ignoredPullSecret(ref *graph.Reference, secret *manifest.Resource, kind string) analyzer.Finding {
	at := secret.EntryLocation("type")
	if kind == "" {
		kind, at = "Opaque", secret.NameLocation()
	}
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s pulls images with Secret %s, whose type is %s", ref.From, ref.Target.Name, kind),
		Label:       "kubelet ignores this Secret",
		Consequence: "kubelet pulls without credentials: ImagePullBackOff, if the image is private",
		Help:        fmt.Sprintf("set type: kubernetes.io/dockerconfigjson on Secret %s, with the key .dockerconfigjson, as kubectl create secret docker-registry does", ref.Target.Name),
		Location:    ref.From.EntryLocation(ref.Path...),
		Path:        ref.Path,
		Resource:    ref.From,
		Related:     []analyzer.Related{{Location: at, Message: "the type is " + kind}},
	}
}
