package services

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/rules/internal/text"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// ServiceMixedBackends reports Services that find the pods of another program
// beside those that they are for, or those of a controller that was to be
// replaced.
var ServiceMixedBackends = &analyzer.Rule{
	ID:    "service-mixed-backends",
	Title: "A Service selects more pods than it is meant for",
	Claim: analyzer.Suspect,
	Kinds: []string{"Service"},
	Why: `A Service sends connections to every pod that its selector matches, whatever runs there. If the label is shared by a frontend and its database, part of the connections reaches the database and is refused: one of two, at random, and no event says so.

Ports that a container declares do no more than inform. But where the pods of one controller declare the port of the Service, and those of another declare only different ones, the second are hardly meant. Port names are judged by service-target-port-unresolved.

A DaemonSet that is applied beside a Deployment of the same name and selector does not take its place, nor the other way round: objects of different kinds never do. Both run, their selectors do not disturb each other, and the Service sends connections to the pods of both until one of the two is deleted.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  selector:
    matchLabels: {app: shop, tier: web}
  template:
    metadata:
      labels: {app: shop, tier: web}
    spec:
      containers: [{name: shop, image: example/shop, ports: [{containerPort: 8080}]}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: shop-db
spec:
  replicas: 1
  selector:
    matchLabels: {app: shop, tier: db}
  template:
    metadata:
      labels: {app: shop, tier: db}
    spec:
      containers: [{name: db, image: "postgres:17", ports: [{containerPort: 5432}]}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop, tier: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 2
  selector:
    matchLabels: {app: shop, tier: web}
  template:
    metadata:
      labels: {app: shop, tier: web}
    spec:
      containers: [{name: shop, image: example/shop, ports: [{containerPort: 8080}]}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: shop-db
spec:
  replicas: 1
  selector:
    matchLabels: {app: shop, tier: db}
  template:
    metadata:
      labels: {app: shop, tier: db}
    spec:
      containers: [{name: db, image: "postgres:17", ports: [{containerPort: 5432}]}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service",
		"k8s.io/endpointslice/reconciler.go: every pod that the selector matches is an endpoint",
		"https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#deployments",
	},
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Services {
			if !s.Own || p.Unit.Rewrites(kustomize.Relations) || s.Type() == "ExternalName" || s.Selector.State != graph.Present {
				continue
			}
			if set := portsOf(p.Graph, s); len(set.pods) > 1 && !set.unknown {
				mixedBackends(p, s, set.pods)
			}
		}
		for _, n := range findNamesakes(p) {
			p.Report(bothRun(n))
		}
		return nil
	},
}

// mixedBackends reports the first workload that declares none of the ports of
// a Service, if another one declares them all.
func mixedBackends(p *analyzer.Pass, s *graph.Service, pods []*portedPods) {
	ports := s.Ports()
	if len(ports) == 0 || !slices.ContainsFunc(ports, func(port graph.ServicePort) bool { return port.TargetNumber != 0 }) {
		return
	}
	var serving *portedPods
	for _, w := range pods {
		if !slices.ContainsFunc(ports, func(port graph.ServicePort) bool { return !port.Declared(w.ports) }) {
			serving = w
			break
		}
	}
	if serving == nil {
		return
	}
	for _, w := range pods {
		if len(w.ports) == 0 || !w.Own && !serving.Own || slices.ContainsFunc(ports, func(port graph.ServicePort) bool { return port.Declared(w.ports) }) {
			continue
		}
		first := w.ports[0].Path
		path := firstKey(s.Selector)
		p.Report(analyzer.Finding{
			Message:     fmt.Sprintf("%s is for %s, and its selector matches the pods of %s too, which do not serve port %d", s, serving, w, ports[0].TargetNumber),
			Label:       fmt.Sprintf("the pods of %s carry this, too", w),
			Consequence: fmt.Sprintf("a part of the connections goes to the pods of %s, and is refused there", w),
			Help:        fmt.Sprintf("add a label to the selector that only the pods of %s have", serving),
			Location:    s.EntryLocation(path...),
			Path:        path,
			Resource:    s.Resource,
			Related: []analyzer.Related{
				{Location: w.KeyLocation(first[:len(first)-1]...), Message: fmt.Sprintf("the ports of %s are %s", w, text.PortList(w.ports))},
				{Location: serving.NameLocation(), Message: fmt.Sprintf("%s serves the Service", serving)},
			},
		})
		return
	}
}

// namesakes is a DaemonSet and another controller of its name, and the Services
// that select the pods of both.
type namesakes struct {
	daemons, other *graph.Workload
	services       []*graph.Service
}

// findNamesakes returns every such pair once, in the order of the Services.
func findNamesakes(p *analyzer.Pass) []*namesakes {
	found := map[[2]*graph.Workload]*namesakes{}
	var all []*namesakes
	for _, s := range p.Graph.Services {
		pods := s.Pods()
		daemons := map[string]*graph.Workload{}
		for _, w := range pods {
			if w.Kind == "DaemonSet" && !w.Superseded {
				daemons[w.Name] = w
			}
		}
		if len(daemons) == 0 {
			continue
		}
		for _, w := range pods {
			d := daemons[w.Name]
			if d == nil || w.Superseded || !workload.AreNamesakes(p, d, w) {
				continue
			}
			key := [2]*graph.Workload{d, w}
			if found[key] == nil {
				found[key] = &namesakes{daemons: d, other: w}
				all = append(all, found[key])
			}
			found[key].services = append(found[key].services, s)
		}
	}
	return all
}

func bothRun(n *namesakes) analyzer.Finding {
	s, d, other := n.services[0], n.daemons, n.other
	path := firstKey(s.Selector)
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s selects the pods of %s and those of %s", s, d, other),
		Label:       "the pods of both carry this",
		Consequence: fmt.Sprintf("the %s does not replace the %s of the same name: both run, and get connections, until one is deleted", d.Kind, other.Kind),
		Help:        fmt.Sprintf("delete the one that is to go, as by kubectl delete %s %s; or give each its own label and select by it", strings.ToLower(other.Kind), other.Name),
		Location:    s.EntryLocation(path...),
		Path:        path,
		Resource:    s.Resource,
		Related: []analyzer.Related{
			{Location: d.NameLocation(), Message: fmt.Sprintf("%s runs a pod on each node", d)},
			{Location: other.NameLocation(), Message: fmt.Sprintf("%s keeps its pods", other)},
		},
	}
	for _, more := range n.services[1:] {
		f.Notes = append(f.Notes, fmt.Sprintf("%s selects them, too", more))
	}
	return f
}
