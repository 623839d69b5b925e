package selectors

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// CommonLabelInSelector reports labels of a kustomization that become part of
// selectors.
var CommonLabelInSelector = &analyzer.Rule{
	ID:    "common-label-in-selector",
	Title: "A label of a kustomization becomes part of selectors",
	Claim: analyzer.Advice,
	Why: `commonLabels, and labels with includeSelectors, are put into the selectors of Services and workloads too. The selector of a Deployment, StatefulSet or DaemonSet cannot be changed once it is applied: to add such a label to what already runs, to change its value or to take it out later is refused by the API server until the workload is deleted and made again.

labels without includeSelectors, and with includeTemplates where the pods are to have the label, can be changed at any time. Nothing is to be done where the selectors are meant to have it from the first day on.`,
	Bad: `-- kustomization.yaml --
resources:
- app.yaml
commonLabels:
  team: shop
-- app.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: example/web:1
`,
	Good: `-- kustomization.yaml --
resources:
- app.yaml
labels:
- pairs:
    team: shop
  includeTemplates: true
-- app.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: example/web:1
`,
	References: []string{
		"https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/labels/",
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#label-selector-updates",
		"k8s.io/kubernetes/pkg/apis/apps/validation/validation.go: ValidateDeploymentUpdate",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Build == nil {
			return nil
		}
		for _, l := range p.Unit.Build.SelectorLabels() {
			value := manifest.String(l.In.Document.Root, l.Field...)
			if isVolatile(l.Key, value) { // volatile-label-in-selector
				continue
			}
			of := l.Selectors[0].String()
			if n := len(l.Selectors); n > 1 {
				of = fmt.Sprintf("%d workloads", n)
			}
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("%s puts %s=%s into the selector of %s", l.Field[0], l.Key, value, of),
				Label:       "becomes part of the selector",
				Consequence: "the selector cannot be changed once it is applied, so neither can this label: field is immutable",
				Help:        "use labels with includeTemplates, unless the selector is to have it from the first day on",
				Location:    l.In.Location(l.Field...),
				Path:        l.Field,
			})
		}
		return nil
	},
}
