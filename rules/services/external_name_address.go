package services

import (
	"fmt"
	"net/netip"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// ExternalNameAddress reports Services of type ExternalName that hold an address.
var ExternalNameAddress = &analyzer.Rule{
	ID:    "external-name-address",
	Title: "A Service of type ExternalName holds an IP address",
	Claim: analyzer.Broken,
	Kinds: []string{"Service"},
	Why:   `The DNS of the cluster answers a Service of type ExternalName by a CNAME record with the name in externalName. An IPv4 address is accepted there and taken for a name that consists of digits, which no DNS server resolves. For a fixed address use a Service without a selector and an EndpointSlice.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  type: ExternalName
  externalName: 10.0.0.5
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: db
spec:
  type: ExternalName
  externalName: db.example.com
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#externalname",
	},
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Services {
			name := manifest.String(s.Node, "spec", "externalName")
			if _, err := netip.ParseAddr(name); err != nil || !s.Own || s.Type() != "ExternalName" || p.Graph.Superseded(s.Resource) {
				continue
			}
			path := []string{"spec", "externalName"}
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("%s has externalName %s, an address, where a DNS name is needed", s, name),
				Label:       "a DNS name is expected",
				Consequence: fmt.Sprintf("DNS answers with a CNAME record for %s, which does not resolve", name),
				Help:        fmt.Sprintf("use a Service without a selector and an EndpointSlice with the address %s", name),
				Location:    s.EntryLocation(path...),
				Path:        path,
				Resource:    s.Resource,
			})
		}
		return nil
	},
}
