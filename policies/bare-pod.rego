# METADATA
# title: A Pod is run without a controller
# description: |
#   A Pod belongs to one node for its whole life. The kubelet restarts its
#   containers there, but nothing makes the Pod again once it is gone: when it
#   is evicted, preempted or deleted, or when its node fails, it stays gone.
#   "kubectl drain" refuses to touch its node unless it is forced, and most
#   fields of a Pod cannot be changed by a later "kubectl apply".
#
#   A Deployment, StatefulSet or DaemonSet makes a new Pod in its place. Pods
#   that run to completion (restartPolicy Never or OnFailure), Helm hooks, the
#   mirror Pods of a kubelet and Pods that a controller owns are not reported.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/workloads/pods/#pods-and-controllers
#   - ref: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-lifetime
#   - ref: https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
# custom:
#   claim: advice
#   kinds: [Pod]
#   bad: |
#     apiVersion: v1
#     kind: Pod
#     metadata:
#       name: numbers-api
#       labels:
#         app: numbers-api
#     spec:
#       containers:
#         - name: api
#           image: kiamol/ch03-numbers-api
#   good: |
#     apiVersion: apps/v1
#     kind: Deployment
#     metadata:
#       name: numbers-api
#     spec:
#       replicas: 2
#       selector:
#         matchLabels:
#           app: numbers-api
#       template:
#         metadata:
#           labels:
#             app: numbers-api
#         spec:
#           containers:
#             - name: api
#               image: kiamol/ch03-numbers-api
package kubeknot.rules.bare_pod

findings contains f if {
	some p in input.resources.Pod
	p.own
	p.group == ""
	not p.superseded
	not p.replaces
	not p.controlled

	# The default is Always.
	object.get(p.object, ["spec", "restartPolicy"], null) in {null, "", "Always"}

	every key in ["kubernetes.io/config.mirror", "helm.sh/hook"] {
		object.get(p.object, ["metadata", "annotations", key], null) == null
	}

	f := {
		"resource": p.ref,
		"msg": sprintf("%s has no controller", [trim_space(sprintf("Pod %s", [p.name]))]),
		"consequence": "once it is evicted or deleted, or its node fails, nothing makes it again",
		"help": "move it into the template of a Deployment, or of a Job if it is to end",
	}
}
