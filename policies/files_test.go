package policies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
)

// written writes policies to a new directory.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const ownRule = `package kubeknot.rules.own_rule

findings contains {"resource": w.ref, "msg": "m"} if some w in input.resources.Deployment
`

func TestFilesGiveDefaults(t *testing.T) {
	t.Parallel()
	dir := written(t, map[string]string{"own-rule.rego": ownRule, "own-rule_test.rego": "not read"})
	rules, err := Loader{}.Files(dir)
	if err != nil || len(rules) != 1 {
		t.Fatalf("%v, %v", rules, err)
	}
	findings, err := run(rules[0], graphOf(tree{"u/a.yaml": deployment("a")}, nil))
	if err != nil || len(findings) != 1 || show(findings[0]) != "u/a.yaml:2: Deployment: m" {
		t.Errorf("%v, %v", findings, err)
	}
	rules[0].Run = nil
	want := &analyzer.Rule{ID: "own-rule", Title: "own-rule", Claim: analyzer.Suspect, Policy: filepath.ToSlash(filepath.Join(dir, "own-rule.rego"))}
	if diff := cmp.Diff(want, rules[0]); diff != "" {
		t.Error(diff)
	}
}

func TestFilesImportLibraries(t *testing.T) {
	t.Parallel()
	dir := written(t, map[string]string{
		"lib.rego":      "package lib\n\nname(r) := r.name\n",
		"own_rule.rego": "package kubeknot.rules.own_rule\n\nfindings contains {\"resource\": w.ref, \"msg\": data.lib.name(w)} if some w in input.resources.Deployment\n",
	})
	rules, err := Loader{}.Files(filepath.Join(dir, "own_rule.rego"), filepath.Join(dir, "lib.rego"))
	if err != nil || len(rules) != 1 || rules[0].ID != "own-rule" {
		t.Fatalf("%v, %v", rules, err)
	}
	findings, err := run(rules[0], graphOf(tree{"u/a.yaml": deployment("a")}, nil))
	if err != nil || len(findings) != 1 || findings[0].Message != "a" {
		t.Errorf("%v, %v", findings, err)
	}
}

func TestFilesErrors(t *testing.T) {
	t.Parallel()
	kinds := "# METADATA\n# custom:\n#   kinds: [Deployment]\n" + ownRule
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"misspelt part of the unit":   {map[string]string{"own-rule.rego": ownRule + "\nx if input.unit.complet\n"}, "own-rule.rego:5:6: rego_type_error: undefined ref: input.unit.complet"},
		"misspelt part of a resource": {map[string]string{"own-rule.rego": strings.Replace(kinds, "w.ref", "w.reff", 1)}, "own-rule.rego:6:32: rego_type_error: undefined ref"},
		"kind that is not named":      {map[string]string{"own-rule.rego": strings.Replace(kinds, "resources.Deployment", "resources.Deploiment", 1)}, "own-rule.rego:6:64: rego_type_error: undefined ref: input.resources.Deploiment"},
		"package of another name":     {map[string]string{"other.rego": ownRule}, "other.rego:1:1: the package is kubeknot.rules.own_rule, but the name of the file asks for kubeknot.rules.other"},
		"findings in a library":       {map[string]string{"other.rego": "package main\n\nfindings contains 1\n"}, "the package is main, but the name of the file asks for kubeknot.rules.other"},
		"two files of one id":         {map[string]string{"own-rule.rego": ownRule, "own_rule.rego": ownRule}, "is the rule own-rule already: rename one of the files"},
		"an id that is none":          {map[string]string{"Own.rego": "package kubeknot.rules.Own\n\nfindings contains 1\n"}, `the name of the file gives the id "Own", which is not kebab-case`},
		"unknown key":                 {map[string]string{"own-rule.rego": strings.Replace(kinds, "kinds: [Deployment]", "severity: error", 1)}, "own-rule.rego:1:1: METADATA: custom.severity is unknown"},
		"no policies":                 {nil, "no *.rego files"},
		"libraries alone":             {map[string]string{"lib.rego": "package lib\n"}, "no file of package kubeknot.rules."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Loader{}.Files(written(t, test.files))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	if _, err := (Loader{}).Files("no-such-path"); err == nil {
		t.Error("a missing path is no error")
	}
}

// What the schema says is what a policy gets.
func TestInputFitsItsSchema(t *testing.T) {
	t.Parallel()
	hpa := "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}\n"
	in := inputOf(graphOf(tree{"u/a.yaml": deployment("a") + hpa, "base/b.yaml": deployment("b")}, nil))
	value, err := in.value(nil)
	if err != nil {
		t.Fatal(err)
	}
	if problems := violations(t, value.String()); problems != "" {
		t.Error(problems)
	}
	if problems := violations(t, strings.Replace(value.String(), `"scaledBy"`, `"scaled"`, 1)); problems == "" {
		t.Error("another field fits the schema")
	}
}
