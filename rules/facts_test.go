package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// heldFacts are facts of a real control plane that are easily taken for something else, each
// with the fixtures that hold the rules to it: directories of testdata, which
// TestFixtures and TestTruth run.
var heldFacts = []struct{ fact, fixtures string }{
	{"kubectl accepts a key twice, and the last one counts", "duplicate-key/bad-label-twice duplicate-key/bad-second-spec-replaces-the-first duplicate-key/bad-json truth/dupkey-replicas truth/dupkey-label-mismatch"},
	{"kubectl reads YAML 1.1: y and on are booleans, 010 is 8, null is nothing", "wrong-type/bad-number-as-label wrong-type/bad-no-whole-number wrong-type/bad-quoted-replicas wrong-type/ok-octal-and-whole-float service-selects-nothing/bad-null-label-vanishes replicas-default/bad-replicas-null truth/replicas-null truth/label-number"},
	{"files without a kind are passed over, and the others applied", "truth/doc-values-yaml truth/doc-template syntax-error/ok-broken-file-of-another-tool"},
	{"files are applied in the order of their names, and the last version stays", "replicas-default/ok-later-file-sets-them selector-template-mismatch/bad-version-that-a-later-file-mends syntax-error/bad-middle-document truth/recursive-on"},
	{"only a Namespace, a definition, and the ServiceAccount of a bare Pod must come first", "applied-too-early/bad-namespace-behind-them applied-too-early/bad-custom-resource-with-its-definition applied-too-early/bad-pod-before-its-account applied-too-early/ok-deployment-before-its-account truth/crd-order truth/ref-serviceaccount-order truth/ref-serviceaccount-order-deployment truth/ref-pvc-order"},
	{"apply deletes nothing", "truth/removed-object"},
	{"replicas that a later version leaves out go back to 1", "replicas-default/bad-update-drops-replicas truth/replicas-removed"},
	{"an environment variable twice is warned of, and accepted", "api-warning/bad-env-twice truth/dup-env"},
	{"unknown fields are refused by strict validation alone", "unknown-field/bad-misspelt unknown-field/bad-in-another-case daemonset-replicas/bad-replicas truth/replicas-in-daemonset truth/sel-toplevel-nonstrict"},
	{"controllers with overlapping selectors do not fight", "selectors-overlap/ok-nobody-counts-them selectors-overlap/bad-two-deployments-behind-a-service service-mixed-backends/bad-daemonset-below-the-deployment truth/overlap-two-deployments truth/overlap-deployment-daemonset truth/overlap-deployment-statefulset"},
	{"all controllers adopt bare Pods but a Deployment, a StatefulSet by their name", "bare-pod-adoptable/bad-and-replicaset bare-pod-adoptable/bad-and-replicationcontroller bare-pod-adoptable/bad-and-daemonset bare-pod-adoptable/bad-and-statefulset-of-its-name bare-pod-adoptable/bad-and-manual-job bare-pod-adoptable/ok-and-deployment bare-pod-adoptable/ok-and-statefulset-of-another-name bare-pod-adoptable/ok-pod-of-another-namespace"},
	{"a Deployment adopts a ReplicaSet by the labels of the ReplicaSet itself", "replicaset-adoptable/bad-other-template replicaset-adoptable/bad-same-template replicaset-adoptable/ok-labels-of-its-pods-alone truth/overlap-rs-labelled-same-template"},
	{"a selector may not change, even into one that means the same, but a ReplicationController's", "immutable-field-changed/bad-selector immutable-field-changed/ok-replication-controller truth/selector-same-rewritten truth/immutable-sts-fields"},
	{"a ReplicationController takes its selector from the template, a Job makes its own", "selector-missing/ok-replicationcontroller selector-missing/ok-replicationcontroller-with-empty-selector selector-template-mismatch/ok-expression-notin-of-an-absent-key invalid-value/bad-job-with-a-selector-of-its-own selector-template-mismatch/bad-job-with-manual-selector truth/sel-none-replicationcontroller truth/me-notin-ok truth/sel-job-none"},
	{"a changed template of a ReplicaSet leaves its pods alone", "truth/rs-template-change truth/template-label-added-replicaset"},
	{"a later version may take its pods from a Service by a label that it drops", "service-selects-nothing/bad-update-drops-the-label service-selects-nothing/bad-update-changes-the-label"},
	{"a number that no container declares works as a targetPort", "service-target-port-unresolved/ok-number-nobody-declares service-target-port-undeclared/ok-nothing-declared service-target-port-undeclared/ok-several-ports truth/svc-targetport-no-containerport"},
	{"a port name is looked up for each pod, with its protocol, in sidecars but not in init containers", "service-target-port-unresolved/bad-only-in-an-init-container service-target-port-unresolved/ok-in-a-sidecar service-target-port-unresolved/bad-other-protocol service-target-port-unresolved/bad-pods-of-one-of-two-workloads truth/svc-targetport-name-missing truth/svc-targetport-name-init truth/svc-targetport-protocol"},
	{"an empty selector is none for a Service, and all for a PodDisruptionBudget", "service-without-endpoints/bad-empty-selector pdb-selects-nothing/ok-whole-namespace pdb-selects-nothing/bad-no-selector pdb-overlap/ok-no-selector-selects-none truth/svc-empty-selector truth/pdb-empty-selector"},
	{"port names of containers are stricter than those of Services, and targetPort may be 0", "invalid-value/bad-port-numbers-and-names invalid-value/ok-service-names-and-ports truth/port-range"},
	{"the name of a Service may begin with a digit", "invalid-value/ok-service-names-and-ports truth/name-invalid"},
	{"Services select by labels that controllers add, and an ExternalName by none", "service-selects-nothing/ok-external-name-with-selector service-selects-nothing/ok-statefulset-pod-name-label service-selects-nothing/ok-statefulset-pod-index-label service-selects-nothing/ok-job-name-label truth/svc-job-name"},
	{"the pods of a Job are endpoints while they run", "service-selects-nothing/ok-every-kind-of-workload truth/svc-job-running truth/svc-job-completed"},
	{"a DaemonSet that no node fits is silent", "node-selector-no-node/bad-daemonset-label-nobody-has truth/nodesel-miss"},
	{"what a DaemonSet's pod needs beside labels leaves it Pending", "host-port-conflict/bad-daemonset-and-deployment truth/hostport-two-workloads truth/requests-sum-too-big"},
	{"a DaemonSet tolerates a cordon, and no control plane", "node-selector-no-node/ok-daemonset-tolerates-a-cordon node-selector-no-node/bad-deployment-on-cordoned-nodes node-selector-no-node/bad-daemonset-on-control-planes-alone"},
	{"a label that a node gets later lets the pods in by itself", "node-selector-no-node/ok-no-node-is-known"},
	{"anti-affinity to a key that no node has keeps nobody out, a spread constraint everybody", "anti-affinity-exceeds-nodes/ok-key-that-no-node-has spread-key-missing/bad-zone pod-affinity-unsatisfiable/ok-itself affinity-no-effect/bad-spread truth/antiaff-missing-topologykey truth/spread-missing-key truth/aff-nobody truth/spread-no-selector"},
	{"pods that fill all nodes run, and cannot be updated", "anti-affinity-rollout-deadlock/bad-host-port anti-affinity-rollout-deadlock/bad-a-pod-on-every-node anti-affinity-rollout-deadlock/bad-daemonset-surges-with-a-host-port"},
	{"an empty term of node affinity fits no node, and no term is refused", "node-affinity-empty-term/bad-only-terms node-selector-no-node/bad-affinity-gt-of-no-number node-selector-no-node/ok-terms-are-alternatives field-missing/bad-probe-and-node-terms truth/nodeaff-or"},
	{"nodeName passes by taints, but not by the kubelet", "node-name-mismatch/bad-unknown-node node-name-mismatch/bad-node-selector node-name-mismatch/ok-tainted-node truth/nodename-ok"},
	{"a StatefulSet waits for its first pod", "node-selector-no-node/bad-statefulset-label-nobody-has truth/sts-ordered-stuck"},
	{"what admission refuses in pods it accepts in templates", "pods-refused/bad-image-with-a-space pods-refused/bad-pod-security pods-refused/bad-limit-range pods-refused/bad-pod-is-refused-at-once class-missing/bad-priority-class service-account-missing/bad-name-one-letter-off truth/workload-vs-limitrange truth/quota-limitrange truth/ref-serviceaccount-pod"},
	{"the name of a StatefulSet of 53 letters leaves it without pods", "statefulset-name-too-long/bad-depends-on-the-hash statefulset-name-too-long/ok-just-fits truth/name-length-statefulset truth/cronjob-name-length"},
	{"only mounted volumes need their ConfigMap, but all need their claim", "config-ref-missing/ok-volume-that-nobody-mounts config-ref-missing/bad-mounted-volume pvc-missing/bad-volume-that-nobody-mounts pvc-missing/ok-claim-of-a-statefulset config-ref-missing/ok-pull-secret truth/ref-configmap-volume-mounted truth/ref-secret-volume truth/ref-pvc-unmounted truth/ref-imagepullsecret"},
	{"nobody minds the serviceName of a StatefulSet", "statefulset-service-name/ok-service-name-left-out statefulset-service-name/ok-no-service-at-all truth/sts-service-missing truth/sts-servicename-omitted"},
	{"a schedule that never comes is accepted", "cronjob-never-runs/bad-february cronjob-never-runs/ok-real-schedules invalid-value/bad-cronjob truth/cronjob-bad-schedule truth/cronjob-timezone"},
	{"two Ingresses of one path, and references to nothing, are accepted", "ingress-path-conflict/bad-two-backends ingress-backend-missing/bad-nothing-close network-policy-selects-nothing/ok-pods-from-elsewhere truth/ingress-dup-host"},
	{"an autoscaler's target is found by group and kind, not by version or case", "hpa-target-missing/ok-version-is-ignored hpa-target-missing/ok-kind-in-lower-case hpa-target-missing/bad-no-group-is-refused hpa-target-missing/bad-core-group-is-refused hpa-target-missing/bad-group-that-lost-the-kind truth/hpa-kind-lowercase"},
	{"a DaemonSet cannot be scaled", "hpa-target-unscalable/bad-daemonset truth/hpa-wrong-kind"},
	{"utilization needs a request of every container of every pod that matches", "hpa-missing-request/bad-one-of-three-containers hpa-missing-request/bad-bare-pod-of-the-same-labels hpa-missing-request/ok-limits-alone hpa-missing-request/ok-limitrange-default hpa-missing-request/ok-average-value truth/hpa-no-requests truth/hpa-naked-pod-same-label truth/hpa-limits-only truth/hpa-averagevalue-no-requests"},
	{"two autoscalers of the same pods both stop", "hpa-ambiguous/bad-one-target-in-one-file hpa-ambiguous/bad-selectors-overlap hpa-ambiguous/ok-overlap-with-an-unscaled-target truth/hpa-two-same-target"},
	{"replicas in the manifest fight the autoscaler, and 0 switches it off", "hpa-disabled-zero/bad-replicas-zero hpa-fights-replicas/bad-within-the-limits"},
	{"a budget of a DaemonSet takes a number alone, one without limits blocks, two block", "pdb-needs-scale/bad-daemonset pdb-needs-scale/bad-bare-pods-only pdb-needs-scale/ok-number-of-a-daemonset pdb-without-limit/bad-neither pdb-overlap/bad-two-files pdb-blocks-drain/bad-hundred-percent truth/pdb-neither truth/pdb-min-100"},
}

// TestFactsAreHeld fails if a fixture that a fact relies on is gone.
func TestFactsAreHeld(t *testing.T) {
	t.Parallel()
	for _, f := range heldFacts {
		fixtures := strings.Fields(f.fixtures)
		if len(fixtures) == 0 {
			t.Errorf("%s: no fixture", f.fact)
		}
		for _, fixture := range fixtures {
			if info, err := os.Stat(filepath.Join("../testdata", fixture)); err != nil || !info.IsDir() {
				t.Errorf("%s: no fixture %s", f.fact, fixture)
			}
		}
	}
}
