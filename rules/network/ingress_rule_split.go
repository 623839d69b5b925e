package network

import (
	"fmt"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// IngressRuleSplit reports Ingresses whose host and paths stand in two rules.
var IngressRuleSplit = &analyzer.Rule{
	ID:    "ingress-rule-split",
	Title: "The host and the paths of an Ingress stand in two rules",
	Claim: analyzer.Suspect,
	Kinds: []string{"Ingress"},
	Why:   `Each entry of rules has a host and, under http, its paths. A dash before http begins another rule: the host is left without paths, so its requests go to the default backend, and the paths are served for every host. It is reported where a rule has only a host, the next one only http, and the Ingress has no default backend.`,
	Bad: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
    - host: shop.example.com
    - http:
        paths:
          - {path: /, pathType: Prefix, backend: {resource: {apiGroup: example.com, kind: Bucket, name: files}}}
`,
	Good: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {resource: {apiGroup: example.com, kind: Bucket, name: files}}}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-rules",
		"k8s.io/api/networking/v1/types.go: IngressRule",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			if r.Kind != "Ingress" || r.Group != "networking.k8s.io" || p.Graph.Superseded(r) || r.Get("spec", "defaultBackend") != nil {
				continue
			}
			rules := manifest.Items(r.Get("spec", "rules"))
			for i := 1; i < len(rules); i++ {
				host := manifest.String(rules[i-1], "host")
				if host == "" || manifest.Get(rules[i-1], "http") != nil || manifest.Get(rules[i], "host") != nil || manifest.Get(rules[i], "http") == nil {
					continue
				}
				path := []string{"spec", "rules", strconv.Itoa(i - 1), "host"}
				p.Report(analyzer.Finding{
					Message:     fmt.Sprintf("%s has a rule for host %s without paths, and the next rule has paths without a host", r, host),
					Label:       "this rule has no http",
					Consequence: fmt.Sprintf("requests for %s go to the default backend, and the paths are served for every host", host),
					Help:        "remove the dash before http, so that host and http are one rule",
					Location:    r.EntryLocation(path...),
					Path:        path,
					Resource:    r,
					Related:     []analyzer.Related{{Location: r.KeyLocation("spec", "rules", strconv.Itoa(i), "http"), Message: "these paths are a rule of their own"}},
				})
			}
		}
		return nil
	},
}
