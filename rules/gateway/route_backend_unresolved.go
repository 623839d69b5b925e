package gateway

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

// RouteBackendUnresolved reports backends of routes that a controller cannot
// resolve.
var RouteBackendUnresolved = &analyzer.Rule{
	ID:    "route-backend-unresolved",
	Title: "A route references a backend that cannot be resolved",
	Claim: analyzer.Broken,
	Kinds: graph.RouteKinds,
	Why: `A backendRef names a Service of the route's own namespace, or of the namespace that it names, and one of the Service's ports (ports[].port, not the targetPort of the pods). The API server does not compare them. If one does not fit, the controller sets the condition ResolvedRefs=False on the route: BackendNotFound if there is no such Service, RefNotPermitted if it is in another namespace without a ReferenceGrant there, InvalidKind if the kind is none that can be a backend. Requests that would go there are answered with 500.

The Service may come from somewhere else, so that it is missing is an error only if something close explains it. A missing ReferenceGrant is a warning: it belongs to the other namespace. Backends of kinds that an implementation may define are left alone.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
spec:
  rules:
    - backendRefs:
        - {name: web, port: 8080}
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
spec:
  rules:
    - backendRefs:
        - {name: web, port: 80}
`,
	References: []string{
		"https://gateway-api.sigs.k8s.io/api-types/httproute/#backendrefs-optional",
		"https://gateway-api.sigs.k8s.io/api-types/referencegrant/",
		"sigs.k8s.io/gateway-api/apis/v1/shared_types.go: RouteReasonBackendNotFound, RouteReasonRefNotPermitted, RouteReasonInvalidKind",
	},
	Run: func(p *analyzer.Pass) error {
		seen := map[string]bool{} // one finding for all rules of a route that send to a backend
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.RouteBackend || !missing.Judged(p, ref) {
				continue
			}
			if f := judgeBackend(p, ref); f != nil {
				if key := fmt.Sprintf("%p %v %s", ref.From, ref.Target, f.Message); !seen[key] {
					seen[key] = true
					p.Report(*f)
				}
			}
		}
		return nil
	},
}

// foreignGroups are groups that are none of an implementation: core is written ""
// in references, and the workloads of the others are no backends.
var foreignGroups = map[string]bool{"": true, "v1": true, "core": true, "apps": true, "apps/v1": true, "batch": true, "networking.k8s.io": true}

// judgeBackend judges one backend and returns its finding, nil if it is resolved
// or cannot be judged.
func judgeBackend(p *analyzer.Pass, ref *graph.Reference) *analyzer.Finding {
	switch isService := ref.Target.Group == "" && ref.Target.Kind == "Service"; {
	case !isService && foreignGroups[ref.Target.Group]:
		return invalidKind(ref)
	case !isService:
		return nil
	}
	f := missing.Find(p, ref)
	services := p.Graph.Resolve(ref)
	switch {
	case f != nil && f.Evidence == analyzer.Absent && !hasServices(p, ref):
		p.Skip(ref.From, "routes: their Services may live elsewhere")
		return nil
	case f != nil:
		f.Consequence = "the controller sets ResolvedRefs=False, reason BackendNotFound, and requests to this backend get 500"
		return f
	case len(services) == 0:
		return nil
	case !granted(p.Graph, ref):
		f := notGranted(p, ref, services[0])
		f.Consequence = "the controller sets ResolvedRefs=False, reason RefNotPermitted, and requests to this backend get 500"
		return &f
	}
	return judgePort(p, ref, services)
}

// hasServices reports whether the unit has Services where the reference looks.
func hasServices(p *analyzer.Pass, ref *graph.Reference) bool {
	return slices.ContainsFunc(p.Graph.Services, func(s *graph.Service) bool { return p.Graph.InNamespaceOf(ref, s.Resource) })
}

func invalidKind(ref *graph.Reference) *analyzer.Finding {
	path := slices.Concat(ref.Path[:len(ref.Path)-1], []string{"kind"})
	if ref.From.Get(path...) == nil {
		path[len(path)-1] = "group"
	}
	return &analyzer.Finding{
		Message:     fmt.Sprintf("%s references kind %s of group %q, which cannot be a backend", ref.From, ref.Target.Kind, ref.Target.Group),
		Label:       "not a kind of backend",
		Consequence: "the controller sets ResolvedRefs=False, reason InvalidKind, and requests to this backend get 500",
		Help:        `reference the Service before the pods: set kind to Service and group to ""`,
		Location:    ref.From.EntryLocation(path...),
		Path:        path,
		Resource:    ref.From,
	}
}

// judgePort judges the port of a backend whose Service exists.
func judgePort(p *analyzer.Pass, ref *graph.Reference, services []*manifest.Resource) *analyzer.Finding {
	var s *graph.Service
	for _, r := range services {
		s = p.Graph.Service(r)
		known := !slices.ContainsFunc(s.Ports(), func(port graph.ServicePort) bool { return port.Number == 0 })
		has := slices.ContainsFunc(s.Ports(), func(port graph.ServicePort) bool { return strconv.Itoa(port.Number) == ref.Key })
		if ref.Key == "" || has || !known || len(s.Ports()) == 0 || s.Type() == "ExternalName" || p.Unit.Rewrites(kustomize.Relations) || manifest.IsPlaceholder(ref.Key) {
			return nil
		}
	}
	f := &analyzer.Finding{
		Message:     fmt.Sprintf("%s references port %s of %s, which does not define it", ref.From, ref.Key, s),
		Label:       "not a port of the Service",
		Consequence: "the backend is not resolved (ResolvedRefs=False), and requests to it get 500",
		Help:        fmt.Sprintf("set port to a port of the Service: %s", text.ServicePortList(s.Ports())),
		Location:    ref.From.EntryLocation(ref.KeyPath...),
		Path:        ref.KeyPath,
		Resource:    ref.From,
		Related:     []analyzer.Related{{Location: s.KeyLocation("spec", "ports"), Message: "its ports are " + text.ServicePortList(s.Ports())}},
	}
	for _, port := range s.Ports() {
		if port.Target == "" && strconv.Itoa(port.TargetNumber) == ref.Key {
			f.Label = "the port of the pods, not of the Service"
			f.Help = fmt.Sprintf("set port to the Service's port, %d", port.Number)
		}
	}
	return f
}
