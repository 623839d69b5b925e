package kubeknot.rules.bare_pod_test

import data.kubeknot.rules.bare_pod

pod := {
	"ref": 0,
	"own": true,
	"superseded": false,
	"replaces": false,
	"controlled": false,
	"group": "",
	"kind": "Pod",
	"name": "sleep",
	"object": {"metadata": {"name": "sleep"}, "spec": {"containers": []}},
}

found(changes) := {f.msg | some f in findings(changes)}

findings(changes) := fs if {
	fs := bare_pod.findings with input as {"resources": {"Pod": [object.union(pod, changes)]}}
}

test_reports[name] if {
	some name, changes in {
		"no restartPolicy": {},
		"restartPolicy null": {"object": {"spec": {"restartPolicy": null}}},
		"restartPolicy Always": {"object": {"spec": {"restartPolicy": "Always"}}},
		"other annotations": {"object": {"metadata": {"annotations": {"helm.sh/chart": "x"}}}},
		"annotations null": {"object": {"metadata": {"annotations": null}}},
	}
	found(changes) == {"Pod sleep has no controller"}
}

test_leaves_out_a_missing_name if {
	found({"name": ""}) == {"Pod has no controller"}
}

test_silent[name] if {
	some name, changes in {
		"runs to completion": {"object": {"spec": {"restartPolicy": "Never"}}},
		"runs until it succeeds": {"object": {"spec": {"restartPolicy": "OnFailure"}}},
		"restartPolicy is a placeholder": {"object": {"spec": {"restartPolicy": "${POLICY}"}}},
		"a kubelet's mirror": {"object": {"metadata": {"annotations": {"kubernetes.io/config.mirror": "1"}}}},
		"a Helm hook": {"object": {"metadata": {"annotations": {"helm.sh/hook": "test"}}}},
		"a controller owns it": {"controlled": true},
		"a later file defines it again": {"superseded": true},
		"told where it is defined first": {"replaces": true},
		"an ancestor directory's": {"own": false},
		"another group": {"group": "metrics.k8s.io"},
	}
	found(changes) == set()
}
