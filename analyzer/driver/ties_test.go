package driver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
)

// drawn returns the ties of each unit as lines, with the rules of their
// findings.
func drawn(t *testing.T, dir string) string {
	t.Helper()
	result, err := Run(t.Context(), Options{Dir: dir, Paths: []string{"."}, Rules: allRules(t), Ties: true})
	if err != nil {
		t.Fatal(err)
	}
	rulesOf := func(findings []int) string {
		var b strings.Builder
		for _, i := range findings {
			b.WriteString(" !" + result.Findings[i].Rule)
		}
		return b.String()
	}
	var b strings.Builder
	for _, u := range result.Ties {
		fmt.Fprintf(&b, "%s:\n", u.Unit)
		name := func(i int) string {
			o := u.Objects[i]
			s := o.Kind + " " + o.Name
			if o.Elsewhere {
				s = "(" + s + ")"
			}
			if o.Missing {
				s = "no " + s + rulesOf(o.Findings)
			}
			return s
		}
		for _, tie := range u.Ties {
			fmt.Fprintf(&b, "  %s -- %s -> %s%s\n", name(tie.From), tie.What, name(tie.To), rulesOf(tie.Findings))
		}
	}
	return b.String()
}

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {disk: fast}
      containers: [{name: web, image: example/web, envFrom: [{configMapRef: {name: web}}, {configMapRef: {name: wbe}}]}]
`

func TestTiesOfAUnit(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"web.yaml":   object("web"),
		"a/web.yaml": deployment,
		"a/service.yaml": `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: wbe}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: wbe}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
`,
		"a/nodes.yaml": `apiVersion: v1
kind: Node
metadata: {name: n1, labels: {disk: slow}}
`,
	})
	want := `a:
  Deployment web -- makes -> pods of web
  Deployment web -- runs on -> no (nodes disk=fast) !node-selector-no-node !node-selector-no-node
  Service web -- selects app=wbe -> pods of web !service-selects-nothing
  PodDisruptionBudget web -- selects app=web -> pods of web
  Deployment web -- env -> (ConfigMap web)
  Deployment web -- env -> no (ConfigMap wbe) !config-ref-missing !config-ref-missing
  Ingress web -- backend -> Service web
  HorizontalPodAutoscaler web -- scales -> no (Deployment wbe) !hpa-target-missing !hpa-target-missing
`
	if diff := cmp.Diff(want, drawn(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestTiesOfBuilds: one finding of a base marks the ties in all its overlays.
func TestTiesOfBuilds(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"base/kustomization.yaml": "resources: [web.yaml]\n",
		"base/web.yaml": deployment + `---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: wbe}, ports: [{port: 80}]}
`,
		"one/kustomization.yaml": "resources: [../base]\nnamePrefix: one-\n",
		"two/kustomization.yaml": "resources: [../base]\nnamePrefix: two-\n",
	})
	got := drawn(t, dir)
	for _, name := range []string{"one-web", "two-web"} {
		if want := "Service " + name + " -- selects app=wbe -> pods of " + name + " !service-selects-nothing\n"; !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestTiesAreOfWhatIsReported: what is silenced marks nothing.
func TestTiesAreOfWhatIsReported(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"hpa.yaml": `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}} # kubeknot:ignore hpa-target-missing -- made elsewhere
`})
	if got, want := drawn(t, dir), ".:\n  HorizontalPodAutoscaler web -- scales -> no (Deployment web)\n"; got != want {
		t.Errorf("%s", got)
	}
	if r, err := Run(t.Context(), Options{Dir: dir, Paths: []string{"."}, Rules: []*analyzer.Rule{seen}}); err != nil || r.Ties != nil {
		t.Errorf("ties that nobody asked for: %v, %v", r.Ties, err)
	}
}
