package policies

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

type number = json.Number

// resources returns the resources of a manifest.
func resources(path, text string) []*manifest.Resource {
	return manifest.Parse(source.NewFile(path, path, []byte(text))).Resources()
}

func TestValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ yaml, want string }{
		"strings":             {`["a", 'b', c, "1", !!str 2, 2024-01-01, !!binary aGk=]`, `["a","b","c","1","2","2024-01-01","aGk="]`},
		"integers":            {`[0, -7, 512, 513, 9007199254740993, 010, 0x1F, 1_000, 18446744073709551615]`, `[0,-7,512,513,9007199254740993,8,31,1000,18446744073709551615]`},
		"floats":              {`[1.5, 1e3, .5]`, `[1.5,1000,0.5]`},
		"no JSON numbers":     {`[.inf, -.inf, .nan]`, `[".inf","-.inf",".nan"]`},
		"truth values":        {`[true, false, True]`, `[true,false,true]`},
		"nulls":               {`[null, ~, {a: }]`, `[null,null,{"a":null}]`},
		"the last key counts": {`{a: 1, b: 2, a: {b: 3}}`, `{"a":{"b":3},"b":2}`},
		"same key, deeper":    {`{a: {a: {a: 1}}}`, `{"a":{"a":{"a":1}}}`},
		"aliases":             {`[&x {a: 1}, *x, {b: *x}]`, `[{"a":1},{"a":1},{"b":{"a":1}}]`},
		"merge keys":          {`[&x {a: 1, b: 1}, {<<: *x, b: 2}, {<<: [{c: 3}, *x]}]`, `[{"a":1,"b":1},{"a":1,"b":2},{"a":1,"b":1,"c":3}]`},
		"keys are strings":    {`{1: a, true: b, null: c}`, `{"1":"a","null":"c","true":"b"}`},
		"empty":               {`[{}, [], ""]`, `[{},[],""]`},
	} {
		r := resources("a.yaml", "apiVersion: v1\nkind: X\nv: "+test.yaml+"\n")[0]
		term, err := newConverter().object(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := asJSON(t, term.Get(ast.StringTerm("v")).Value); got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", name, got, test.want)
		}
	}
}

func asJSON(t *testing.T, v ast.Value) string {
	t.Helper()
	data, err := ast.JSON(v)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(data)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What a policy is given is what kubectl sends.
func TestValueAgreesWithAppendJSON(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir("../testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, ".y") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, r := range resources(path, string(text)) {
			if r.IsSecret() {
				continue
			}
			seen++
			term, err := newConverter().object(r)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			data, _ := manifest.AppendJSON(nil, r.Node)
			want, err := ast.ValueFromReader(bytes.NewReader(data))
			if err != nil {
				t.Errorf("%s: %v", path, err)
			} else if want.Compare(term.Value) != 0 || want.Hash() != term.Value.Hash() {
				t.Errorf("%s: %s\n%s", path, r, cmp.Diff(asJSON(t, want), asJSON(t, term.Value)))
			}
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Errorf("%d resources, %v", seen, err)
	}
}

// kubectl takes these, the server does not. What kubectl refuses, as most aliases
// inside of aliases, reaches no policy.
func TestTooLargeObjectsAreErrors(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"wide": "l: &l [" + strings.Repeat("x,", 300_000) + "]\nm: [*l, *l, *l]\n",
		"deep": "l: " + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := graphOf(tree{"u/a.yaml": "# one\n" + deployment("bomb") + text}, nil)
			_, err := run(embeddedRule(t, "replicas-default"), g)
			want := "policies/replicas-default.rego: u/a.yaml:3: Deployment bomb is too large: "
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestSecretsStayHidden(t *testing.T) {
	t.Parallel()
	r := resources("a.yaml", `apiVersion: v1
kind: Secret
type: Opaque
metadata:
  name: s
  annotations:
    a: b
    kubectl.kubernetes.io/last-applied-configuration: '{"data": "XXX"}'
data: {user: XXX, list: [XXX], empty: null}
stringData: XXX
other: {deep: {er: XXX}}
`)[0]
	term, err := newConverter().object(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"v1","data":{"empty":null,"list":"(hidden)","user":"(hidden)"},"kind":"Secret",` +
		`"metadata":{"annotations":{"a":"b","kubectl.kubernetes.io/last-applied-configuration":"(hidden)"},"name":"s"},` +
		`"other":{"deep":"(hidden)"},"stringData":"(hidden)","type":"Opaque"}`
	if got := asJSON(t, term.Value); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What is no Secret is passed on as it is, whatever its name sounds like.
func TestVariablesHaveTheirValues(t *testing.T) {
	t.Parallel()
	r := resources("a.yaml", `apiVersion: v1
kind: Pod
env:
- {name: GOOGLE_APPLICATION_CREDENTIALS, value: /var/run/gcp/key.json}
- {value: a, <<: {name: API_TOKEN}}
- {name: URL, value: "http://u:p@h/p"}
`)[0]
	term, err := newConverter().object(r)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"name":"GOOGLE_APPLICATION_CREDENTIALS","value":"/var/run/gcp/key.json"},{"name":"API_TOKEN","value":"a"},{"name":"URL","value":"http://u:p@h/p"}]`
	if got := asJSON(t, term.Get(ast.StringTerm("env")).Value); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What a policy says is masked, also of other objects than the one it judges,
// and in its errors.
func TestWhatPoliciesSayIsMasked(t *testing.T) {
	t.Parallel()
	files := tree{"u/a.yaml": `apiVersion: v1
kind: Deployment
metadata: {name: p}
spec:
  env:
  - {name: DB_PASSWORD, value: hunter22}
  - {name: KEY_FILE_TOKEN, value: /var/run/token}
  - {name: URL, value: "http://u:geheim77@h/p"}
---
apiVersion: v1
kind: Deployment
metadata: {name: c}
`}
	rule, err := policyOf(`findings contains {"resource": r.ref, "msg": sprintf("%v", [input.resources.Deployment[_].object.spec.env[_].value])} if {
	some r in input.resources.Deployment
	r.name == "c"
}`)
	if err != nil {
		t.Fatal(err)
	}
	found, err := run(rule, graphOf(files, nil))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, f := range found {
		said = append(said, f.Message)
	}
	slices.Sort(said)
	if want := []string{"********", "/var/run/token", "http://u:********@h/p"}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	rule, err = policyOf(`findings contains {"resource": 0, "msg": "x"} if to_number(input.resources.Deployment[0].object.spec.env[0].value) > 1`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(rule, graphOf(files, nil)); err == nil || strings.Contains(err.Error(), "hunter22") {
		t.Errorf("the error is %v", err)
	}
}
