package network

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// IngressPathConflict reports Ingresses that lead the same path of a host to
// different backends.
var IngressPathConflict = &analyzer.Rule{
	ID:    "ingress-path-conflict",
	Title: "Two Ingresses lead one path to different backends",
	Claim: analyzer.Suspect,
	Kinds: []string{"Ingress"},
	Why: `Ingresses of one class are joined: their rules for a host count together. Kubernetes accepts two rules for the same host, path and pathType, and which backend gets the requests is up to the controller, for many the Ingress that was made first. Applied in another order, or made anew, the same manifests behave otherwise.

Ingresses that lead to the same backend, those of different classes, and canaries are left alone.`,
	Bad: `apiVersion: v1
kind: List
items:
  - apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: web}
    spec:
      rules:
        - host: example.com
          http:
            paths:
              - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
  - apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: blog}
    spec:
      rules:
        - host: example.com
          http:
            paths:
              - {path: /, pathType: Prefix, backend: {service: {name: blog, port: {number: 80}}}}
`,
	Good: `apiVersion: v1
kind: List
items:
  - apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: web}
    spec:
      rules:
        - host: example.com
          http:
            paths:
              - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
  - apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: blog}
    spec:
      rules:
        - host: example.com
          http:
            paths:
              - {path: /blog, pathType: Prefix, backend: {service: {name: blog, port: {number: 80}}}}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules",
		"https://github.com/kubernetes/ingress-nginx/blob/main/docs/how-it-works.md#building-the-nginx-model",
	},
	Run: func(p *analyzer.Pass) error {
		first := map[route]*ingressPath{}
		for _, r := range p.Unit.Resources {
			if r.Kind != "Ingress" || r.Group != "networking.k8s.io" && r.Group != "extensions" || p.Graph.Superseded(r) || isCanary(r) {
				continue
			}
			for _, path := range ingressPaths(p, r) {
				switch other := first[path.route]; {
				case other == nil:
					first[path.route] = path
				case !sameBackend(other, path) && !unit.SameObject(other.Resource, r) && !p.Unit.Alternatives(other.File(), r.File()):
					p.Report(pathConflict(path, other))
				}
			}
		}
		return nil
	},
}

// route is what a request is matched with.
type route struct{ class, host, path, pathType string }

// ingressPath is a path of an Ingress.
type ingressPath struct {
	*manifest.Resource
	route route
	// namespace and service are its backend.
	namespace, service string
	at                 []string
}

func sameBackend(a, b *ingressPath) bool {
	return a.service == b.service && unit.SameNamespace(a.namespace, b.namespace)
}

// ingressPaths returns the paths of an Ingress that can be compared: their
// hosts and paths are known.
func ingressPaths(p *analyzer.Pass, r *manifest.Resource) []*ingressPath {
	class := cmp.Or(manifest.String(r.Node, "spec", "ingressClassName"), manifest.String(r.Node, "metadata", "annotations", "kubernetes.io/ingress.class"))
	var all []*ingressPath
	for i, rule := range manifest.Items(r.Get("spec", "rules")) {
		host := manifest.String(rule, "host")
		for j, n := range manifest.Items(manifest.Get(rule, "http", "paths")) {
			path := &ingressPath{
				Resource:  r,
				route:     route{class, host, cmp.Or(manifest.String(n, "path"), "/"), manifest.String(n, "pathType")},
				at:        []string{"spec", "rules", strconv.Itoa(i), "http", "paths", strconv.Itoa(j)},
				namespace: p.Graph.Namespace(r),
				service:   cmp.Or(manifest.String(n, "backend", "service", "name"), manifest.String(n, "backend", "serviceName")),
			}
			if path.service != "" && !manifest.IsPlaceholder(host) && !manifest.IsPlaceholder(path.route.path) {
				all = append(all, path)
			}
		}
	}
	return all
}

// isCanary reports whether an Ingress takes a share of the requests of another
// one on purpose.
func isCanary(r *manifest.Resource) bool {
	for key := range manifest.Fields(r.Get("metadata", "annotations")) {
		if strings.Contains(key, "canary") {
			return true
		}
	}
	return false
}

func pathConflict(path, other *ingressPath) analyzer.Finding {
	at := append(path.at[:len(path.at):len(path.at)], "path")
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s leads %s%s to Service %s, and %s to Service %s", path, cmp.Or(path.route.host, "*"), path.route.path, path.service, other, other.service),
		Label:       "the same host, path and pathType",
		Consequence: "both are accepted, and which backend gets the requests is up to the Ingress controller",
		Help:        "change the host or the path of one, or remove it",
		Location:    path.EntryLocation(at...),
		Path:        at,
		Resource:    path.Resource,
		Related:     []analyzer.Related{{Location: other.EntryLocation(append(other.at[:len(other.at):len(other.at)], "path")...), Message: fmt.Sprintf("%s has it, too", other)}},
	}
}
