package references

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// ConfigKeyMissing reports workloads whose pods wait for a key that the
// ConfigMap or Secret does not have.
var ConfigKeyMissing = &analyzer.Rule{
	ID:    "config-key-missing",
	Title: "A ConfigMap or Secret lacks a key that pods need",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `An environment variable, or an item of a volume, that names a key needs it to be in the data of the ConfigMap or Secret. If it is not, a container stays in CreateContainerConfigError, or the pod in ContainerCreating with the event FailedMount. The API server does not compare the two. A reference that is optional and a volume that no container mounts do no harm.

A SealedSecret, an ExternalSecret and a Certificate say which keys their Secret has. An object whose data is empty, or that is annotated for a tool which fills it in, is left alone.`,
	Bad: `apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  log-level: debug
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      env:
        - name: LOG_LEVEL
          valueFrom:
            configMapKeyRef: {name: web, key: loglevel}
`,
	Good: `apiVersion: v1
kind: ConfigMap
metadata:
  name: web
data:
  log-level: debug
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: example/web
      env:
        - name: LOG_LEVEL
          valueFrom:
            configMapKeyRef: {name: web, key: log-level}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#restrictions",
		"k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go: makeEnvironmentVariables",
		"k8s.io/kubernetes/pkg/volume/configmap/configmap.go: MakePayload",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if isConfig(ref) && ref.Key != "" && missing.Judged(p, ref) {
				missingConfigKey(p, ref)
			}
		}
		return nil
	},
}

func missingConfigKey(p *analyzer.Pass, ref *graph.Reference) {
	objects, makers := p.Graph.Resolve(ref), p.Graph.Makers(ref)
	has := func(r *manifest.Resource) bool { return missing.HasKey(r, ref.Key) }
	unknown := manifest.IsPlaceholder(ref.Key) || slices.ContainsFunc(objects, missing.FilledInLater) || p.Unit.Rewrites(kustomize.Relations) || missing.Generated(p, ref) ||
		len(makers) > 1 || len(makers) == 1 && len(objects) > 0
	var r *manifest.Resource
	var keys []missing.DataKey
	switch {
	case len(objects)+len(makers) == 0 || slices.ContainsFunc(objects, has):
		return
	case !unknown && len(makers) == 1:
		r = makers[0]
		keys, unknown = madeKeys(r)
	case !unknown:
		r = objects[len(objects)-1]
		keys = missing.DataKeys(r)
	}
	switch {
	case unknown:
		p.Skip(ref.From, fmt.Sprintf("resources: the keys of their %ss are not all known", ref.Target.Kind))
	case !slices.ContainsFunc(keys, func(k missing.DataKey) bool { return k.Name == ref.Key }):
		p.Report(noSuchKey(ref, r, keys))
	}
}

// noSuchKey words the finding about a key that an object, or the resource of
// which a controller makes it, does not have among its keys.
func noSuchKey(ref *graph.Reference, r *manifest.Resource, keys []missing.DataKey) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s references key %q, which %s does not define", ref.From, ref.Key, r),
		Label:       "no such key",
		Consequence: waitsFor(ref),
		Help:        fmt.Sprintf("add %s to the data of %s, or reference a key that it defines", ref.Key, r),
		Location:    ref.From.EntryLocation(ref.KeyPath...),
		Path:        ref.KeyPath,
		Resource:    ref.From,
		Related:     []analyzer.Related{{Location: r.KeyLocation(keys[0].Path[0]), Message: "available keys: " + missing.ListKeys(keys)}},
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	if best, ok := nearmiss.Nearest(ref.Key, names); ok {
		k := keys[slices.Index(names, best)]
		f.Help = fmt.Sprintf("set key to %s, which is defined", k.Name)
		f.Related[0] = analyzer.Related{Location: r.KeyLocation(k.Path...), Message: k.Name + " is defined here"}
		f.Notes = nearmiss.Notes(ref.Key, k.Name)
	}
	return f
}
