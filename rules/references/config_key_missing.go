package references

import (
	"fmt"
	"slices"
	"strings"

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
	unknown := manifest.IsPlaceholder(ref.Key) || slices.ContainsFunc(objects, filledInLater) || p.Unit.Rewrites(kustomize.Relations) || generated(p, ref) ||
		len(makers) > 1 || len(makers) == 1 && len(objects) > 0
	var r *manifest.Resource
	var keys []dataKey
	switch {
	case len(objects)+len(makers) == 0 || slices.ContainsFunc(objects, has):
		return
	case !unknown && len(makers) == 1:
		r = makers[0]
		keys, unknown = madeKeys(r)
	case !unknown:
		r = objects[len(objects)-1]
		keys = dataKeys(r)
	}
	switch {
	case unknown:
		p.Skip(ref.From, fmt.Sprintf("resources: the keys of their %ss are not all known", ref.Target.Kind))
	case !slices.ContainsFunc(keys, func(k dataKey) bool { return k.name == ref.Key }):
		p.Report(noSuchKey(ref, r, keys))
	}
}

// noSuchKey words the finding about a key that an object, or the resource of
// which a controller makes it, does not have among its keys.
func noSuchKey(ref *graph.Reference, r *manifest.Resource, keys []dataKey) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s references key %q, which %s does not define", ref.From, ref.Key, r),
		Label:       "no such key",
		Consequence: waitsFor(ref),
		Help:        fmt.Sprintf("add %s to the data of %s, or reference a key that it defines", ref.Key, r),
		Location:    ref.From.EntryLocation(ref.KeyPath...),
		Path:        ref.KeyPath,
		Resource:    ref.From,
		Related:     []analyzer.Related{{Location: r.KeyLocation(keys[0].path[0]), Message: "available keys: " + listedKeys(keys)}},
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	if best, ok := nearmiss.Nearest(ref.Key, names); ok {
		k := keys[slices.Index(names, best)]
		f.Help = fmt.Sprintf("set key to %s, which is defined", k.name)
		f.Related[0] = analyzer.Related{Location: r.KeyLocation(k.path...), Message: k.name + " is defined here"}
		f.Notes = nearmiss.Notes(ref.Key, k.name)
	}
	return f
}

// generated reports whether kustomize makes the object too, and so may add to
// it.
func generated(p *analyzer.Pass, ref *graph.Reference) bool {
	return slices.Contains(p.Unit.Generated, kustomize.Generated{Kind: ref.Target.Kind, Name: ref.Target.Name})
}

// filledInLater reports whether a ConfigMap or Secret gets entries that its
// manifest does not have: it has none yet, it is of a type that a controller
// fills in, or it is marked for a tool that does.
func filledInLater(r *manifest.Resource) bool {
	keys := dataKeys(r)
	if len(keys) == 0 || manifest.String(r.Node, "type") == "kubernetes.io/service-account-token" {
		return true
	}
	for _, marks := range []string{"labels", "annotations"} {
		for key := range manifest.Fields(r.Get("metadata", marks)) {
			if strings.Contains(key, "inject") || strings.Contains(key, "replicat") || strings.Contains(key, "reflect") {
				return true
			}
		}
	}
	return slices.ContainsFunc(keys, func(k dataKey) bool { return manifest.IsPlaceholder(k.name) })
}

// dataKey is an entry of a ConfigMap or Secret.
type dataKey struct {
	name string
	path []string
}

// dataKeys returns the entries in the order in which they stand.
func dataKeys(r *manifest.Resource) []dataKey {
	var keys []dataKey
	for _, field := range missing.DataFields {
		for name := range manifest.Fields(r.Get(field)) {
			keys = append(keys, dataKey{name, []string{field, name}})
		}
	}
	return keys
}

// listedKeys names the first few keys.
func listedKeys(keys []dataKey) string {
	const few = 5
	var names []string
	for _, k := range keys[:min(few, len(keys))] {
		names = append(names, k.name)
	}
	if len(keys) > few {
		names = append(names, fmt.Sprintf("and %d more", len(keys)-few))
	}
	return strings.Join(names, ", ")
}
