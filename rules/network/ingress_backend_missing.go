package network

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// IngressBackendMissing reports Ingresses that lead to a Service, or to a port
// of it, that is not there.
var IngressBackendMissing = &analyzer.Rule{
	ID:    "ingress-backend-missing",
	Title: "An Ingress leads to a Service or port that is not there",
	Claim: analyzer.Broken,
	Kinds: []string{"Ingress"},
	Why: `A backend of an Ingress names a Service of the Ingress's own namespace and one of the Service's ports, by number or by name: the port of the Service (ports[].port), not that of the pods (targetPort). The API server does not compare them: the Ingress is accepted, and requests are answered with an error of the controller or by its default backend.

The Service may come from somewhere else, so that it is missing is an error only if something close explains it: a name that is one slip off or differs in a word for the kind alone, another namespace, or a Service that stands alone beside the Ingress in its file. A port that a Service which is there does not have is an error; if it is the targetPort of one of its ports, which some controllers accept, a warning. Ports called use-annotation and Services of type ExternalName are left alone.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: ExternalName
  externalName: web.example.com
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  defaultBackend:
    service:
      name: webb
      port: {number: 80}
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: ExternalName
  externalName: web.example.com
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  defaultBackend:
    service:
      name: web
      port: {number: 80}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/ingress/#the-ingress-resource",
		"k8s.io/api/networking/v1/types.go: IngressServiceBackend, ServiceBackendPort",
	},
	Run: func(p *analyzer.Pass) error {
		type backend struct {
			from   *manifest.Resource
			target graph.Target
			port   string
		}
		seen := map[backend]bool{} // one finding for all paths to a backend
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.Backend || ref.Key == "use-annotation" || !missing.Judged(p, ref) {
				continue
			}
			missing := backend{ref.From, ref.Target, ""}
			there := backend{ref.From, ref.Target, ref.Key}
			if !seen[missing] && !seen[there] {
				seen[there] = true
				seen[missing] = judgeBackend(p, ref)
			}
		}
		return nil
	},
}

// judgeBackend judges one backend and reports whether its Service is missing.
func judgeBackend(p *analyzer.Pass, ref *graph.Reference) bool {
	var services []*graph.Service
	for _, r := range p.Graph.Resolve(ref) {
		services = append(services, p.Graph.Service(r))
	}
	if len(services) > 0 {
		backendPort(p, ref, services)
		return false
	}
	f := missing.Find(p, ref)
	if f == nil {
		return false
	}
	inNamespace := func(s *graph.Service) bool { return p.Graph.SameNamespace(s.Resource, ref.From) }
	if f.Evidence == analyzer.Absent && !slices.ContainsFunc(p.Graph.Services, inNamespace) {
		p.Skip(ref.From, "resources: their Services may live elsewhere")
		return true
	}
	f.Consequence = "it is accepted, and what is sent there is answered with an error or by a default backend"
	p.Report(*f)
	return true
}

// hasPort reports whether a Service has a port by its number or name.
func hasPort(s *graph.Service, key string, number bool) bool {
	return slices.ContainsFunc(s.Ports(), func(port graph.ServicePort) bool {
		return number && strconv.Itoa(port.Number) == key || !number && port.Name == key
	})
}

// backendPort judges the port of a backend whose Service is there.
func backendPort(p *analyzer.Pass, ref *graph.Reference, services []*graph.Service) {
	number := isNumber(ref.From, ref.KeyPath)
	has := func(s *graph.Service) bool {
		return s.Type() == "ExternalName" || hasPort(s, ref.Key, number)
	}
	unknown := func(s *graph.Service) bool {
		return len(s.Ports()) == 0 || slices.ContainsFunc(s.Ports(), func(port graph.ServicePort) bool {
			return port.Number == 0 || manifest.IsPlaceholder(port.Name)
		})
	}
	switch {
	case ref.Key == "", slices.ContainsFunc(services, has):
		return
	case manifest.IsPlaceholder(ref.Key) || p.Unit.Rewrites(kustomize.Relations) || slices.ContainsFunc(services, unknown):
		p.Skip(ref.From, "resources: the ports of their Services are not known yet")
		return
	}
	s := services[len(services)-1]
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s leads to port %s of %s, which does not have it", ref.From, ref.Key, s),
		Label:       "no such port of the Service",
		Consequence: "it is accepted, and what is sent there is answered with an error or by a default backend",
		Help:        "write one of the Service's ports",
		Location:    ref.From.EntryLocation(ref.KeyPath...),
		Path:        ref.KeyPath,
		Resource:    ref.From,
		Related:     []analyzer.Related{{Location: s.KeyLocation("spec", "ports"), Message: "its ports are " + text.ServicePortList(s.Ports())}},
	}
	if ports := s.Ports(); len(ports) == 1 {
		f.Help = fmt.Sprintf("write the Service's port, %d", ports[0].Number)
		f.Related[0] = analyzer.Related{Location: s.EntryLocation(append(ports[0].Path, "port")...), Message: fmt.Sprintf("its port is %s", text.ServicePortList(ports))}
	}
	for _, port := range s.Ports() {
		target := append(slices.Clone(port.Path), "targetPort")
		if manifest.String(s.Node, target...) == ref.Key {
			f.Claim = analyzer.Suspect
			f.Label = "the port of the pods, not of the Service"
			f.Consequence = "it is accepted; whether it works is up to the Ingress controller, for the port of the Service is asked for"
			f.Help = fmt.Sprintf("write the Service's port, %d", port.Number)
			f.Related[0] = analyzer.Related{Location: s.EntryLocation(target...), Message: fmt.Sprintf("its port %s leads here", text.ServicePortList([]graph.ServicePort{port}))}
		}
	}
	p.Report(f)
}

// isNumber reports whether the port of a backend is a number: networking.k8s.io/v1
// has a field for each, the versions before had one for both.
func isNumber(from *manifest.Resource, path []string) bool {
	switch path[len(path)-1] {
	case "number":
		return true
	case "name":
		return false
	}
	_, ok := manifest.Int(from.Node, path...)
	return ok
}
