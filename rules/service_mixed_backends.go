package rules

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
)

// ServiceMixedBackends reports Services that find the pods of another program
// beside those that they are for.
var ServiceMixedBackends = &analyzer.Rule{
	ID:    "service-mixed-backends",
	Title: "A Service selects pods that do not serve its port",
	Claim: analyzer.Suspect,
	Kinds: []string{"Service"},
	Why: `A Service sends connections to every pod that its selector matches, whatever runs there. If the label is shared by a frontend and its database, part of the connections reaches the database and is refused: one of two, at random, and no event says so.

Ports that a container declares do no more than inform. But where the pods of one controller declare the port of the Service, and those of another declare only different ones, the second are hardly meant. Port names are judged by service-target-port-unresolved.`,
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
	},
	Run: func(p *analyzer.Pass) error {
		known := portReader{pods: map[*graph.Workload]*portedPods{}, sets: map[string]*portedSet{}}
		for _, s := range p.Graph.Services {
			if !s.Own || p.Unit.Rewritten || s.Type() == "ExternalName" || s.Selector.State != graph.Present {
				continue
			}
			if set := known.of(p.Graph, s); len(set.pods) > 1 && !set.unknown {
				mixedBackends(p, s, set.pods)
			}
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
				{Location: w.KeyLocation(first[:len(first)-1]...), Message: fmt.Sprintf("the ports of %s are %s", w, portList(w.ports))},
				{Location: serving.NameLocation(), Message: fmt.Sprintf("%s serves the Service", serving)},
			},
		})
		return
	}
}
