package policies

import "testing"

// A constraint of a template that does not compile, or that asks for what
// kubeknot does not give, judges nothing.
func TestConstraintOfABrokenTemplate(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`violation[{"msg": msg}] { msg := nosuch(1) }`,
		`violation[{"msg": "x"}] { http.send({"method": "get", "url": "http://example.com"}) }`,
		`violation[{"msg": "x"}] {`,
		`deny[{"msg": "x"}] { true }`,
	} {
		for _, where := range []string{"u/template.yaml", "base/template.yaml"} {
			g := graphOf(tree{
				where: `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: leak}
spec:
  crd: {spec: {names: {kind: Leak}}}
  targets:
  - target: admission.k8s.gatekeeper.sh
    rego: |
      package leak
      ` + body,
				"u/objects.yaml": `apiVersion: constraints.gatekeeper.sh/v1beta1
kind: Leak
metadata: {name: leak}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}`,
			}, nil)
			if found, err := run(constraintViolated, g); err != nil || len(found) > 0 {
				t.Errorf("%s, %s: %v, %v", body, where, found, err)
			}
		}
	}
}
