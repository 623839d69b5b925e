package config_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// A case is a configuration and all that is wrong with it. What a schema
// cannot know is marked.
var cases = []struct {
	name, config string
	faults       []string
	blind        bool // the schema accepts it
}{
	{name: "empty", config: "{}"},
	{name: "every kind of value", config: `
rules: {bare-pod: off, bare-replicaset: {severity: info}, node-port-conflict: {options: {first: 1}}}
require-reason: false
ignore: [{rule: bare-pod, paths: [a], expires: 2027-01-01}]
kubernetes-version: 1.30
nodes: [{name: n, labels: {a: b}, taints: [{key: k, effect: NoExecute}]}]
`},
	{name: "unknown key", config: "exlude: [a]\nrulez: {}\nnothing-like-it: 1\n", faults: []string{
		`kubeknot.yaml:1:1: the configuration has no key "exlude"; did you mean exclude?`,
		`kubeknot.yaml:2:1: the configuration has no key "rulez"; did you mean rules?`,
		`kubeknot.yaml:3:1: the configuration has no key "nothing-like-it"`}},
	{name: "unknown key inside", config: "overrides:\n  - path: [a]\n    rules: {bare-pod: off}\n", faults: []string{
		`kubeknot.yaml:2:5: an entry of overrides has no key "path"; did you mean paths?`,
		`kubeknot.yaml:2:5: an entry of overrides needs paths or resources; what holds everywhere belongs to rules`}},
	{name: "wrong types", config: "exclude: a\nrules: [bare-pod]\nrequire-reason: yes\nnamespace: 1\nunits: {}\nnodes: 3\n", faults: []string{
		"kubeknot.yaml:1:10: exclude must be a list, not a string",
		"kubeknot.yaml:2:8: rules must be a mapping, not a list",
		"kubeknot.yaml:3:17: require-reason must be true or false, not a string",
		"kubeknot.yaml:4:12: namespace must be a string, not a number: put it in quotes",
		"kubeknot.yaml:5:8: units must be a list, not a mapping",
		"kubeknot.yaml:6:8: nodes must be a file or a list, not a number"}},
	{name: "wrong types inside", config: "exclude: [a, 1, [b]]\nexternal: [{kind: Pod, name: x, labels: {a: true}}]\n", faults: []string{
		"kubeknot.yaml:1:14: an entry of exclude must be a string, not a number: put it in quotes",
		"kubeknot.yaml:1:17: an entry of exclude must be a string, not a list",
		"kubeknot.yaml:2:45: a must be a string, not true or false: put it in quotes"}},
	{name: "no value", config: "exclude:\nrules:\n  bare-pod:\n", faults: []string{
		"kubeknot.yaml:1:9: exclude has no value: give it one or take it out",
		"kubeknot.yaml:3:12: bare-pod has no value: give it one or take it out"}},
	{name: "unknown rule", config: "rules:\n  bare-pods: off\nrequire-reason: false\nignore:\n  - {rule: something-else, paths: [a]}\n", faults: []string{
		`kubeknot.yaml:2:3: no rule "bare-pods"; did you mean bare-pod?`,
		`kubeknot.yaml:5:12: no rule "something-else"`}},
	{name: "unknown rule in an override", config: "overrides: [{paths: [a], rules: {bare-pods: off}}]", faults: []string{
		`kubeknot.yaml:1:34: no rule "bare-pods"; did you mean bare-pod?`}},
	{name: "unknown severity", config: "rules:\n  bare-pod: warnings\n  bare-replicaset: {severity: high}\n  hpa-ambiguous: false\n  replicas-default: {}\n", faults: []string{
		`kubeknot.yaml:2:13: bare-pod cannot be "warnings": use off, on, error, warning or info; did you mean warning?`,
		`kubeknot.yaml:3:31: severity cannot be "high": use off, on, error, warning or info`,
		"kubeknot.yaml:4:18: hpa-ambiguous must be a string, not true or false: put it in quotes",
		"kubeknot.yaml:5:21: replicas-default needs a severity or options"}},
	{name: "fail-on", config: "fail-on: none\n", faults: []string{
		`kubeknot.yaml:1:10: fail-on cannot be "none": use error, warning, info or never`}},
	{name: "options", config: `rules:
  node-port-conflict: {options: {fist: 1, last: high}}
  bare-pod: {options: {a: 1}}
`, faults: []string{
		`kubeknot.yaml:2:34: options of node-port-conflict has no key "fist"; did you mean first?`,
		"kubeknot.yaml:2:49: last must be a whole number, not a string",
		"kubeknot.yaml:3:23: bare-pod has no options"}},
	{name: "options that do not fit", blind: true, config: "rules: {node-port-conflict: {options: {first: 40000}}}", faults: []string{
		"kubeknot.yaml:1:39: options of node-port-conflict: 40000-32767 is no range of ports"}},
	{name: "patterns", config: "exclude: ['!a', /a, ../a, ..]\n", faults: []string{
		`kubeknot.yaml:1:11: an entry of exclude "!a" is negated, which patterns cannot be: say what to report with include`,
		`kubeknot.yaml:1:17: an entry of exclude "/a" is absolute: patterns are relative to the directory of the configuration file`,
		`kubeknot.yaml:1:21: an entry of exclude "../a" leads out of the directory of the configuration file`,
		`kubeknot.yaml:1:27: an entry of exclude ".." leads out of the directory of the configuration file`}},
	{name: "brackets", blind: true, config: "exclude: ['a[', 'b{', 'a/../../b']\n", faults: []string{
		`kubeknot.yaml:1:11: an entry of exclude "a[" is no pattern: a bracket or brace is not closed`,
		`kubeknot.yaml:1:17: an entry of exclude "b{" is no pattern: a bracket or brace is not closed`,
		`kubeknot.yaml:1:23: an entry of exclude "a/../../b" leads out of the directory of the configuration file`}},
	{name: "objects", config: "overrides: [{resources: [web, deployment/web, a/b/C/d], rules: {bare-pod: off}}]\n", faults: []string{
		`kubeknot.yaml:1:26: an entry of resources "web" is no object: write Kind/name or namespace/Kind/name`,
		`kubeknot.yaml:1:31: an entry of resources "deployment/web" is no object: write Kind/name or namespace/Kind/name`,
		`kubeknot.yaml:1:47: an entry of resources "a/b/C/d" is no object: write Kind/name or namespace/Kind/name`}},
	{name: "an ignore for everything", config: "ignore: [{rule: bare-pod, reason: r}]", faults: []string{
		"kubeknot.yaml:1:10: an entry of ignore needs paths or resources; to switch a rule off everywhere, write bare-pod: off below rules"}},
	{name: "no reason", blind: true, config: "ignore: [{rule: bare-pod, paths: [a]}]", faults: []string{
		"kubeknot.yaml:1:10: an entry of ignore needs a reason, or require-reason: false"}},
	{name: "dates", config: "ignore: [{rule: bare-pod, paths: [a], reason: r, expires: tomorrow}]", faults: []string{
		`kubeknot.yaml:1:59: expires "tomorrow" is no day: write it like 2027-01-31`}},
	{name: "a day that is not there", blind: true, config: "ignore: [{rule: bare-pod, paths: [a], reason: r, expires: '2027-02-30'}]", faults: []string{
		`kubeknot.yaml:1:59: expires "2027-02-30" is no day: write it like 2027-01-31`}},
	{name: "missing keys", config: "ignore: [{paths: [a], reason: r}]\nunits: [{name: ''}]\n", faults: []string{
		"kubeknot.yaml:1:10: an entry of ignore needs the key rule",
		"kubeknot.yaml:2:9: an entry of units needs the key files",
		"kubeknot.yaml:2:16: name is empty"}},
	{name: "two units of one name", blind: true, config: "units: [{name: a, files: [x]}, {name: a, files: [y]}]\n", faults: []string{
		"kubeknot.yaml:1:32: two units are called a"}},
	{name: "version", config: "kubernetes-version: latest", faults: []string{
		`kubeknot.yaml:1:21: no Kubernetes version "latest": write it like 1.31`}},
	{name: "nodes", config: "nodes: [{labels: {}}, {name: a, taints: [{key: k, effect: Never}]}]", faults: []string{
		"kubeknot.yaml:1:9: an entry of nodes needs the key name",
		`kubeknot.yaml:1:59: effect cannot be "Never": use NoSchedule, PreferNoSchedule or NoExecute`}},
	{name: "files that are not there", blind: true, config: "nodes: nodes.yaml\npolicies: [rego]\nextends: base.yaml\n", faults: []string{
		"kubeknot.yaml:1:8: nodes: nodes.yaml: no such file or directory",
		"kubeknot.yaml:2:12: an entry of policies: rego: no such file or directory",
		"kubeknot.yaml:3:10: extends: base.yaml: no such file or directory"}},
	{name: "not a mapping", config: "- a\n", faults: []string{
		"kubeknot.yaml:1:1: the configuration must be a mapping, not a list"}},
}

