package kubeknot.rules.PACKAGE_test

import data.kubeknot.rules.PACKAGE

found(image) := f if f := PACKAGE.findings with input as {"resources": {"Deployment": [{
	"ref": 0,
	"own": true,
	"superseded": false,
	"name": "web",
	"object": {"spec": {"template": {"spec": {"containers": [{"image": image}]}}}},
}]}}

test_latest_is_found if {
	some f in found("web:latest")
	f.msg == "Deployment web runs web:latest"
}

test_version_is_fine if found("web:1.2") == set()
