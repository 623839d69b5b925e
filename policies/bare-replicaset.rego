# METADATA
# title: A ReplicaSet is run without a Deployment
# description: |
#   A ReplicaSet keeps a number of pods running, and that is all it does. When
#   its template changes, the pods that are running stay as they are: a new
#   image is only seen by pods that happen to be made later, so old and new run
#   side by side for as long as nobody deletes the old ones. There is no
#   rollout to watch, to pause or to undo.
#
#   A Deployment has the same selector and template, makes a new ReplicaSet for
#   each version of the template and moves the pods over. ReplicaSets that are
#   owned by a controller are not reported.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#when-to-use-a-replicaset
#   - ref: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#working-with-replicasets
#   - ref: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#updating-a-deployment
# custom:
#   claim: advice
#   kinds: [ReplicaSet]
#   bad: |
#     apiVersion: apps/v1
#     kind: ReplicaSet
#     metadata:
#       name: whoami-web
#     spec:
#       replicas: 2
#       selector:
#         matchLabels:
#           app: whoami-web
#       template:
#         metadata:
#           labels:
#             app: whoami-web
#         spec:
#           containers:
#             - name: web
#               image: kiamol/ch02-whoami
#   good: |
#     apiVersion: apps/v1
#     kind: Deployment
#     metadata:
#       name: whoami-web
#     spec:
#       replicas: 2
#       selector:
#         matchLabels:
#           app: whoami-web
#       template:
#         metadata:
#           labels:
#             app: whoami-web
#         spec:
#           containers:
#             - name: web
#               image: kiamol/ch02-whoami
package kubeknot.rules.bare_replicaset

findings contains f if {
	some r in input.resources.ReplicaSet
	r.own
	r.group == "apps"
	not r.superseded
	not r.replaces
	not r.controlled

	f := {
		"resource": r.ref,
		"msg": sprintf("%s has no Deployment", [trim_space(sprintf("ReplicaSet %s", [r.name]))]),
		"consequence": "a change of its template does not reach the pods that are running",
		"help": "use a Deployment: the selector and the template stay as they are",
	}
}
