package network

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// IngressWithoutClass reports Ingresses without a class where none of the classes
// that are known is the default.
var IngressWithoutClass = &analyzer.Rule{
	ID:    "ingress-without-class",
	Title: "An Ingress names no class, and no known class is the default",
	Claim: analyzer.Suspect,
	Kinds: []string{"Ingress"},
	Why:   `An Ingress without ingressClassName gets the class that is marked with the annotation ingressclass.kubernetes.io/is-default-class. If there is none, it has no class, and most controllers pass it over. It is reported where the manifests define classes and none of them is the default; the cluster may have others, so it is info.`,
	Bad: `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: public
spec:
  controller: example.com/ingress
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  defaultBackend: {resource: {apiGroup: example.com, kind: Bucket, name: files}}
`,
	Good: `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata:
  name: public
spec:
  controller: example.com/ingress
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  ingressClassName: public
  defaultBackend: {resource: {apiGroup: example.com, kind: Bucket, name: files}}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class",
	},
	Run: func(p *analyzer.Pass) error {
		var class *manifest.Resource
		for _, list := range [][]*manifest.Resource{p.Unit.Resources, p.Unit.Context} {
			for _, r := range list {
				if r.Kind != "IngressClass" || r.Group != "networking.k8s.io" {
					continue
				}
				if manifest.String(r.Node, "metadata", "annotations", "ingressclass.kubernetes.io/is-default-class") == "true" {
					return nil
				}
				class = r
			}
		}
		for _, r := range p.Unit.Resources {
			classless := r.Kind == "Ingress" && r.Group == "networking.k8s.io" && r.Get("spec", "ingressClassName") == nil && r.Get("metadata", "annotations", "kubernetes.io/ingress.class") == nil
			if class == nil || !classless || p.Graph.Superseded(r) {
				continue
			}
			path := []string{"spec", "ingressClassName"}
			p.Report(analyzer.Finding{
				Evidence:    analyzer.Open,
				Message:     fmt.Sprintf("%s sets no ingressClassName, and %s is not the default class", r, class),
				Consequence: "it is accepted without a class, and most controllers do not serve it",
				Help:        fmt.Sprintf("set ingressClassName: %s", class.Name),
				Location:    r.Location(path...),
				Path:        path,
				Resource:    r,
				Related:     []analyzer.Related{{Location: class.NameLocation(), Message: "has no annotation ingressclass.kubernetes.io/is-default-class"}},
			})
		}
		return nil
	},
}
