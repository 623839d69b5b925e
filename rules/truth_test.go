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

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// admission are the words of refusals that no manifest decides: what exists in
// the cluster, and what kubectl says of files.
var admission = regexp.MustCompile(`not found$|is forbidden|cannot use generate name|apiVersion not set|error parsing|^error: resource mapping` +
	`|in version "example.com|cannot be handled as a Foo`)

// beyond are the objects that did not work for what no rule looks at, by
// scenario and object.
var beyond = map[string]string{
	"svc-job-completed/Service s":            "its pods have ended",
	"api-removed/Service ok":                 "its pods are refused",
	"ref-configmap-volume-mounted/Service s": "its pods wait for something that is reported there",
	"ref-secret-volume-mounted/Service s":    "its pods wait for something that is reported there",
	"requests-sum-too-big/Deployment x":      "the sizes of nodes are not compared",
	"sts-vct-no-storageclass/StatefulSet x":  "the storage of a cluster is not known",
	"vct-mount-undeclared/StatefulSet x":     "the storage of a cluster is not known",
	"ref-runtimeclass/Deployment x":          "the runtime classes of a cluster are not known",
}

// unseen are the broken objects whose fault facts.json does not show.
var unseen = map[string]string{
	"pdb-ok/PodDisruptionBudget q": "evictions of a pod with two budgets fail, which only an eviction shows",
}

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
		PortsMissing bool              `json:"portsMissing"` // some pods lack a port of the Service
	} `json:"services"`
	Workloads map[string]struct { // by "Kind name"
		Desired       int    `json:"desired"`
		Ready         int    `json:"ready"`
		Unschedulable string `json:"unschedulable"`
		Stuck         bool   `json:"stuck"` // pods wait, or cannot be made
	} `json:"workloads"`
	Budgets map[string]struct {
		Healthy int `json:"healthy"`
		Allowed int `json:"allowed"` // disruptions
	} `json:"budgets"`
	HPAs map[string]map[string]struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"hpas"`
}

// refused returns the objects that the API server refused for what stands in
// them.
func (s *step) refused() []string {
	found := []string{}
	for object, why := range s.Refused {
		if !admission.MatchString(why) {
			found = append(found, object)
		}
	}
	slices.Sort(found)
	return found
}

// outcome sorts the accepted objects into those that did not work and those
// that did. What facts.json does not speak of is in neither.
func (s *step) outcome() (failed, worked []string) {
	put := func(object string, ok bool) {
		if ok {
			worked = append(worked, object)
		} else {
			failed = append(failed, object)
		}
	}
	for name, service := range s.Services {
		if len(service.Selector) > 0 {
			put("Service "+name, service.EndpointPods > 0 && !service.PortsMissing)
		}
	}
	for object, w := range s.Workloads {
		if strings.HasPrefix(object, "CronJob ") || strings.HasPrefix(object, "Job ") {
			continue // their pods come later, and end
		}
		none := strings.HasPrefix(object, "DaemonSet ") && w.Desired == 0
		put(object, !none && !w.Stuck && w.Unschedulable == "" && w.Ready >= w.Desired)
	}
	for name, conditions := range s.HPAs {
		put("HorizontalPodAutoscaler "+name, conditions["AbleToScale"].Status != "False" && conditions["ScalingActive"].Status != "False")
	}
	for name, b := range s.Budgets {
		if b.Healthy > 0 {
			put("PodDisruptionBudget "+name, b.Allowed > 0)
		}
	}
	slices.Sort(failed)
	slices.Sort(worked)
	return failed, worked
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

// compareStep lints the manifests of one step, applied over the step before.
func compareStep(t *testing.T, dir string, number int, s *step) {
	t.Helper()
	result, err := analyzertest.Lint(t, applied(t, dir, number), driver.Options{
		Paths: []string{fmt.Sprint(number)}, Rules: all(t), Nodes: nodesOf(t, dir), Namespace: "default",
	})
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string][]analyzer.Claim{}
	rejected := []string{}
	for _, f := range result.Findings {
		if f.Resource == nil {
			continue
		}
		object := f.Resource.String()
		claims[object] = append(claims[object], f.Claim)
		if f.Claim == analyzer.Rejected {
			rejected = append(rejected, object)
		}
	}
	for _, object := range s.refused() {
		if !slices.Contains(rejected, object) {
			t.Errorf("step %d: %s is not rejected, but was refused: %s\n%s", number, object, s.Refused[object], listed(result.Findings))
		}
	}
	for _, object := range rejected {
		if _, refused := s.Refused[object]; !refused {
			t.Errorf("step %d: %s is rejected, but was accepted\n%s", number, object, listed(result.Findings))
		}
	}
	failed, worked := s.outcome()
	for _, object := range s.here(failed) {
		explained := slices.Contains(claims[object], analyzer.Broken) || slices.Contains(claims[object], analyzer.Suspect)
		if why := beyond[filepath.Base(dir)+"/"+object]; explained == (why != "") {
			t.Errorf("step %d: %s did not work; explained: %v, expected to be beyond the rules: %q\n%s", number, object, explained, why, listed(result.Findings))
		}
	}
	for _, f := range result.Findings {
		if f.Resource != nil && unseen[filepath.Base(dir)+"/"+f.Resource.String()] != "" {
			continue
		}
		if f.Claim == analyzer.Broken && f.Resource != nil && slices.Contains(worked, f.Resource.String()) {
			t.Errorf("step %d: %s worked, and is called broken:\n%s", number, f.Resource, listed(result.Findings))
		}
	}
}

// applied makes a tree in which a step lies in a directory below the step
// before it, which is how a directory says "applied after that".
func applied(t *testing.T, dir string, number int) string {
	t.Helper()
	tree := t.TempDir()
	if number > 1 {
		if err := os.CopyFS(tree, os.DirFS(filepath.Join(dir, fmt.Sprint(number-1)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(tree, fmt.Sprint(number)), os.DirFS(filepath.Join(dir, fmt.Sprint(number)))); err != nil {
		t.Fatal(err)
	}
	return tree
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