func TestFaultsAreAllReportedWithTheirPlaces(t *testing.T) {
	t.Parallel()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(strings.Join(tt.faults, "\n"), faults(t, tt.config)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// Faults of the file itself, which no schema gets to see.
func TestFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, config, want string }{
		{"syntax", "rules: {\n", "kubeknot.yaml:2:1: did not find expected node content"},
		{"key twice", "fail-on: info\nfail-on: error\n", `kubeknot.yaml:2:1: the configuration has the key "fail-on" twice`},
		{"two documents", "fail-on: info\n---\nfail-on: error\n", "kubeknot.yaml:2:1: a configuration is one document, and here starts another"},
		{"placeholder", "namespace: {{ x }\n", "kubeknot.yaml:1:1: it cannot be read: it is no YAML in UTF-8, or it holds placeholders of a templating tool"},
		{"a loop", "extends: b.yaml\n-- b.yaml --\nextends: kubeknot.yaml\n", "b.yaml:1:10: extends leads back to kubeknot.yaml"},
		{"in the base", "extends: b.yaml\nfail-on: x\n-- b.yaml --\nrules: {x: off}\n",
			"b.yaml:1:9: no rule \"x\"\nkubeknot.yaml:2:10: fail-on cannot be \"x\": use error, warning, info or never"},
		{"an alias", "include: &a [1]\nexclude: *a\n", "kubeknot.yaml:1:14: an entry of include must be a string, not a number: put it in quotes\n" +
			"kubeknot.yaml:1:14: an entry of exclude must be a string, not a number: put it in quotes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, faults(t, tt.config)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// The schema says what the decoder says, but for what it cannot know.
func TestSchemaAgreesWithTheDecoder(t *testing.T) {
	t.Parallel()
	schema := compileSchema(t)
	for _, tt := range cases {
		err := validate(t, schema, tt.config)
		if bad := len(tt.faults) > 0 && !tt.blind; (err != nil) != bad {
			t.Errorf("%s: refused by the decoder: %t; by the schema: %v", tt.name, len(tt.faults) > 0, err)
		}
	}
}

func TestSchemaIsUpToDate(t *testing.T) {
	t.Parallel()
	all, err := allRules()
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.Schema(all)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(schemaFile); err != nil || string(got) != string(want)+"\n" {
		t.Errorf("%s is not up to date, run \"go generate ./...\" (%v)", schemaFile, err)
	}
}

const schemaFile = "../../docs/schema/kubeknot.schema.json"

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("kubeknot.json", doc); err != nil {
		t.Fatal(err)
	}
	return c.MustCompile("kubeknot.json")
}

// validate judges a configuration as an editor does.
func validate(t *testing.T, schema *jsonschema.Schema, text string) error {
	t.Helper()
	var n yaml.Node
	if err := yaml.Unmarshal([]byte(text), &n); err != nil {
		t.Fatal(err)
	}
	value, _ := manifest.Value(manifest.FromYAML(&n))
	return schema.Validate(value)
}
