package api

import (
	"fmt"
	"path"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// ImmutableFieldChanged reports later versions of an object that change what
// may not change.
var ImmutableFieldChanged = &analyzer.Rule{
	ID:    "immutable-field-changed",
	Title: "A later version changes a field that may not change",
	Claim: analyzer.Rejected,
	Why: `When a directory defines an object of a directory above it anew, and their pods have a container in common, it is applied over it. Some fields may not change then: the selector of a Deployment, ReplicaSet or DaemonSet, even if it is only written differently; everything in a StatefulSet but a few fields; the template of a Job; the roleRef of a RoleBinding; what is marked as immutable. The API server refuses the change, and the earlier version keeps running.

kubeknot asks the server's own code, that of Kubernetes ` + apiserver.KubernetesVersion + `, with both versions. The object has to be deleted and made anew, or to get another name.`,
	Bad: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
immutable: true
data:
  color: blue
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: default
immutable: true
data:
  color: red
`,
	Good: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-1
immutable: true
data:
  color: blue
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings-2
immutable: true
data:
  color: red
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates",
		"k8s.io/kubernetes/pkg/registry: ValidateUpdate of each kind's strategy",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Rewrites(kustomize.Everything) {
			return nil
		}
		above := map[graph.Target][]*manifest.Resource{}
		for _, r := range p.Unit.Replaced {
			above[graph.TargetOf(r)] = append(above[graph.TargetOf(r)], r)
		}
		stored := map[inFile][]*manifest.Resource{} // in each namespace
		for _, r := range p.Unit.Resources {
			if r.Name == "" {
				continue
			}
			if before := closest(above[graph.TargetOf(r)]); before != nil && unit.SameObject(before, r) && sharesContainer(before, r) {
				refusedChange(p, version{before, r})
			}
			here := inFile{r.File(), graph.TargetOf(r)}
			at := slices.IndexFunc(stored[here], func(before *manifest.Resource) bool { return unit.SameObject(before, r) })
			if at < 0 {
				stored[here] = append(stored[here], r)
			} else if !refusedChange(p, version{stored[here][at], r}) {
				stored[here][at] = r // else the server keeps what it has
			}
		}
		return nil
	},
}

// inFile is an object of a file. What the server has of it changes with each
// document that "kubectl apply" comes to. Two files of one directory are left
// alone: they may be alternatives.
type inFile struct {
	file *source.File
	graph.Target
}

// version is an object and what it is applied over.
type version struct{ before, after *manifest.Resource }

// refusedChange reports what the server refuses of a change, and whether there is
// any such thing.
func refusedChange(p *analyzer.Pass, v version) (refused bool) {
	before, ok := verdict.Builtin(v.before)
	after, known := verdict.Builtin(v.after)
	if !ok || !known {
		return false
	}
	for _, r := range apiserver.Update(before, after).Refusals {
		if !manifest.HoldsPlaceholder(v.after.Get(r.Path...)) {
			p.Report(immutableChanged(v, r))
			refused = true
		}
	}
	return refused
}

// sharesContainer reports whether the pods of two objects have a container in
// common, by its name or its image, as two versions of one object have: examples
// like to call everything by one name. Objects without pods share what they
// have.
func sharesContainer(a, b *manifest.Resource) bool {
	ours, theirs := containersOf(a), containersOf(b)
	return len(ours) == 0 || len(theirs) == 0 || slices.ContainsFunc(ours, func(c *manifest.Node) bool {
		return slices.ContainsFunc(theirs, func(other *manifest.Node) bool {
			return manifest.String(c, "name") == manifest.String(other, "name") || manifest.ImageName(manifest.String(c, "image")) == manifest.ImageName(manifest.String(other, "image"))
		})
	})
}

func containersOf(r *manifest.Resource) []*manifest.Node {
	return manifest.Items(r.Get("spec", "template", "spec", "containers"))
}

// closest returns the version of the closest directory, nil if that directory
// has several: then they are alternatives, and nobody knows which was applied.
func closest(versions []*manifest.Resource) *manifest.Resource {
	if len(versions) == 0 {
		return nil
	}
	dir := path.Dir(versions[0].File().Rel)
	for _, other := range versions[1:] {
		if path.Dir(other.File().Rel) == dir {
			return nil
		}
	}
	return versions[0]
}

func immutableChanged(v version, r apiserver.Refusal) analyzer.Finding {
	f := verdict.Refused(v.after, r)
	f.Message = fmt.Sprintf("%s: %s differs from the version before, and may not change", v.after, verdict.FieldOf(r))
	f.Consequence = v.before.Mask(f.Consequence)
	f.Label = "may not change"
	f.Help = "keep the earlier value; or delete the object first, or give it another name"
	changed := refusedDifferences(v, r)
	if len(changed) > 0 {
		f.Message = fmt.Sprintf("%s: %s", v.after, v.after.Mask(v.before.Mask(mayNot(changed, v.after.IsSecret()))))
		f.Path = changed[0].path
	}
	f.Location = v.after.EntryLocation(f.Path...)
	f.Related = []analyzer.Related{{Location: v.before.EntryLocation(f.Path...), Message: "the version before it"}}
	for _, d := range changed[min(len(changed), 1):min(len(changed), maxNamed)] {
		f.Related = append(f.Related,
			analyzer.Related{Location: v.after.EntryLocation(d.path...), Message: "may not change either"},
			analyzer.Related{Location: v.before.EntryLocation(d.path...), Message: "the version before it"})
	}
	return f
}
