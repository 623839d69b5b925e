package rules

import (
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// InvalidValue reports values that the API server's validation refuses.
var InvalidValue = &analyzer.Rule{
	ID:    "invalid-value",
	Title: "A value that the API server refuses",
	Claim: analyzer.Rejected,
	Why: `Before the API server stores an object it checks every value: names and ports, which fields exclude each other, what must be greater than what. kubeknot asks the very same code, that of Kubernetes ` + apiserver.KubernetesVersion + `, so what it says here is what kubectl would print.

Custom resources are judged by the schema and the CEL rules of their CustomResourceDefinition, if there is just one in the unit or above it and the server accepts that. Where a mutating webhook for their group is known, nothing is said: it may mend them first.

Admission, quotas and webhooks of a certain cluster come on top; they are not known here.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      restartPolicy: Never
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      restartPolicy: Always
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/kubernetes-api/",
		"k8s.io/kubernetes/pkg/registry: the create strategy of each kind; pkg/apis: its validation",
	},
	Run: func(p *analyzer.Pass) error {
		refusals(p, apiserver.Invalid, func(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
			finding := refused(r, f)
			finding.Message = fmt.Sprintf("%s: %s", r, inWords(r, f))
			finding.Help = helpFor(f.Message, "change the value as the message says")
			return finding
		})
		return nil
	},
}

// helps are what to do about sentences of the server that do not say it.
var helps = []struct{ said, help string }{
	{"`selector` not auto-generated", "leave the selector out: the server makes one that finds this Job's pods alone"},
	{"must contain at least one letter", "write a number without quotes, or a name that has a letter"},
	{"hides previous definition", "remove one of the two: the last one counts, but once it is changed, kubectl apply may leave the earlier value in force"},
	{"must not have leading or trailing whitespace", "remove the space"},
}

// helpFor returns what to do about a sentence of the server, or what is to be
// said if that is nothing special.
func helpFor(message, otherwise string) string {
	for _, h := range helps {
		if strings.Contains(message, h.said) {
			return h.help
		}
	}
	return otherwise
}
