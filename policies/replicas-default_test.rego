package kubeknot.rules.replicas_default_test

import data.kubeknot.rules.replicas_default

sleep := {
	"ref": 0,
	"own": true,
	"superseded": false,
	"replaces": false,
	"controlled": false,
	"scaledBy": null,
	"group": "apps",
	"version": "v1",
	"kind": "Deployment",
	"namespace": "",
	"name": "sleep",
	"object": {"spec": {"template": {}}},
}

# found yields the messages about sleep with some fields changed.
found(changes) := messages("Deployment", changes, false)

messages(kind, changes, rewritten) := {f.msg | some f in findings(kind, changes, rewritten)}

findings(kind, changes, rewritten) := fs if {
	fs := replicas_default.findings with input as {
		"unit": {"rewritten": rewritten},
		"resources": {kind: [object.union(sleep, changes)]},
	}
}

test_reports_missing_replicas if {
	found({}) == {"Deployment sleep does not set replicas, so it runs 1 pod"}
}

test_reports_null if {
	count(found({"object": {"spec": {"replicas": null}}})) == 1
}

test_points_at_spec if {
	some f in findings("Deployment", {}, false)
	f.path == ["spec"]
	f.resource == 0
}

test_reports_every_kind[kind] if {
	some kind, group in {"Deployment": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "ReplicationController": ""}
	messages(kind, {"group": group}, false) == {sprintf("%s sleep does not set replicas, so it runs 1 pod", [kind])}
}

test_tells_of_the_reset_where_it_replaces if {
	some f in findings("Deployment", {"replaces": true}, false)
	contains(f.consequence, "resets it to 1")
}

test_leaves_out_a_missing_name if {
	found({"name": ""}) == {"Deployment does not set replicas, so it runs 1 pod"}
}

test_silent[name] if {
	some name, changes in {
		"replicas are set": {"object": {"spec": {"replicas": 0}}},
		"replicas are a placeholder": {"object": {"spec": {"replicas": "${REPLICAS}"}}},
		"an autoscaler sets them": {"scaledBy": {"kind": "HorizontalPodAutoscaler", "name": "sleep"}},
		"a controller owns it": {"controlled": true},
		"a later file defines it again": {"superseded": true},
		"an ancestor directory's": {"own": false},
		"another group": {"group": "example.com"},
		"no spec": {"object": {"spec": null}},
	}
	found(changes) == set()
}

test_silent_where_kustomize_rewrites if {
	messages("Deployment", {}, true) == set()
}
