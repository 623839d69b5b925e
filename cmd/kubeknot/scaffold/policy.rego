# METADATA
# title: What is wrong, in one line
# description: |
#   What Kubernetes does, and why it matters here.
# custom:
#   claim: suspect
#   kinds: [Deployment]
package kubeknot.rules.PACKAGE

findings contains f if {
	some w in input.resources.Deployment
	w.own
	not w.superseded

	some i, container in w.object.spec.template.spec.containers
	endswith(container.image, ":latest")
	f := {
		"resource": w.ref,
		"path": ["spec", "template", "spec", "containers", i, "image"],
		"msg": sprintf("Deployment %s runs %s", [w.name, container.image]),
		"help": "name a version",
	}
}
