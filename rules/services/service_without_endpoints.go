package services

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// ServiceWithoutEndpoints reports Services without a selector to which nobody
// gives endpoints.
var ServiceWithoutEndpoints = &analyzer.Rule{
	ID:    "service-without-endpoints",
	Title: "A Service has neither a selector nor endpoints",
	Claim: analyzer.Suspect,
	Kinds: []string{"Service"},
	Why: `A Service without a selector, or with an empty one, selects no pods at all: its endpoints are left to somebody else, who writes an EndpointSlice with the label kubernetes.io/service-name, or Endpoints of the same name. Without them it is accepted and every connection fails.

Programs do that too, so it is a warning only where a workload has the name of the Service and no other Service selects its pods: then the selector may have been forgotten.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: example/web}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: example/web}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#services-without-selectors",
		"k8s.io/kubernetes/pkg/controller/endpointslice/endpointslice_controller.go: syncService",
	},
	Run: func(p *analyzer.Pass) error {
		selected := map[*graph.Workload]bool{}
		for _, s := range p.Graph.Services {
			for _, w := range s.Pods() {
				selected[w] = true
			}
		}
		given := givenEndpoints(p)
		for _, s := range p.Graph.Services {
			without := s.Selector.State == graph.Missing || s.Selector.State == graph.Empty
			if s.Own && without && s.Type() != "ExternalName" && !p.Graph.Superseded(s.Resource) && !given[s.Name] {
				withoutEndpoints(p, s, selected)
			}
		}
		return nil
	},
}

// givenEndpoints returns the names of the Services that have endpoints of their
// own, in the unit, its context or a directory beside.
func givenEndpoints(p *analyzer.Pass) map[string]bool {
	names := map[string]bool{"kubernetes": true}
	for _, list := range [][]*manifest.Resource{p.Unit.Resources, p.Unit.Context, p.Unit.Siblings} {
		for _, r := range list {
			switch {
			case r.Kind == "Endpoints" && r.Group == "":
				names[r.Name] = true
			case r.Kind == "EndpointSlice" && r.Group == "discovery.k8s.io":
				names[manifest.String(r.Node, "metadata", "labels", "kubernetes.io/service-name")] = true
			}
		}
	}
	return names
}

func withoutEndpoints(p *analyzer.Pass, s *graph.Service, selected map[*graph.Workload]bool) {
	f := analyzer.Finding{
		Evidence:    analyzer.Absent,
		Message:     fmt.Sprintf("%s has no selector, and nothing here gives it endpoints", s),
		Label:       "no selector",
		Consequence: noEndpoints,
		Help:        "add a selector or an EndpointSlice, or ignore this if a program makes it",
		Location:    s.KeyLocation("spec"),
		Path:        []string{"spec"},
		Resource:    s.Resource,
	}
	if s.Selector.State == graph.Empty {
		f.Label, f.Path = "selects nothing, not everything", s.Selector.Path
		f.Location = s.EntryLocation(s.Selector.Path...)
	}
	for _, w := range p.Graph.Called(s.Name) {
		if w.Name == s.Name && w.Name != "" && !selected[w] && !w.Superseded && !w.Custom && len(w.Labels) > 0 && p.Graph.SameNamespace(s.Resource, w.Resource) {
			f.Evidence = analyzer.NearMiss
			f.Related = []analyzer.Related{{Location: w.EntryLocation(w.At("metadata", "labels")...), Message: fmt.Sprintf("the pods of %s have %s", w, w.PodLabels())}}
			f.Help = "add a selector with labels of these pods"
			break
		}
	}
	switch {
	case p.Unit.Kind == unit.Dump && !p.Unit.HoldsKind("", "Endpoints") && !p.Unit.HoldsKind("discovery.k8s.io", "EndpointSlice"):
		p.Skip(s.Resource, "Services: they have no selector, and the dump holds no endpoints")
	case p.Unit.Rewrites(kustomize.Relations), f.Evidence == analyzer.Absent && !p.Unit.Complete():
		p.Skip(s.Resource, "Services: they have no selector, and their endpoints may live elsewhere")
	default:
		p.Report(f)
	}
}
