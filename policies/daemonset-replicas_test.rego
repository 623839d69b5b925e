package kubeknot.rules.daemonset_replicas_test

import data.kubeknot.rules.daemonset_replicas

proxy := {
	"ref": 3,
	"own": true,
	"superseded": false,
	"group": "apps",
	"kind": "DaemonSet",
	"name": "proxy",
	"object": {"spec": {"replicas": 2}},
}

findings(changes) := of(object.union(proxy, changes))

of(daemonset) := fs if {
	fs := daemonset_replicas.findings with input as {"resources": {"DaemonSet": [daemonset]}}
}

test_reports_replicas if {
	some f in findings({})
	f.msg == "DaemonSet proxy sets replicas, a field that a DaemonSet does not have"
	f.path == ["spec", "replicas"]
	f.resource == 3
}

# kubectl refuses each version that it is given, not only the last one.
test_reports_a_superseded_version if {
	count(findings({"superseded": true})) == 1
}

test_reports_any_value[value] if {
	some value in [0, "2", false]
	count(findings({"object": {"spec": {"replicas": value}}})) == 1
}

test_silent[name] if {
	some name, changes in {
		"replicas are null": {"object": {"spec": {"replicas": null}}},
		"an ancestor directory's": {"own": false},
		"another group": {"group": "apps.kruise.io"},
	}
	findings(changes) == set()
}

test_silent_without_replicas if {
	of(json.patch(proxy, [{"op": "remove", "path": "/object/spec/replicas"}])) == set()
}
