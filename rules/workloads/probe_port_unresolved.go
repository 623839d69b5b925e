package workloads

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// ProbePortUnresolved reports probes and lifecycle hooks that name a port which
// their own container does not declare.
var ProbePortUnresolved = &analyzer.Rule{
	ID:    "probe-port-unresolved",
	Title: "A probe names a port that its container does not declare",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `kubelet looks for the port that a probe or a lifecycle hook names among the ports of the same container alone; other containers of the pod and Services play no part. The API server does not compare the two.

If the name is not there, kubelet throws the probe's result away: a readiness or startup probe never succeeds, so the pod never becomes ready; a liveness probe never fails, so a container that hangs is never restarted. A postStart hook fails, and its container is killed each time it starts.`,
	Bad: `apiVersion: apps/v1
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
          image: nginx
          ports: [{name: http, containerPort: 80}]
          readinessProbe:
            httpGet: {path: /, port: web}
`,
	Good: `apiVersion: apps/v1
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
          image: nginx
          ports: [{name: http, containerPort: 80}]
          readinessProbe:
            httpGet: {path: /, port: http}
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#use-a-named-port",
		"k8s.io/kubernetes/pkg/probe/util.go: ResolveContainerPort",
		"k8s.io/kubernetes/pkg/kubelet/prober/worker.go: doProbe throws the result of an error away",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Custom || w.Controlled() {
				continue
			}
			for _, c := range w.Containers() {
				for _, h := range handlers {
					namedPort(p, w, c, h)
				}
			}
		}
		return nil
	},
}

// handler is a place from which kubelet connects to a container.
type handler struct {
	path        []string // in the container, above httpGet and tcpSocket
	name        string
	consequence string
}

var handlers = []handler{
	{[]string{"readinessProbe"}, "readiness probe", "kubelet cannot run the probe, so the pod never becomes ready"},
	{[]string{"startupProbe"}, "startup probe", "kubelet cannot run the probe, so the container never counts as started and the pod never becomes ready"},
	{[]string{"livenessProbe"}, "liveness probe", "kubelet cannot run the probe and throws its result away: a container that hangs is never restarted"},
	{[]string{"lifecycle", "postStart"}, "postStart hook", "the hook fails, and the container is killed each time it starts"},
	{[]string{"lifecycle", "preStop"}, "preStop hook", "the hook fails, and the container is stopped without it"},
}

// namedPort judges the port that one handler of a container names.
func namedPort(p *analyzer.Pass, w *graph.Workload, c graph.Container, h handler) {
	for _, action := range []string{"httpGet", "tcpSocket"} {
		name := manifest.String(manifest.Get(c.Node, h.path...), action, "port")
		if name == "" {
			continue
		}
		if manifest.IsPlaceholder(name) {
			p.Skip(w.Resource, "ports of probes: their names are still to be filled in")
			continue
		}
		// What is no name is a number, or refused.
		if len(validation.IsValidPortName(name)) > 0 || declares(c, name) {
			continue
		}
		if why := unsurePorts(p, c); why != "" {
			p.Skip(w.Resource, "ports of probes: "+why)
			continue
		}
		path := slices.Concat(c.Path, h.path, []string{action, "port"})
		f := analyzer.Finding{
			Message:     fmt.Sprintf("%s: the %s of container %s names port %s, which the container does not declare", w, h.name, c.Name, name),
			Label:       "no port of this container has this name",
			Consequence: h.consequence,
			Location:    w.EntryLocation(path...),
			Path:        path,
			Resource:    w.Resource,
		}
		explainPort(w, c, name, &f)
		p.Report(f)
	}
}

func declares(c graph.Container, name string) bool {
	return slices.ContainsFunc(c.Ports(), func(p graph.ContainerPort) bool { return p.Name == name })
}

// unsurePorts says why the ports of a container may not be all there are.
func unsurePorts(p *analyzer.Pass, c graph.Container) string {
	switch {
	case p.Unit.Rewrites(kustomize.Fields):
		return "kustomize changes their containers"
	case c.IsPart():
		return "their containers are not all there"
	case slices.ContainsFunc(c.Ports(), func(p graph.ContainerPort) bool { return manifest.IsPlaceholder(p.Name) }):
		return "their names are still to be filled in"
	}
	return ""
}

// explainPort says what the name may have meant.
func explainPort(w *graph.Workload, c graph.Container, name string, f *analyzer.Finding) {
	ports := c.Ports()
	names := make([]string, len(ports))
	for i, port := range ports {
		names[i] = port.Name
	}
	closest := -1
	if best, ok := nearmiss.Nearest(name, names); ok {
		closest = slices.Index(names, best)
	}
	if closest < 0 && len(ports) == 1 {
		closest = 0
	}
	for _, other := range w.Containers() {
		for _, port := range other.Ports() {
			if port.Name == name {
				f.Related = append(f.Related, analyzer.Related{
					Location: w.EntryLocation(append(port.Path, "name")...),
					Message:  fmt.Sprintf("container %s declares it, but kubelet looks at %s alone", other.Name, c.Name),
				})
				f.Help = fmt.Sprintf("write port: %d, the number, if container %s is meant", port.Number, other.Name)
				return
			}
		}
	}
	switch {
	case closest >= 0 && ports[closest].Name != "":
		port := ports[closest]
		f.Related = []analyzer.Related{{Location: w.EntryLocation(append(port.Path, "name")...), Message: "the container's port has this name"}}
		f.Help = "write port: " + port.Name
	case closest >= 0:
		port := ports[closest]
		f.Related = []analyzer.Related{{Location: w.EntryLocation(append(port.Path, "containerPort")...), Message: "the container's port has no name"}}
		f.Help = fmt.Sprintf("give the port the name %s, or write port: %d", name, port.Number)
	case len(ports) == 0:
		f.Notes = []string{fmt.Sprintf("container %s declares no ports", c.Name)}
		f.Help = fmt.Sprintf("declare a port with the name %s, or write the number", name)
	default:
		f.Related = []analyzer.Related{{Location: w.KeyLocation(append(slices.Clone(c.Path), "ports")...), Message: "the ports of the container"}}
		f.Help = "write one of the names that the container declares, or the number"
	}
}
