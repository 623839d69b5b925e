package policies

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

var update = flag.Bool("update", false, "write what conftest ($KUBEKNOT_CONFTEST) says into testdata/conftest")

// verdictFile holds what conftest says of a case, differsFile what kubeknot
// says if that is something else: the head of the case explains why.
const (
	verdictFile = "verdict"
	differsFile = "kubeknot"
)

// TestSameVerdictsAsConftest judges the cases of testdata/conftest. make conftest
// has conftest judge them too.
func TestSameVerdictsAsConftest(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/conftest/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	tool := os.Getenv("KUBEKNOT_CONFTEST")
	for _, name := range cases {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			c := openCase(t, name)
			if tool != "" {
				c.expect(t, verdictFile, c.conftest(t, tool))
			}
			if want := c.file(differsFile); want != nil {
				c.expect(t, differsFile, c.kubeknot(t))
				if bytes.Equal(want, c.file(verdictFile)) {
					t.Errorf("%s and %s are the same", differsFile, verdictFile)
				}
				return
			}
			if diff := cmp.Diff(string(c.file(verdictFile)), c.kubeknot(t)); diff != "" {
				t.Errorf("(-conftest +kubeknot)\n%s", diff)
			}
		})
	}
}

// conftestCase is a case, written into dir.
type conftestCase struct {
	name, dir string
	archive   *txtar.Archive
}

func openCase(t *testing.T, name string) *conftestCase {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := txtar.Write(archive, dir); err != nil {
		t.Fatal(err)
	}
	return &conftestCase{name, dir, archive}
}

// file returns a file of the case, nil if it has none of that name.
func (c *conftestCase) file(name string) []byte {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return append([]byte{}, f.Data...)
		}
	}
	return nil
}

// expect compares a file of the case with what was said, or writes it.
func (c *conftestCase) expect(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		c.archive.Files = slices.DeleteFunc(c.archive.Files, func(f txtar.File) bool { return f.Name == name })
		c.archive.Files = append(c.archive.Files, txtar.File{Name: name, Data: []byte(got)})
		if err := os.WriteFile(c.name, txtar.Format(c.archive), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(c.file(name)), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", name, diff)
	}
}

// failed is the verdict of a run that does not come to its end.
const failed = "the run fails\n"

