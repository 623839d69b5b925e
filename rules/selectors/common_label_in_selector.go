package selectors

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
)

// CommonLabelInSelector reports labels of a kustomization that become part of
// selectors.
var CommonLabelInSelector = &analyzer.Rule{
	ID:    "common-label-in-selector",
	Title: "A label of a kustomization becomes part of selectors",
	Claim: analyzer.Advice,
	Why: `kustomize adds commonLabels, and labels with includeSelectors, to the selectors of Services and workloads too. The selector of a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job is immutable: the API server refuses to add such a label to a running workload, to change its value or to remove it, until the workload is deleted and created again. The selectors of other kinds, such as PodDisruptionBudget, can be changed.

labels without includeSelectors, and with includeTemplates where the pods are to have the label, can be changed at any time. Selectors that have had the label from the start need no change.`,
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
			if len(l.Selectors) == 0 || isVolatile(l.Key, l.Value) { // volatile-label-in-selector
				continue
			}
			of := l.Selectors[0].String()
			if n := len(l.Selectors); n > 1 {
				of = fmt.Sprintf("%d workloads", n)
			}
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("%s adds %s=%s to the selector of %s", l.Path[0], l.Key, l.Value, of),
				Label:       "becomes part of the selector",
				Consequence: "once it is applied, the API server refuses every change of this label: field is immutable",
				Help:        "use labels with includeTemplates: true, unless the selector has had the label from the start",
				Location:    l.Location,
				Path:        l.Path,
			})
		}
		return nil
	},
}
