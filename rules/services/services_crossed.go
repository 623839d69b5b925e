package services

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// ServicesCrossed reports two Services that select the pods of each other's
// workloads, which a label of both would tell apart.
var ServicesCrossed = &analyzer.Rule{
	ID:    "services-crossed",
	Title: "Two Services select each other's pods",
	Claim: analyzer.Suspect,
	Kinds: []string{"Service"},
	Why:   `Two releases of one application in a namespace carry the same name label and differ in another one, such as app.kubernetes.io/instance. A selector without that label matches the pods of both: each Service sends a part of its connections to the other release. It is reported if the Services carry the label with the values that the pods of one workload each have, and both select the pods of both.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: red
  labels: {app: wiki, release: red}
spec:
  selector: {app: wiki}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata:
  name: blue
  labels: {app: wiki, release: blue}
spec:
  selector: {app: wiki}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata:
  name: red
  labels: {app: wiki, release: red}
spec:
  containers: [{name: wiki, image: "example/wiki:1", ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Pod
metadata:
  name: blue
  labels: {app: wiki, release: blue}
spec:
  containers: [{name: wiki, image: "example/wiki:1", ports: [{containerPort: 80}]}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: red
  labels: {app: wiki, release: red}
spec:
  selector: {app: wiki, release: red}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Service
metadata:
  name: blue
  labels: {app: wiki, release: blue}
spec:
  selector: {app: wiki, release: blue}
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata:
  name: red
  labels: {app: wiki, release: red}
spec:
  containers: [{name: wiki, image: "example/wiki:1", ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Pod
metadata:
  name: blue
  labels: {app: wiki, release: blue}
spec:
  containers: [{name: wiki, image: "example/wiki:1", ports: [{containerPort: 80}]}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service",
		"https://helm.sh/docs/chart_best_practices/labels/",
	},
	Run: func(p *analyzer.Pass) error {
		for i, s := range p.Graph.Services {
			if !s.Own || s.Selector.State != graph.Present || p.Unit.Rewrites(kustomize.Relations) || len(s.Pods()) < 2 {
				continue
			}
			for _, other := range p.Graph.Services[i+1 : min(len(p.Graph.Services), i+1+graph.MaxTries)] {
				if crossed(p, s, other) {
					break
				}
			}
		}
		return nil
	},
}

// crossed reports a pair of Services if a label that they carry tells the pods
// apart that both select.
func crossed(p *analyzer.Pass, s, other *graph.Service) bool {
	if other.Selector.String() != s.Selector.String() || s.Name == other.Name || !p.Graph.SameNamespace(s.Resource, other.Resource) {
		return false
	}
	mine, theirs := manifest.StringMap(s.Node, "metadata", "labels"), manifest.StringMap(other.Node, "metadata", "labels")
	for _, key := range text.SortedKeys(mine) {
		if _, selected := s.Selector.Equal[key]; selected || mine[key] == theirs[key] || theirs[key] == "" {
			continue
		}
		has := func(value string) *graph.Workload {
			i := slices.IndexFunc(s.Pods(), func(w *graph.Workload) bool { return w.Labels[key] == value })
			if i < 0 {
				return nil
			}
			return s.Pods()[i]
		}
		one, two := has(mine[key]), has(theirs[key])
		if one == nil || two == nil || one.Superseded || two.Superseded {
			continue
		}
		path := firstKey(s.Selector)
		p.Report(analyzer.Finding{
			Message:     fmt.Sprintf("%s and %s both select the pods of %s and of %s, which label %s tells apart", s, other, one, two, key),
			Label:       "matches the pods of both",
			Consequence: fmt.Sprintf("%s sends a part of its connections to %s, and %s to %s", s, two, other, one),
			Help:        fmt.Sprintf("add %s to the selectors: %s for %s, %s for %s", key, mine[key], s.Name, theirs[key], other.Name),
			Location:    s.EntryLocation(path...),
			Path:        path,
			Resource:    s.Resource,
			Related:     []analyzer.Related{{Location: other.EntryLocation(firstKey(other.Selector)...), Message: fmt.Sprintf("%s has the same selector", other)}},
		})
		return true
	}
	return false
}
