package rules_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// later lists recorded scenarios that are not in testdata/truth yet, by the
// subject of the rules that will need them. Who writes such a rule moves them
// in; the test fails if a name stands here and there.
var later = map[string][]string{
	"what a second version may not change": {
		"immutable-job-parallelism", "immutable-sts-fields", "selector-same-rewritten",
		"strategy-type-change-defaulted", "volume-source-change", "svc-type-changed", "svc-ports-changed",
		"ports-tcp-udp-update", "probe-handler-change",
	},
	"autoscalers: ranges, requests, rivals": {
		"hpa-limits-only", "hpa-min-gt-max", "hpa-no-requests", "hpa-two-same-target",
	},
	"disruption budgets": {
		"pdb-both", "pdb-empty-selector", "pdb-min-100", "pdb-min-gt-replicas", "pdb-neither", "pdb-ok",
		"pdb-replicas-zero", "pdb-statefulset-pct",
	},
	"affinity between pods, spreading, host ports, resources": {
		"aff-other-namespace", "antiaff-more-replicas", "hostport-two-workloads", "requests-sum-too-big",
		"spread-missing-key", "spread-no-selector",
	},
	"ports and kinds of Services, Ingresses": {
		"ingress-dup-host", "port-range", "svc-loadbalancer-multi", "svc-multiport-onename", "svc-nodeport-range",
		"svc-targetport-name-differs", "svc-targetport-name-init", "svc-targetport-name-missing",
		"svc-targetport-name-missing-one-of-two", "svc-targetport-name-ok", "svc-targetport-name-some-pods",
		"svc-targetport-protocol",
	},
	"references": {
		"ref-configmap-env", "ref-configmap-envfrom", "ref-configmap-init", "ref-configmap-key",
		"ref-configmap-volume-mounted", "ref-imagepullsecret", "ref-namespace", "ref-projected-mounted",
		"ref-pvc-order", "ref-pvc-unmounted", "ref-runtimeclass", "ref-secret-as-configmap", "ref-secret-volume",
		"ref-secret-volume-mounted", "ref-serviceaccount-order", "ref-serviceaccount-order-deployment",
		"ref-serviceaccount-pod", "sts-service-missing", "sts-servicename-omitted", "sts-vct-no-storageclass",
		"crd-order",
	},
	"fields: unknown, of a wrong type, out of range": {
		"api-removed", "cronjob-bad-schedule", "cronjob-name-length", "cronjob-timezone",
		"deployment-restart-never", "dup-container-name", "dup-env", "dup-mountpath", "dup-volume-name",
		"ephemeral-volume-types", "generatename", "init-container-probe", "label-number", "name-invalid",
		"name-length-statefulset", "probe-liveness", "pullpolicy-bad", "secret-data-not-base64",
		"servicename-in-deployment", "strategy-in-daemonset", "vct-in-deployment", "vct-mount-undeclared",
	},
	"quotas and limits":         {"quota-limitrange", "quota-then-deployment", "workload-vs-limitrange"},
	"which files kubectl reads": {"doc-template", "doc-values-yaml", "recursive-on"},
	"Jobs that end: their pods are endpoints only while they run": {"svc-job-completed"},
	"pods that wait for something":                                {"sts-ordered-stuck"},
}

// refusals are the words of the API server and of kubectl for what the rules
// claim to be rejected. Refusals in other words are left to later rules.
var refusals = regexp.MustCompile("`selector` does not match template `labels`" +
	"|spec.selector: Required value" +
	"|empty selector is invalid" +
	"|not a valid (label )?selector operator" +
	`|unknown field "spec.replicas"` +
	`|unknown field "selector"`)

// placement are the words of the scheduler for nodes that do not fit.
var placement = regexp.MustCompile(`node affinity/selector|untolerated taint`)

// facts are what facts.json keeps of a recorded scenario.
type facts struct {
	Steps []step `json:"steps"`
}

