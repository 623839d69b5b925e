package policies

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
)

// yields is the body of a policy that reports one finding about the first
// Deployment, with more keys.
func yields(more string) string {
	return fmt.Sprintf("findings contains f if f := object.union({\"resource\": input.resources.Deployment[0].ref, \"msg\": \"m\"}, %s)\n", more)
}

func TestFindingWithAllItsParts(t *testing.T) {
	t.Parallel()
	rule, err := policyOf(yields(`{
	"path": ["spec", "list", 1, "name"], "label": "l", "consequence": "c", "notes": ["n1", "n2"], "help": "h",
	"claim": "suspect", "evidence": "near-miss",
	"related": [{"resource": input.resources.Deployment[1].ref, "path": ["spec", "replicas"], "msg": "r"}],
}`))
	if err != nil {
		t.Fatal(err)
	}
	g := graphOf(tree{
		"u/a.yaml":    deployment("a") + "  list: [{name: x}, {name: y}]\n",
		"base/b.yaml": deployment("b"),
	}, nil)
	findings, err := run(rule, g)
	if err != nil || len(findings) != 1 {
		t.Fatalf("%v, %v", findings, err)
	}
	got := findings[0]
	if show(got) != "u/a.yaml:7: name: y: m" {
		t.Errorf("got %s", show(got))
	}
	if len(got.Related) != 1 || string(got.Related[0].Location.Text()) != "replicas: 2" || got.Related[0].Location.File.Path != "base/b.yaml" || got.Related[0].Message != "r" {
		t.Errorf("related: %+v", got.Related)
	}
	got.Location, got.Related, got.Resource = analyzer.Finding{}.Location, nil, nil
	want := analyzer.Finding{
		Rule: "some-rule", Unit: "u", Claim: analyzer.Suspect, Evidence: analyzer.NearMiss, Severity: analyzer.Warning,
		Message: "m", Label: "l", Consequence: "c", Notes: []string{"n1", "n2"}, Help: "h", Path: []string{"spec", "list", "1", "name"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFindingWithTheLeastParts(t *testing.T) {
	t.Parallel()
	rule, err := policyOf(yields("{}"))
	if err != nil {
		t.Fatal(err)
	}
	findings, err := run(rule, graphOf(tree{"u/a.yaml": deployment("a")}, nil))
	if err != nil || len(findings) != 1 {
		t.Fatalf("%v, %v", findings, err)
	}
	f := findings[0]
	if show(f) != "u/a.yaml:2: Deployment: m" || f.Claim != analyzer.Broken || f.Evidence != analyzer.Certain || f.Severity != analyzer.Error {
		t.Errorf("got %s %s %s %s", show(f), f.Claim, f.Evidence, f.Severity)
	}
}

func TestWrongFindings(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, want string }{
		"unknown key":           {yields(`{"message": "x"}`), `"message": unknown key`},
		"key no string":         {yields(`{1: "x"}`), "a key: a value of type number where a string belongs"},
		"message no string":     {yields(`{"msg": 1}`), `"msg": a value of type number where a string belongs`},
		"message empty":         {yields(`{"msg": ""}`), `no "msg"`},
		"no resource":           {`findings contains {"msg": "x"}`, `no "resource"`},
		"not an object":         {`findings contains "x"`, "a value of type string where an object belongs"},
		"resource no ref":       {yields(`{"resource": "Deployment a"}`), `"resource": a value of type string where the ref of a resource belongs`},
		"resource out of range": {yields(`{"resource": 2}`), `"resource": not the ref of a resource`},
		"resource negative":     {yields(`{"resource": -1}`), `"resource": not the ref of a resource`},
		"resource a fraction":   {yields(`{"resource": 0.5}`), `"resource": not the ref of a resource`},
		"not the unit's own":    {yields(`{"resource": input.resources.Deployment[1].ref}`), `"resource": Deployment b is not the unit's own but of base/b.yaml`},
		"path no array":         {yields(`{"path": "spec.replicas"}`), `"path": a value of type string where an array belongs`},
		"path with null":        {yields(`{"path": ["spec", null]}`), `"path": a value of type null where a string belongs`},
		"path with fraction":    {yields(`{"path": ["spec", 1.5]}`), `"path": a number that is no index`},
		"notes no array":        {yields(`{"notes": "x"}`), `"notes": a value of type string where an array belongs`},
		"claim unknown":         {yields(`{"claim": "fatal"}`), `"claim": use rejected, broken, suspect, advice or policy`},
		"evidence unknown":      {yields(`{"evidence": "sure"}`), `"evidence": use certain`},
		"related incomplete":    {yields(`{"related": [{"msg": "x"}]}`), `"related": it needs "resource" and "msg"`},
		"related unknown key":   {yields(`{"related": [{"resource": 0, "msg": "x", "line": 1}]}`), `"related": "line": unknown key`},
		"builtin fails":         {yields(`{"help": to_number("x")}`), "some-rule.rego:13"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule, err := policyOf(test.body)
			if err != nil {
				t.Fatal(err)
			}
			findings, err := run(rule, graphOf(tree{"u/a.yaml": deployment("a"), "base/b.yaml": deployment("b")}, nil))
			if err == nil || !strings.HasPrefix(err.Error(), "some-rule.rego: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if len(findings) > 0 {
				t.Errorf("reported %v", findings)
			}
		})
	}
}

func TestPolicyThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	body := "findings contains f if {\n\tsome x in numbers.range(1, 10000)\n\tsome y in numbers.range(1, 10000)\n\tx * y < 0\n\tf := {}\n}\n"
	rules, err := Loader{limits: limits{time: 20 * time.Millisecond, memory: 1 << 30}}.load(fstest.MapFS{"some-rule.rego": {Data: []byte(header + body)}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = run(rules[0], graphOf(tree{"u/a.yaml": deployment("a")}, nil))
	if want := "some-rule.rego: it did not come to an end within 20ms"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestUnitWithoutItsKindsIsNotEvaluated(t *testing.T) {
	t.Parallel()
	rule, err := policyOf("findings contains 1\n") // an error wherever it is evaluated
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string]tree{
		"other kinds":         {"u/a.yaml": "apiVersion: v1\nkind: Pod\n"},
		"only in the context": {"u/a.yaml": "apiVersion: v1\nkind: Pod\n", "base/b.yaml": deployment("b")},
		"nothing":             {},
	} {
		g := graphOf(files, nil)
		if _, err := run(rule, g); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every policy of a unit may run at the same time.
func TestPoliciesRunConcurrently(t *testing.T) {
	t.Parallel()
	rules, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	var files strings.Builder
	for i := range 20 {
		files.WriteString("---\n" + strings.Replace(deployment(fmt.Sprint("d", i)), "  replicas: 2\n", "  x: y\n", 1))
	}
	g := graphOf(tree{"u/a.yaml": files.String()}, nil)
	var wg sync.WaitGroup
	for range 4 {
		for _, r := range rules {
			wg.Go(func() {
				findings, err := run(r, g)
				if err != nil || r.ID == "replicas-default" && len(findings) != 20 {
					t.Errorf("%s: %d findings, %v", r.ID, len(findings), err)
				}
			})
		}
	}
	wg.Wait()
}
