package workloads

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// ProbePortOfService reports probes that connect to the port of a Service
// instead of that of the container.
var ProbePortOfService = &analyzer.Rule{
	ID:    "probe-port-of-service",
	Title: "A probe uses the port of the Service, not of the container",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController"},
	Why: `kubelet probes the container itself, by the address of the pod. The port of a Service exists only at the Service, which forwards it to a targetPort. A probe that uses it is refused: a readiness probe never succeeds, a liveness probe restarts the container again and again.

A container may listen on ports that it does not declare. So a number is reported only if it is the port of a Service that forwards it to a declared port of this very container, if no port of the pod has the number, and if neither the command nor a variable of the container mentions it.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: example/web
          ports: [{containerPort: 8080}]
          readinessProbe:
            httpGet: {path: /, port: 80}
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: example/web
          ports: [{containerPort: 8080}]
          readinessProbe:
            httpGet: {path: /, port: 8080}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/",
		"k8s.io/kubernetes/pkg/probe/util.go: ResolveContainerPort",
		"https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Rewrites(kustomize.Relations) {
			return nil
		}
		for _, s := range p.Graph.Services {
			for _, w := range s.Pods() {
				if !w.Own || w.Superseded || w.Custom || w.Controlled() {
					continue
				}
				for _, c := range w.Containers() {
					for _, port := range s.Ports() {
						probesService(p, s, w, c, port)
					}
				}
			}
		}
		return nil
	},
}

// probesService reports the probes of a container that use a port of a Service
// which forwards it to another one of the container.
func probesService(p *analyzer.Pass, s *graph.Service, w *graph.Workload, c graph.Container, port graph.ServicePort) {
	ports := c.Ports()
	target := slices.IndexFunc(ports, func(own graph.ContainerPort) bool {
		return own.Protocol == port.Protocol && (port.Target != "" && own.Name == port.Target || port.Target == "" && own.Number == port.TargetNumber)
	})
	if target < 0 || ports[target].Number == port.Number || port.Number == 0 || declaresNumber(w, port.Number) || mentions(c, port.Number) {
		return
	}
	for _, h := range handlers {
		for _, action := range []string{"httpGet", "tcpSocket", "grpc"} {
			field := slices.Concat(h.path, []string{action, "port"})
			if n, ok := manifest.Int(c.Node, field...); !ok || n != port.Number || manifest.String(c.Node, slices.Concat(h.path, []string{action, "host"})...) != "" {
				continue
			}
			path := slices.Concat(c.Path, field)
			p.Report(analyzer.Finding{
				Evidence:    analyzer.NearMiss,
				Message:     fmt.Sprintf("%s: the %s of container %s uses port %d of %s, but the container listens on %d", w, h.name, c.Name, port.Number, s, ports[target].Number),
				Label:       "the port of the Service",
				Consequence: "the connection is refused, so the " + h.name + " fails each time",
				Help:        fmt.Sprintf("set port to %d, the port of the container", ports[target].Number),
				Location:    w.EntryLocation(path...),
				Path:        path,
				Resource:    w.Resource,
				Related: []analyzer.Related{
					{Location: w.EntryLocation(append(slices.Clone(ports[target].Path), "containerPort")...), Message: "the container's port"},
					{Location: s.EntryLocation(append(slices.Clone(port.Path), "port")...), Message: fmt.Sprintf("%s forwards %d to it", s, port.Number)},
				},
			})
		}
	}
}

// declaresNumber reports whether a container of the pods declares the port: they
// share one address.
func declaresNumber(w *graph.Workload, number int) bool {
	return slices.ContainsFunc(w.Ports(), func(p graph.ContainerPort) bool { return p.Number == number })
}

// mentions reports whether the command, the arguments or a variable of a
// container hold the number.
func mentions(c graph.Container, number int) bool {
	digits := strconv.Itoa(number)
	holds := func(s string) bool {
		return slices.Contains(strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }), digits)
	}
	for _, field := range []string{"command", "args"} {
		for _, n := range manifest.Items(manifest.Get(c.Node, field)) {
			if holds(manifest.String(n)) {
				return true
			}
		}
	}
	for _, e := range manifest.Items(manifest.Get(c.Node, "env")) {
		if holds(manifest.String(e, "value")) {
			return true
		}
	}
	return false
}
