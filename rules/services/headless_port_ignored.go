package services

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// HeadlessPortIgnored reports headless Services whose port is not that of the pods.
var HeadlessPortIgnored = &analyzer.Rule{
	ID:    "headless-port-ignored",
	Title: "The port of a headless Service is not that of its pods",
	Claim: analyzer.Advice,
	Kinds: []string{"Service"},
	Why:   `Without a cluster IP there is no proxy that translates ports: DNS answers with the addresses of the pods, and clients connect to the port that they name. A client that uses ports[].port of a headless Service is refused if the pods listen on another one, the targetPort. The mapping has an effect on SRV records and the EndpointSlices alone.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: index
spec:
  clusterIP: None
  ports: [{port: 80, targetPort: 8000}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: index
spec:
  clusterIP: None
  ports: [{port: 8000, targetPort: 8000}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#headless-services",
	},
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Services {
			if !s.Own || manifest.String(s.Node, "spec", "clusterIP") != "None" || p.Graph.Superseded(s.Resource) {
				continue
			}
			for _, port := range s.Ports() {
				target := port.TargetNumber
				for _, w := range s.Pods() {
					for _, c := range w.Ports() {
						if port.Target != "" && c.Name == port.Target {
							target = c.Number
						}
					}
				}
				if target == 0 || port.Number == 0 || target == port.Number {
					continue
				}
				path := slices.Concat(port.Path, []string{"port"})
				p.Report(analyzer.Finding{
					Message:     fmt.Sprintf("%s is headless and has port %d, while its pods listen on %d", s, port.Number, target),
					Label:       "not translated without a cluster IP",
					Consequence: fmt.Sprintf("connections to port %d of the pods' addresses are refused", port.Number),
					Help:        "set port to " + strconv.Itoa(target) + ", the port that clients have to use",
					Location:    s.EntryLocation(path...),
					Path:        path,
					Resource:    s.Resource,
				})
			}
		}
		return nil
	},
}
