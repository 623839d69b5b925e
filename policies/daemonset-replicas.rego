# METADATA
# title: A DaemonSet sets replicas
# description: |
#   A DaemonSet runs one pod on each node that its nodeSelector, node affinity
#   and tolerations allow. It has no number of replicas, so the API does not
#   know the field: kubectl, which asks for strict validation, has the whole
#   object refused.
#
#   A client that does not ask for it (kubectl --validate=warn or false, and
#   many tools) gets the object accepted with the field dropped, and the number
#   of pods has nothing to do with the number that was written.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/
#   - ref: https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation
#   - ref: https://github.com/kubernetes/kubernetes/blob/v1.36.3/staging/src/k8s.io/api/apps/v1/types.go
# custom:
#   claim: rejected
#   kinds: [DaemonSet]
#   supersedes: [unknown-field]
#   bad: |
#     apiVersion: apps/v1
#     kind: DaemonSet
#     metadata:
#       name: pi-proxy
#     spec:
#       replicas: 2
#       selector:
#         matchLabels:
#           app: pi-proxy
#       template:
#         metadata:
#           labels:
#             app: pi-proxy
#         spec:
#           containers:
#             - name: nginx
#               image: nginx:1.29-alpine
#   good: |
#     apiVersion: apps/v1
#     kind: DaemonSet
#     metadata:
#       name: pi-proxy
#     spec:
#       selector:
#         matchLabels:
#           app: pi-proxy
#       template:
#         metadata:
#           labels:
#             app: pi-proxy
#         spec:
#           containers:
#             - name: nginx
#               image: nginx:1.29-alpine
package kubeknot.rules.daemonset_replicas

findings contains f if {
	some d in input.resources.DaemonSet
	d.own
	d.group == "apps"

	# kubectl drops a null before it sends the object.
	d.object.spec.replicas != null

	f := {
		"resource": d.ref,
		"path": ["spec", "replicas"],
		"msg": sprintf("%s sets replicas, a field that a DaemonSet does not have", [trim_space(sprintf("DaemonSet %s", [d.name]))]),
		"label": "unknown field",
		"consequence": "kubectl apply fails with: strict decoding error: unknown field \"spec.replicas\"",
		"notes": ["without strict validation the field is dropped, and one pod runs on each eligible node"],
		"help": "remove replicas; if the number of pods matters more than the nodes, use a Deployment",
	}
}