type step struct {
	Accepted []string          `json:"accepted"`
	Refused  map[string]string `json:"refused"` // "Kind name" → the refusal
	Services map[string]struct {
		Selector     map[string]string `json:"selector"`
		EndpointPods int               `json:"endpointPods"`
	} `json:"services"`
	Workloads map[string]struct { // by "Kind name"
		Desired       int    `json:"desired"`
		Ready         int    `json:"ready"`
		Unschedulable string `json:"unschedulable"`
	} `json:"workloads"`
	HPAs map[string]map[string]struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"hpas"`
}

// refused returns the objects that were refused for what the rules look at.
func (s *step) refused() []string {
	found := []string{}
	for object, why := range s.Refused {
		if refusals.MatchString(why) {
			found = append(found, object)
		}
	}
	slices.Sort(found)
	return found
}

// broken returns the objects that were accepted and did not work because of
// what the rules look at.
func (s *step) broken() []string {
	found := []string{}
	for name, service := range s.Services {
		if len(service.Selector) > 0 && service.EndpointPods == 0 {
			found = append(found, "Service "+name)
		}
	}
	for object, w := range s.Workloads {
		if strings.HasPrefix(object, "DaemonSet ") && w.Desired == 0 || placement.MatchString(w.Unschedulable) {
			found = append(found, object)
		}
	}
	for name, conditions := range s.HPAs {
		if conditions["AbleToScale"].Status == "False" {
			found = append(found, "HorizontalPodAutoscaler "+name)
		}
	}
	slices.Sort(found)
	return found
}

// TestTruth compares what the rules claim with what a real control plane did:
// rejected is what it refused, broken is what did not work, and nothing else
// is either of them.
func TestTruth(t *testing.T) {
	t.Parallel()
	const root = "../testdata/truth"
	scenarios, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, scenario := range scenarios {
		t.Run(scenario.Name(), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(root, scenario.Name())
			data, err := os.ReadFile(filepath.Join(dir, "facts.json"))
			if err != nil {
				t.Fatal(err)
			}
			var recorded facts
			if err := json.Unmarshal(data, &recorded); err != nil {
				t.Fatal(err)
			}
			for i, step := range recorded.Steps {
				compareStep(t, dir, i+1, &step)
			}
		})
	}
}

// compareStep lints the manifests of one step alone.
func compareStep(t *testing.T, dir string, number int, s *step) {
	t.Helper()
	result, err := analyzertest.Lint(t, filepath.Join(dir, fmt.Sprint(number)), driver.Options{
		Rules: all(t), Nodes: nodesOf(t, dir), Namespace: "default",
	})
	if err != nil {
		t.Fatal(err)
	}
	claimed := map[analyzer.Claim][]string{analyzer.Rejected: {}, analyzer.Broken: {}}
	for _, f := range result.Findings {
		object := ""
		if f.Resource != nil {
			object = f.Resource.String()
		}
		claimed[f.Claim] = append(claimed[f.Claim], object)
	}
	for claim, happened := range map[analyzer.Claim][]string{analyzer.Rejected: s.refused(), analyzer.Broken: s.here(s.broken())} {
		slices.Sort(claimed[claim])
		if diff := cmp.Diff(happened, slices.Compact(claimed[claim])); diff != "" {
			t.Errorf("step %d: %s (-what happened, +what was claimed):\n%s%s", number, claim, diff, listed(result.Findings))
		}
	}
}

// here returns the objects that the step itself applied: what earlier steps
// left behind is not linted.
func (s *step) here(objects []string) []string {
	return slices.DeleteFunc(objects, func(object string) bool {
		kind, name, _ := strings.Cut(object, " ")
		return !slices.ContainsFunc(s.Accepted, func(accepted string) bool {
			resource, n, _ := strings.Cut(accepted, "/")
			resource, _, _ = strings.Cut(resource, ".")
			return strings.EqualFold(resource, kind) && n == name
		})
	})
}

// nodesOf returns the inventory of a scenario: its own, or three plain nodes.
func nodesOf(t *testing.T, dir string) string {
	t.Helper()
	nodes := filepath.Join(dir, "nodes.yaml")
	if _, err := os.Stat(nodes); err != nil {
		nodes = "../testdata/nodes/three-plain.yaml"
	}
	nodes, err := filepath.Abs(nodes)
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

func listed(findings []analyzer.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "  %s: %s %s: %s\n", f.Rule, f.Claim, f.Evidence, f.Message)
	}
	return b.String()
}

// TestTruthLeftToLaterRules keeps the list of what is not judged yet honest.
func TestTruthLeftToLaterRules(t *testing.T) {
	t.Parallel()
	for subject, names := range later {
		for _, name := range names {
			if _, err := os.Stat(filepath.Join("../testdata/truth", name)); err == nil {
				t.Errorf("%s is judged now: take it from the list of %q", name, subject)
			}
		}
	}
}