// conftest runs the command.
func (c *conftestCase) conftest(t *testing.T, tool string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, "test", "m", "--no-fail", "-o", "json")
	cmd.Dir = c.dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if stderr.Len() == 0 {
			t.Fatal(err)
		}
		return failed
	}
	type result struct{ Msg string }
	var results []struct {
		Filename           string
		Warnings, Failures []result
	}
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var lines []string
	for _, r := range results {
		for _, m := range r.Failures {
			lines = append(lines, fmt.Sprintf("error %s: %s\n", r.Filename, m.Msg))
		}
		for _, m := range r.Warnings {
			lines = append(lines, fmt.Sprintf("warning %s: %s\n", r.Filename, m.Msg))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// kubeknot judges the manifests as one unit.
func (c *conftestCase) kubeknot(t *testing.T) string {
	t.Helper()
	path, combined := filepath.Join(c.dir, "policy"), false
	if toml := c.file(conftestToml); toml != nil {
		path, combined = c.dir, bytes.Contains(toml, []byte("combine = true"))
	}
	if !(conftest{}).knows(path) {
		t.Fatal("not taken for conftest's")
	}
	rules, err := Loader{}.Files(path)
	if err != nil {
		t.Log(err)
		return failed
	}
	var lines []string
	for _, r := range rules {
		findings, err := run(r, c.graph())
		if err != nil {
			t.Log(err)
			return failed
		}
		for _, f := range findings {
			file := f.Location.File.Path
			if combined {
				file = "Combined"
			}
			lines = append(lines, fmt.Sprintf("%s %s: %s\n", f.Severity, file, f.Message))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func (c *conftestCase) graph() *graph.Graph {
	spec := unit.Spec{Dir: "m", Kind: unit.Directory}
	for _, f := range c.archive.Files {
		if strings.HasPrefix(f.Name, "m/") {
			spec.Files = append(spec.Files, f.Name)
		}
	}
	u := unit.Assemble(spec, "m", "", func(path string) *manifest.File {
		return manifest.Parse(source.NewFile(path, path, c.file(path)))
	})
	return graph.Build(u, nil)
}

// placed returns where the finding of the only message of a policy stands.
func placed(t *testing.T, manifest, message string) string {
	t.Helper()
	dir := written(t, map[string]string{"a.rego": "package main\n\ndeny contains " + message + " if {\n\tinput.kind == \"Deployment\"\n\tinput.spec.replicas == null\n}\n"})
	rules, err := Loader{}.Files(dir)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := run(rules[0], graphOf(tree{"u/a.yaml": manifest}, nil))
	if err != nil || len(findings) != 1 {
		t.Fatalf("%v, %v", findings, err)
	}
	f := findings[0]
	return strings.TrimSuffix(fmt.Sprintf("%d: %s: %s", f.Location.Start().Line, f.Location.Text(), strings.Join(f.Notes, " ")), ": ")
}

func TestConftestPlaces(t *testing.T) {
	t.Parallel()
	const manifest = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    example.com/owner: nobody
spec:
  paused: true
  replicas:
  template:
    spec:
      containers:
      - name: web
        image: web:1
      - name: log
        image: log:2
`
	for message, want := range map[string]string{
		`{"msg": "m", "path": ["spec", "template", "spec", "containers", 1, "image"]}`: "16: image: log:2",
		`{"msg": "m", "path": "spec.template.spec.containers[1].image"}`:               "16: image: log:2",
		`{"msg": "m", "field": "/spec/template/spec/containers/0/image"}`:              "14: image: web:1",
		`{"msg": "m", "location": "$.metadata.annotations['example.com/owner']"}`:      "6: example.com/owner: nobody",
		`{"msg": "m", "path": "deployment.yaml"}`:                                      "2: Deployment",
		`{"msg": "m", "path": "spec.template.spec.priority"}`:                          "11: spec",
		`{"msg": "m", "_loc": {"file": "u/a.yaml", "line": 8}}`:                        "8: paused: true",
		`{"msg": "m", "_loc": {"line": 8}}`:                                            "8: paused: true",
		`{"msg": "m", "_loc": {"file": "values.yaml", "line": 3}}`:                     "2: Deployment: The policy names line 3 of values.yaml.",
		`{"msg": "m", "_loc": {"file": "u/a.yaml", "line": 99}}`:                       "2: Deployment: The policy names line 99 of u/a.yaml.",
		`"set spec.template.spec.containers[0].image, please."`:                        "14: image: web:1",
		`"image 'log:2' is not allowed"`:                                               "16: image: log:2",
		`"web must set replicas"`:                                                      "9: replicas",
		`"Deployment web is paused"`:                                                   "2: Deployment",
		`"no place at all"`:                                                            "2: Deployment",
	} {
		if got := placed(t, manifest, message); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", message, got, want)
		}
	}
}

func TestConftestRulesAreDescribed(t *testing.T) {
	t.Parallel()
	dir := written(t, map[string]string{"a.rego": "package main\n\n# METADATA\n# title: A title\n# description: Why\n# related_resources:\n# - ref: https://example.com/\ndeny_some_thing contains \"x\" if true\n\nwarn contains \"x\" if true\n"})
	rules, err := Loader{}.Files(dir)
	if err != nil || len(rules) != 2 {
		t.Fatalf("%v, %v", rules, err)
	}
	file := filepath.ToSlash(filepath.Join(dir, "a.rego"))
	for i := range rules {
		rules[i].Run = nil
	}
	want := []*analyzer.Rule{
		{ID: "main-deny-some-thing", Title: "A title", Why: "Why", References: []string{"https://example.com/"}, Claim: analyzer.Policy, Policy: file},
		{ID: "main-warn", Title: "The rule warn of package main", Claim: analyzer.Policy, Policy: file},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
}

func TestConftestErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a denied function":        {map[string]string{"a.rego": "package main\n\ndeny contains \"x\" if time.now_ns() > 1\n"}, "a.rego:3:22: a policy may not call time.now_ns: it depends on the time"},
		"a function of conftest's": {map[string]string{"a.rego": "package main\n\ndeny contains \"x\" if parse_config_file(\"x\") == 1\n"}, "a.rego:3:22: a policy may not call parse_config_file: it reads files"},
		"Rego v0":                  {map[string]string{"a.rego": "package main\n\ndeny[m] { m = 1 }\n"}, `policies of Rego v0 are read with rego-version = "v0" in a conftest.toml`},
		"another package":          {map[string]string{"a.rego": "package k8s\n\ndeny contains \"x\" if true\n"}, "no rule deny, violation or warn in package main of"},
		"another key's type":       {map[string]string{"conftest.toml": "policy = 1\n"}, "1 is no string"},
		"another version":          {map[string]string{"conftest.toml": "policy = \".\"\nrego-version = \"v2\"\n"}, `rego-version is "v2": use v0 or v1`},
		"no data":                  {map[string]string{"conftest.toml": "policy = \".\"\ndata = \"none\"\n", "a.rego": "package main\n\ndeny contains \"x\" if true\n"}, "reading the data of policies"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Loader{}.Files(written(t, test.files))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
