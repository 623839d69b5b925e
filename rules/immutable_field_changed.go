package rules

import (
	"fmt"
	"path"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// ImmutableFieldChanged reports later versions of an object that change what
// may not change.
var ImmutableFieldChanged = &analyzer.Rule{
	ID:    "immutable-field-changed",
	Title: "A later version changes a field that may not change",
	Claim: analyzer.Rejected,
	Why: `When a directory defines an object of a directory above it anew, it is applied over it. Some fields may not change then: the selector of a Deployment, ReplicaSet or DaemonSet, even if it is only written differently; everything in a StatefulSet but a few fields; the template of a Job; the roleRef of a RoleBinding; what is marked as immutable. The API server refuses the change, and the earlier version keeps running.

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
		for _, v := range versions(p.Unit) {
			before, ok := apiObject(v.before)
			after, known := apiObject(v.after)
			if !ok || !known || p.Unit.Rewritten {
				continue
			}
			for _, r := range apiserver.Update(before, after).Refusals {
				if !unfinishedValue(v.after, r.Path) {
					p.Report(immutableChanged(v, r))
				}
			}
		}
		return nil
	},
}

// version is an object and what it is applied over.
type version struct{ before, after *manifest.Resource }

// versions returns the objects of a unit that are applied over an earlier
// version: one of a directory above, or one that stands before it in the same
// file. Two files of one directory are left alone: they may be alternatives.
func versions(u *unit.Unit) []version {
	type object struct{ group, kind, name string }
	of := func(r *manifest.Resource) object { return object{r.Group, r.Kind, r.Name} }
	above, here := map[object][]*manifest.Resource{}, map[object][]*manifest.Resource{}
	for _, r := range u.Replaced {
		above[of(r)] = append(above[of(r)], r)
	}
	var all []version
	for _, r := range u.Resources {
		if r.Name == "" {
			continue
		}
		if before := closest(above[of(r)]); before != nil && unit.SameObject(before, r) {
			all = append(all, version{before, r})
		}
		for _, before := range here[of(r)] {
			if before.File() == r.File() && unit.SameObject(before, r) {
				all = append(all, version{before, r})
			}
		}
		here[of(r)] = append(here[of(r)], r)
	}
	return all
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
	f := refused(v.after, r)
	f.Message = fmt.Sprintf("%s: %s differs from the version before, and may not change", v.after, fieldOf(r))
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
