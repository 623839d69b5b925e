package policies

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
)

const nothing = "findings contains f if {\n\tfalse\n\tf := {}\n}\n"

func TestLoadReadsTheMetadata(t *testing.T) {
	t.Parallel()
	rule, err := policyOf(nothing)
	if err != nil {
		t.Fatal(err)
	}
	rule.Run = nil
	want := &analyzer.Rule{
		ID: "some-rule", Title: "A title", Claim: analyzer.Broken, Kinds: []string{"Deployment"},
		Why: "Why", Bad: "kind: A\n", Good: "kind: B\n",
		References: []string{"https://kubernetes.io/docs/"}, Policy: "some-rule.rego",
	}
	if diff := cmp.Diff(want, rule); diff != "" {
		t.Error(diff)
	}
}

func TestLoadTakesRulesAlone(t *testing.T) {
	t.Parallel()
	other := strings.Replace(header+nothing, "some_rule", "an_other", 1)
	rules, err := Load(fstest.MapFS{
		"some-rule.rego":      {Data: []byte(header + nothing)},
		"some-rule_test.rego": {Data: []byte("not read")},
		"an-other.rego":       {Data: []byte(other)},
		"below/deep.rego":     {Data: []byte("not read")},
		"README.md":           {Data: []byte("not read")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.ID)
	}
	if diff := cmp.Diff([]string{"an-other", "some-rule"}, ids); diff != "" {
		t.Error(diff)
	}
	if rules, err := Load(fstest.MapFS{}); err != nil || len(rules) != 0 {
		t.Errorf("an empty directory: %v, %v", rules, err)
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	whole := header + nothing
	without := func(line string) string {
		var kept []string
		for l := range strings.Lines(whole) {
			if !strings.Contains(l, line) {
				kept = append(kept, l)
			}
		}
		return strings.Join(kept, "")
	}
	swap := func(old, new string) string { return strings.Replace(whole, old, new, 1) }
	for name, test := range map[string]struct{ text, want string }{
		"no metadata":       {"package kubeknot.rules.some_rule\n" + nothing, "some-rule.rego:1:1: no METADATA above the package"},
		"metadata of rule":  {"package kubeknot.rules.some_rule\n# METADATA\n# title: x\n" + nothing, "some-rule.rego:1:1: no METADATA above the package"},
		"no title":          {without("title"), "some-rule.rego:1:1: METADATA: no title"},
		"no description":    {without("description"), "METADATA: no description"},
		"no reference":      {without("re"), "METADATA: no related_resources"},
		"no claim":          {without("claim"), "METADATA: no custom.claim"},
		"no bad example":    {without("bad"), "METADATA: no custom.bad"},
		"no good example":   {without("good"), "METADATA: no custom.good"},
		"bad claim":         {swap("broken", "fatal"), `METADATA: custom.claim is "fatal": use rejected, broken, suspect, advice or policy`},
		"claim no string":   {swap("broken", "[broken]"), "METADATA: custom.claim is not a string"},
		"kinds no list":     {swap("[Deployment]", "Deployment"), "METADATA: custom.kinds is not a list of words"},
		"kinds empty":       {swap("[Deployment]", "[]"), "METADATA: custom.kinds is not a list of words"},
		"unknown custom":    {swap("kinds:", "kind:"), "METADATA: custom.kind is unknown"},
		"metadata no YAML":  {swap("# title: A title", "# title: [A title"), "some-rule.rego:3:1: rego_parse_error"},
		"other package":     {swap("some_rule", "other"), "some-rule.rego:11:1: the package is kubeknot.rules.other, but the name of the file asks for kubeknot.rules.some_rule"},
		"syntax":            {swap("false", "false )"), "some-rule.rego:14:8: rego_parse_error"},
		"no findings":       {header + "deny contains 1\n", `some-rule.rego:11:1: no rule "findings contains f if {...}"`},
		"findings no set":   {header + "findings := 1\n", `some-rule.rego:11:1: no rule "findings contains f if {...}"`},
		"unsafe variable":   {swap("false", "x == 1"), "some-rule.rego:14:2: rego_unsafe_var_error"},
		"unused variable":   {swap("false", "x := 1"), "some-rule.rego:14:2: rego_compile_error: assigned var x unused"},
		"unknown function":  {swap("false", "nope(1)"), "some-rule.rego:14:2: rego_type_error: undefined function nope"},
		"old Rego":          {header + "findings[f] { f := 1 }\n", "some-rule.rego:13:1: rego_parse_error"},
		"input overwritten": {header + nothing + "input := 1\n", "rego_compile_error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(fstest.MapFS{"some-rule.rego": {Data: []byte(test.text)}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestLoadValidatesTheRule(t *testing.T) {
	t.Parallel()
	text := strings.Replace(header+nothing, "some_rule", "rule", 1)
	_, err := Load(fstest.MapFS{"rule.rego": {Data: []byte(text)}})
	if want := "rule.rego:1:1: METADATA: the name of the file gives the id \"rule\", which is not kebab-case"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLoadTellsOfEveryFile(t *testing.T) {
	t.Parallel()
	_, err := Load(fstest.MapFS{
		"a-a.rego": {Data: []byte("package x\n")},
		"b-b.rego": {Data: []byte("package")},
		"c-c.rego": {Mode: fs.ModeDir},
	})
	for _, file := range []string{"a-a.rego:1", "b-b.rego:1", "c-c.rego"} {
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("no word of %s: %v", file, err)
		}
	}
}
