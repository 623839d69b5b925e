package network

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// IngressTLSSecret reports certificates of Ingresses that are misspelt, are no
// certificates, or are for a host that no rule has.
var IngressTLSSecret = &analyzer.Rule{
	ID:    "ingress-tls-secret",
	Title: "The TLS Secret of an Ingress is missing or holds no certificate",
	Claim: analyzer.Suspect,
	Kinds: []string{"Ingress"},
	Why: `A tls entry of an Ingress names a Secret of the Ingress's own namespace that holds the keys tls.crt and tls.key, and the hosts that it is for. The API server compares neither: without a usable Secret the controller serves its own self-signed certificate, and browsers refuse it. A host that no rule has gets no certificate for the requests that arrive.

Secrets are often made outside of the manifests, so a missing one is reported only if something close explains it, such as a cert-manager Certificate whose secretName is one slip off.`,
	Bad: `apiVersion: v1
kind: Secret
metadata:
  name: shop-tls
stringData: {cert.pem: a, key.pem: b}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules: [{host: shop.example.com}]
`,
	Good: `apiVersion: v1
kind: Secret
metadata:
  name: shop-tls
stringData: {tls.crt: a, tls.key: b}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
spec:
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules: [{host: shop.example.com}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/ingress/#tls",
		"https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if ref.Use == graph.Certificate && ref.Own && !p.Graph.Superseded(ref.From) {
				tlsSecret(p, ref)
			}
		}
		for _, r := range p.Unit.Resources {
			if r.Kind == "Ingress" && r.Group == "networking.k8s.io" && !p.Graph.Superseded(r) {
				tlsHosts(p, r)
			}
		}
		return nil
	},
}

// tlsSecret judges the Secret of a tls entry.
func tlsSecret(p *analyzer.Pass, ref *graph.Reference) {
	const consequence = "the controller serves its default certificate, and clients refuse the connection"
	for _, secret := range p.Graph.Resolve(ref) {
		if missing.HasKey(secret, "tls.crt") && missing.HasKey(secret, "tls.key") || !hasData(secret) || manifest.Get(secret.Node, "sops") != nil {
			return
		}
		p.Report(analyzer.Finding{
			Claim:       analyzer.Broken,
			Message:     fmt.Sprintf("%s uses %s for TLS, which does not define tls.crt and tls.key", ref.From, secret),
			Label:       "holds no certificate",
			Consequence: consequence,
			Help:        "store the certificate as tls.crt and its key as tls.key, in a Secret of type kubernetes.io/tls",
			Location:    ref.From.EntryLocation(ref.Path...),
			Path:        ref.Path,
			Resource:    ref.From,
			Related:     []analyzer.Related{{Location: secret.NameLocation(), Message: "the keys of this Secret are others"}},
		})
		return
	}
	if f := missing.Find(p, ref); f != nil && f.Evidence == analyzer.NearMiss {
		f.Claim, f.Consequence = analyzer.Broken, consequence
		p.Report(*f)
	}
}

// hasData reports whether the keys of a Secret are known: it has some.
func hasData(secret *manifest.Resource) bool {
	return slices.ContainsFunc(missing.DataFields, func(field string) bool {
		for range manifest.Fields(secret.Get(field)) {
			return true
		}
		return false
	})
}

// tlsHosts reports hosts of tls entries that no rule has.
func tlsHosts(p *analyzer.Pass, r *manifest.Resource) {
	var hosts []string
	for _, rule := range manifest.Items(r.Get("spec", "rules")) {
		host := manifest.String(rule, "host")
		if host == "" || manifest.IsPlaceholder(host) {
			return // a rule for all hosts
		}
		hosts = append(hosts, host)
	}
	if len(hosts) == 0 || r.Get("spec", "defaultBackend") != nil {
		return
	}
	for i, entry := range manifest.Items(r.Get("spec", "tls")) {
		for j, n := range manifest.Items(manifest.Get(entry, "hosts")) {
			host := manifest.String(n)
			if manifest.IsPlaceholder(host) || slices.ContainsFunc(hosts, func(h string) bool { return covers(host, h) || covers(h, host) }) {
				continue
			}
			path := []string{"spec", "tls", strconv.Itoa(i), "hosts", strconv.Itoa(j)}
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("%s has a certificate for host %s, which no rule has", r, host),
				Label:       "no rule has this host",
				Consequence: "it is accepted, and requests for the hosts of the rules do not get this certificate",
				Help:        fmt.Sprintf("use a host of the rules: %s", strings.Join(hosts, ", ")),
				Location:    r.EntryLocation(path...),
				Path:        path,
				Resource:    r,
				Related:     []analyzer.Related{{Location: r.KeyLocation("spec", "rules"), Message: "the rules have " + strings.Join(hosts, ", ")}},
			})
		}
	}
}

// covers reports whether a host, which may begin with a wildcard for one label, is
// or matches another one.
func covers(wild, host string) bool {
	if wild == host {
		return true
	}
	suffix, isWild := strings.CutPrefix(wild, "*")
	_, rest, dotted := strings.Cut(host, ".")
	return isWild && dotted && "."+rest == suffix
}
