package api

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// APIDeprecated reports objects of an API that will be removed.
var APIDeprecated = &analyzer.Rule{
	ID:    "api-deprecated",
	Title: "An API that is deprecated",
	Claim: analyzer.Suspect,
	Why: `A deprecated API is still served, and the server warns of it. A later version of Kubernetes removes it, and then the manifest is refused.

The version of the cluster is ` + apiserver.KubernetesVersion + ` unless --kubernetes-version says otherwise.`,
	Bad: `apiVersion: v1
kind: Endpoints
metadata:
  name: database
subsets:
  - addresses: [{ip: 10.1.2.3}]
    ports: [{port: 5432}]
`,
	Good: `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: database-1
  labels: {kubernetes.io/service-name: database}
addressType: IPv4
endpoints:
  - addresses: [10.1.2.3]
ports:
  - {port: 5432}
`,
	References: []string{
		"https://kubernetes.io/docs/reference/using-api/deprecation-policy/",
		"k8s.io/api: APILifecycleDeprecated of each type",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			l, ok := apiserver.LifecycleOf(r.APIVersion, r.Kind)
			removed := l.Removed != (apiserver.Version{}) && verdict.Target(p).AtLeast(l.Removed)
			if !ok || l.Deprecated == (apiserver.Version{}) || !verdict.Target(p).AtLeast(l.Deprecated) || removed {
				continue
			}
			f := analyzer.Finding{
				Message:     fmt.Sprintf("%s is of %s, which Kubernetes %s has deprecated", r, r.APIVersion, l.Deprecated),
				Label:       "deprecated since " + l.Deprecated.String(),
				Consequence: "the API server accepts it with a warning, until a later version removes it",
				Help:        insteadOf(r, l),
				Edits:       nextVersion(r, l),
				Location:    r.Location("apiVersion"),
				Path:        []string{"apiVersion"},
				Resource:    r,
			}
			if l.Removed != (apiserver.Version{}) {
				f.Consequence = fmt.Sprintf("the API server accepts it with a warning, and removes it in %s", l.Removed)
			}
			p.Report(f)
		}
		return nil
	},
}
