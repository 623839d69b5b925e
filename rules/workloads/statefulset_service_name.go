package workloads

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// StatefulSetServiceName reports StatefulSets whose serviceName gives their
// pods no names in DNS.
var StatefulSetServiceName = &analyzer.Rule{
	ID:    "statefulset-service-name",
	Title: "The serviceName of a StatefulSet is not that of its headless Service",
	Claim: analyzer.Suspect,
	Kinds: []string{"StatefulSet"},
	Why: `The pods of a StatefulSet get names of their own in DNS, <pod>.<serviceName>.<namespace>.svc, if serviceName names a headless Service (clusterIP: None) of the namespace that selects them. Kubernetes does not check that: without one the pods run all the same, and their names do not resolve.

Not every program needs the names, so it is a warning only where something close explains it: the Service that selects the pods has another name. A Service of that name which is not headless, with no headless one beside it, is an info.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{port: 5432}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  replicas: 3
  serviceName: database
  selector:
    matchLabels: {app: db}
  template:
    metadata:
      labels: {app: db}
    spec:
      containers: [{name: db, image: example/db}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{port: 5432}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  replicas: 3
  serviceName: db
  selector:
    matchLabels: {app: db}
  template:
    metadata:
      labels: {app: db}
    spec:
      containers: [{name: db, image: example/db}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id",
		"k8s.io/kubernetes/pkg/controller/statefulset/stateful_set_utils.go: initIdentity sets the subdomain of the pods",
	},
	Run: func(p *analyzer.Pass) error {
		selecting := servicesByPods(p.Graph)
		workloads := map[*manifest.Resource]*graph.Workload{}
		for _, w := range p.Graph.Workloads {
			workloads[w.Resource] = w
		}
		for _, ref := range p.Graph.References().All {
			w := workloads[ref.From]
			if ref.Use != graph.Governing || !missing.Judged(p, ref) || w == nil || w.Controlled() {
				continue
			}
			if manifest.IsPlaceholder(ref.Target.Name) {
				p.Skip(ref.From, "resources: the names of their Services are still to be filled in")
				continue
			}
			governing(p, ref, selecting[w])
		}
		return nil
	},
}

// servicesByPods returns the Services that select the pods of each workload.
func servicesByPods(g *graph.Graph) map[*graph.Workload][]*graph.Service {
	found := map[*graph.Workload][]*graph.Service{}
	for _, s := range g.Services {
		for _, w := range s.Pods() {
			if w.Kind == "StatefulSet" {
				found[w] = append(found[w], s)
			}
		}
	}
	return found
}

// governing judges the serviceName of a StatefulSet.
func governing(p *analyzer.Pass, ref *graph.Reference, selecting []*graph.Service) {
	named := p.Graph.Resolve(ref)
	for _, r := range named {
		if headless(p.Graph.Service(r)) {
			return
		}
	}
	f := analyzer.Finding{
		Evidence:    analyzer.NearMiss,
		Consequence: "the pods run, and their own names (" + ref.From.Name + "-0." + ref.Target.Name + ") do not resolve",
		Location:    ref.From.EntryLocation(ref.Path...),
		Path:        ref.Path,
		Resource:    ref.From,
	}
	meant := meantService(ref, selecting)
	if meant == nil && len(named) == 0 && len(p.Graph.ResolveBeside(ref)) == 0 && !p.Unit.Rewrites(kustomize.Relations) && !p.Graph.Produced(ref) && !p.Unit.MayHold(ref.Target.Name) {
		if miss := nearmiss.Object(p, ref); miss != nil {
			f.Message = fmt.Sprintf("%s names Service %s, which does not exist", ref.From, ref.Target.Name)
			f.Label = "no Service has this name"
			miss.Explain(&f)
			p.Report(f)
			return
		}
	}
	switch {
	case p.Unit.Rewrites(kustomize.Relations) || len(named) == 0 && (len(p.Graph.ResolveBeside(ref)) > 0 || meant == nil):
		p.Skip(ref.From, "StatefulSets: no headless Service gives their pods names, which they may not need")
		return
	case len(named) > 0 && (meant == nil || !headless(meant)):
		f.Evidence = analyzer.Open // the pods may not need the names
		f.Message = fmt.Sprintf("%s names %s, which is not headless", ref.From, named[0])
		f.Label = "this Service is not headless"
		f.Help = "if the pods need DNS names of their own, set serviceName to a Service with clusterIP: None"
		f.Related = []analyzer.Related{{Location: named[0].NameLocation(), Message: fmt.Sprintf("%s has a cluster IP", named[0])}}
		p.Report(f)
		return
	case len(named) > 0:
		f.Message = fmt.Sprintf("%s names %s, which is not headless", ref.From, named[0])
	default:
		f.Message = fmt.Sprintf("%s names Service %s, which does not exist", ref.From, ref.Target.Name)
	}
	f.Label = "no headless Service has this name"
	f.Help = "set serviceName to " + meant.Name
	what := fmt.Sprintf("%s selects its pods", meant)
	if !headless(meant) {
		f.Help += ", and make it headless (clusterIP: None) if the pods need names of their own"
	}
	f.Related = []analyzer.Related{{Location: meant.NameLocation(), Message: what}}
	p.Report(f)
}

// headless reports whether a Service has no address of its own.
func headless(s *graph.Service) bool {
	return manifest.String(s.Node, "spec", "clusterIP") == "None"
}

// meantService returns the Service of another name that selects the pods, a
// headless one if there is one.
func meantService(ref *graph.Reference, selecting []*graph.Service) *graph.Service {
	var meant *graph.Service
	for _, s := range selecting {
		if s.Name != ref.Target.Name && (meant == nil || headless(s) && !headless(meant)) {
			meant = s
		}
	}
	return meant
}
