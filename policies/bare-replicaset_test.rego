package kubeknot.rules.bare_replicaset_test

import data.kubeknot.rules.bare_replicaset

whoami := {
	"ref": 0,
	"own": true,
	"superseded": false,
	"replaces": false,
	"controlled": false,
	"group": "apps",
	"kind": "ReplicaSet",
	"name": "whoami-web",
	"object": {"spec": {"replicas": 1}},
}

controller := object.union(whoami, {"ref": 1, "group": "", "kind": "ReplicationController"})

findings(changes) := fs if {
	fs := bare_replicaset.findings with input as {"resources": {
		"ReplicaSet": [object.union(whoami, changes)],
		"ReplicationController": [controller],
	}}
}

test_reports_a_replicaset_alone if {
	{f.msg | some f in findings({})} == {"ReplicaSet whoami-web has no Deployment"}
}

test_silent[name] if {
	some name, changes in {
		"a controller owns it": {"controlled": true},
		"a later file defines it again": {"superseded": true},
		"told where it is defined first": {"replaces": true},
		"an ancestor directory's": {"own": false},
		"another group": {"group": "example.com"},
	}
	findings(changes) == set()
}
