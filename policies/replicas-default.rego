# METADATA
# title: The number of replicas is left to the default of 1
# description: |
#   A workload that does not say how many pods it wants gets one: the API
#   server fills in "replicas: 1". One pod means no service while it is
#   restarted, moved or replaced, and nothing in the manifest says whether that
#   was decided or forgotten.
#
#   Leaving the field out is not the same as leaving the number alone. When
#   the field was in the version that "kubectl apply" sent before, dropping it
#   resets the workload to 1, and the surplus pods are deleted. Only where an
#   autoscaler sets the number should the manifest not name one.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#replicas
#   - ref: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling
#   - ref: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/apps/v1/defaults.go
#   - ref: https://github.com/kubernetes/kubernetes/blob/v1.36.3/pkg/apis/core/v1/defaults.go
# custom:
#   claim: advice
#   kinds: [Deployment, ReplicaSet, StatefulSet, ReplicationController]
#   bad: |
#     apiVersion: apps/v1
#     kind: Deployment
#     metadata:
#       name: sleep
#     spec:
#       selector:
#         matchLabels:
#           app: sleep
#       template:
#         metadata:
#           labels:
#             app: sleep
#         spec:
#           containers:
#             - name: sleep
#               image: kiamol/ch03-sleep
#   good: |
#     apiVersion: apps/v1
#     kind: Deployment
#     metadata:
#       name: sleep
#     spec:
#       replicas: 2
#       selector:
#         matchLabels:
#           app: sleep
#       template:
#         metadata:
#           labels:
#             app: sleep
#         spec:
#           containers:
#             - name: sleep
#               image: kiamol/ch03-sleep
package kubeknot.rules.replicas_default

groups := {
	"Deployment": "apps",
	"ReplicaSet": "apps",
	"StatefulSet": "apps",
	"ReplicationController": "",
}

findings contains f if {
	# The replicas of a kustomization may come from its own "replicas" field or
	# from a patch.
	not input.unit.rewritten

	some kind, group in groups
	some w in input.resources[kind]
	object.get(w.object, ["spec", "replicas"], null) == null
	w.group == group
	is_object(w.object.spec)
	w.own
	not w.superseded
	not w.controlled
	w.scaledBy == null

	name := trim_space(sprintf("%s %s", [kind, w.name]))
	f := {
		"resource": w.ref,
		"path": ["spec"],
		"msg": sprintf("%s does not set replicas, so it runs 1 pod", [name]),
		"consequence": consequence(w),
		"help": "set spec.replicas, or let a HorizontalPodAutoscaler set it",
	}
}

consequence(w) := "the API server fills in 1, also where an earlier version applied by kubectl set replicas" if not w.replaces

# kubectl apply compares with what it applied before, so a field that is gone
# is removed, and the default comes back.
consequence(w) := "if the version it replaces set replicas, kubectl apply resets it to 1" if w.replaces
