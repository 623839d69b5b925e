package documents

import (
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
)

// HelmRenderFails reports charts that Helm refuses to render with any values.
var HelmRenderFails = &analyzer.Rule{
	ID:    "helm-render-fails",
	Title: "A chart cannot be rendered",
	Claim: analyzer.Rejected,
	Why: `Helm, and the GitOps controllers that use it, render all templates of a chart before they send anything. One template that cannot be parsed, a values file that is no YAML, values that violate values.schema.json, or output that is no YAML is enough, and nothing of the chart is installed or upgraded.
kubeknot renders each chart with Helm's own engine and repeats what it says.

A chart that only wants something is not reported: a value that "required" or "fail" asks for, a value that is missing in the chart, a dependency that is not in charts/. The run says that it was not rendered.`,
	Bad: `-- Chart.yaml --
apiVersion: v2
name: web
version: 0.1.0
-- templates/settings.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  {{ if .Values.debug }}
  LEVEL: debug
`,
	Good: `-- Chart.yaml --
apiVersion: v2
name: web
version: 0.1.0
-- templates/settings.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  {{- if .Values.debug }}
  LEVEL: debug
  {{- end }}
`,
	References: []string{
		"https://helm.sh/docs/helm/helm_template/",
		"https://helm.sh/docs/topics/charts/#schema-files",
		"helm.sh/helm pkg/engine: Engine.Render",
	},
	Run: func(p *analyzer.Pass) error {
		e := p.Unit.Refused
		if e == nil {
			return nil
		}
		p.Report(analyzer.Finding{
			Message:     "Helm cannot render the chart: " + e.Reason,
			Consequence: "helm template, helm install and helm upgrade fail, so nothing of the chart is applied",
			Help:        "helm template " + strings.TrimSuffix(p.Unit.Name, "/") + " renders it, to try a change",
			Location:    e.At,
		})
		return nil
	},
}
