package helm_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/secret"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// chart makes a chart of pairs of names and texts. It has a Chart.yaml unless
// one is given.
func chart(pairs ...string) fstest.MapFS {
	files := fstest.MapFS{"Chart.yaml": {Data: []byte("apiVersion: v2\nname: shop\nversion: 0.1.0\n")}}
	for i := 0; i < len(pairs); i += 2 {
		files[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return files
}

func TestNotRendered(t *testing.T) {
	t.Parallel()
	const name = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
	const template = "templates/a.yaml"
	const schema = `{"properties": {"port": {"type": "integer"}}}`
	for _, tt := range []struct {
		about string
		files fstest.MapFS
		want  string
	}{
		{"a library", chart("Chart.yaml", name+"type: library\n"), "a library chart is not installed by itself"},
		{"no name", chart("Chart.yaml", "apiVersion: v2\n"), "validation: chart.metadata.name is required"},
		{
			"a template of a dependency that is not there",
			chart("Chart.yaml", name+"dependencies: [{name: cache}, {name: queue}]\n", "charts/queue/Chart.yaml", strings.ReplaceAll(name, "shop", "queue"), "templates/a.yaml", "{{ include \"cache.name\" . }}\n"),
			`shop/templates/a.yaml:1: template: no template "cache.name" associated with template "gotpl" (its charts/ lacks cache)`,
		},
		{"another version of Kubernetes", chart("Chart.yaml", name+"kubeVersion: < 1.30\n"), "the chart wants Kubernetes < 1.30, and this is v1.36"},
		{"fail", chart(template, "a: b\n{{ fail \"say which port\" }}\n"), "shop/templates/a.yaml:2: say which port"},
		{"a value that is required", chart(template, "\n\n  {{- required \"port is missing\" .Values.port }}\n"), "shop/templates/a.yaml:3: port is missing"},
		{"a value of nothing", chart(template, "a: {{ .Values.web.port }}\n"), "shop/templates/a.yaml:1: .Values.web.port: nil pointer evaluating interface {}.port"},
		{"a syntax error", chart(template, "a: b\n{{ if }}\n"), "shop/templates/a.yaml:2: missing value for if"},
		{"a named template that fails", chart(template, "{{ include \"x\" . }}", "templates/_x.tpl", "\n{{ define \"x\" }}{{ .Values.web.port }}{{ end }}"), "shop/templates/_x.tpl:2: .Values.web.port: nil pointer evaluating interface {}.port"},
		{"output that is no YAML", chart(template, "a: b\nc: {{ print \"d: e\" }}\n"), "shop/templates/a.yaml:2: what the template makes is no YAML: mapping values are not allowed in this context"},
		{"output that is no object", chart(template, "{{ print 1 }}\n"), "shop/templates/a.yaml:1: what the template makes is no object"},
		{"values that are no YAML", chart("values.yaml", "a: b\nc: d: e\n"), "shop/values.yaml:2: mapping values are not allowed in this context"},
		{"values of a dependency that are no YAML", chart("charts/cache/Chart.yaml", name, "charts/cache/values.yaml", "a: 'b\n"), "shop/charts/cache/values.yaml:1: found unexpected end of stream"},
		{"values that are no mapping", chart("values.yaml", "- a\n"), "cannot load values.yaml: cannot unmarshal yaml document: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}"},
		{"values against the schema", chart("values.schema.json", schema, "values.yaml", "name: a\nport: http\n"), "shop/values.yaml:2: values.schema.json of chart shop: at '/port': got string, want integer"},
		{
			"a credential against the schema",
			chart("values.schema.json", `{"properties": {"password": {"pattern": "^x$"}}}`, "values.yaml", "password: K1\n"),
			"shop/values.yaml:1: values.schema.json of chart shop: at '/password': the value does not fit",
		},
		{
			"values of a dependency against its schema",
			chart("charts/cache/Chart.yaml", strings.ReplaceAll(name, "shop", "cache"), "charts/cache/values.schema.json", schema, "values.yaml", "cache: {port: x}\n"),
			"shop/values.yaml:1: values.schema.json of chart cache: at '/port': got string, want integer",
		},
	} {
		t.Run(tt.about, func(t *testing.T) {
			t.Parallel()
			_, err := render(t, tt.files)
			var refused *helm.NotRendered
			if !errors.As(err, &refused) || err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestBroken tells charts that no values mend from those that want some.
func TestBroken(t *testing.T) {
	t.Parallel()
	const schema = `{"properties": {"port": {"type": "integer"}}, "required": ["name"]}`
	const list = "a: {{ .Values.x }}: b\n"
	for _, tt := range []struct {
		about string
		files fstest.MapFS
		want  bool
	}{
		{"fail", chart("templates/a.yaml", "{{ fail \"x\" }}"), false},
		{"required", chart("templates/a.yaml", "{{ required \"x\" .Values.x }}"), false},
		{"a value of nothing", chart("templates/a.yaml", "a: {{ .Values.web.port }}\n"), false},
		{"a named template that is not there", chart("templates/a.yaml", "a: {{ include \"x\" . }}\n"), false},
		{"a template that does not parse", chart("templates/a.yaml", "a: {{ if }}\n"), true},
		{"a function that does not exist", chart("templates/a.yaml", "a: {{ toJsn .Values }}\n"), true},
		{"a named template that does not parse", chart("templates/a.yaml", "a: b\n", "templates/_x.tpl", "{{ define \"x\" }}\n{{ end }\n"), true},
		{"values that are no YAML", chart("values.yaml", "a: b\n c: d\n"), true},
		{"a value against the schema", chart("values.schema.json", schema, "values.yaml", "port: x\nname: a\n"), true},
		{"a value that the schema wants", chart("values.schema.json", schema), false},
		{"an empty value against the schema", chart("values.schema.json", schema, "values.yaml", "port: \"\"\nname: a\n"), false},
		{"output that is no YAML", chart("templates/a.yaml", list, "values.yaml", "x: y\n"), true},
		{"output that lacks a value", chart("templates/a.yaml", list), false},
	} {
		var refused *helm.NotRendered
		if _, err := render(t, tt.files); !errors.As(err, &refused) || refused.Broken != tt.want {
			t.Errorf("%s: %v, broken is not %t", tt.about, err, tt.want)
		}
	}
}

func TestDependenciesThatAreNotThere(t *testing.T) {
	t.Parallel()
	const name = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
	files := chart("Chart.yaml", name+"dependencies: [{name: cache}, {name: extra, condition: extra.enabled}]\n", "values.yaml", "extra: {enabled: false}\n",
		"templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")
	r, err := render(t, files)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Missing) != 1 || r.Missing[0] != "cache" {
		t.Errorf("missing: %q", r.Missing)
	}
	object(t, r, "ConfigMap a")
}

func TestDependenciesByFile(t *testing.T) {
	t.Parallel()
	const name = "apiVersion: v2\nname: shop\nversion: 0.1.0\n"
	common := chart("Chart.yaml", "apiVersion: v2\nname: common\nversion: 0.1.0\ntype: library\ndependencies: [{name: common, repository: file://.}]\n",
		"templates/_x.tpl", "{{ define \"common.name\" }}shared{{ end }}\n")
	files := chart("Chart.yaml", name+"dependencies: [{name: common, repository: file://../common}]\n",
		"templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ include \"common.name\" . }}\n")
	r, err := helm.Render(helm.Chart{FS: files, Path: "shop", Rel: "shop", Local: func(way string) (fs.FS, error) {
		if way != "../common" {
			return nil, fs.ErrNotExist
		}
		return common, nil
	}}, helm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Local || len(r.Missing) > 0 {
		t.Errorf("local %t, missing %q", r.Local, r.Missing)
	}
	object(t, r, "ConfigMap shared")
}

func TestGivenValuesThatAreNoYAML(t *testing.T) {
	t.Parallel()
	if _, err := render(t, chart(), "a: b\n", "a: b\n\tc: d\n"); err == nil || !strings.HasPrefix(err.Error(), "values-1.yaml:2: ") {
		t.Errorf("got %v", err)
	}
}

// A schema may not be used to read other files or the network.
func TestSchemasThatLeadElsewhereArePassedOver(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{"file:///etc/hostname", "http://127.0.0.1:1/schema.json", "other.json"} {
		schema := fmt.Sprintf(`{"properties": {"port": {"$ref": %q}}}`, ref)
		if _, err := render(t, chart("values.schema.json", schema, "values.yaml", "port: x\n")); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
}

func TestHooks(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, hook := range []string{"pre-install", "post-upgrade, pre-install", "test", "test-success", "crd-install", "pre-install,nonsense"} {
		fmt.Fprintf(&text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {helm.sh/hook: %q}}\n", hook)
	}
	r, err := render(t, chart("templates/a.yaml", text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(r.Files[0].Resources()); got != 2 || r.Tests != 2 {
		t.Errorf("got %d objects and %d tests", got, r.Tests)
	}
}

func TestSecretsOfChartsAreHidden(t *testing.T) {
	t.Parallel()
	values := "mail:\n  apiKey: K1\n  host: h\n  existingSecret: s\nplain: K2\ndatabase:\n  auth:\n    password: K3\n"
	r, err := render(t, chart("values.yaml", values, "templates/a.yaml", `apiVersion: v1
kind: Secret
metadata: {name: a}
stringData:
  fixed: K4
  given: {{ .Values.plain }}
  both: user:K5@{{ .Values.mail.host }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
data:
  key: {{ .Values.mail.apiKey }}
  plain: {{ .Values.plain }}
  host: {{ .Values.mail.host }}
  password: {{ .Values.database.auth.password }}
`))
	if err != nil {
		t.Fatal(err)
	}
	template, data := object(t, r, "Secret a").File(), object(t, r, "ConfigMap b")
	shown := []string{template.LineText(5), template.LineText(6), template.LineText(7)}
	for _, key := range []string{"key", "plain", "host", "password"} {
		at := data.Location("data", key)
		shown = append(shown, at.File.LineText(at.Start().Line))
	}
	want := []string{
		"  fixed: " + secret.Mask, "  given: {{ .Values.plain }}", "  both: " + secret.Mask,
		"  apiKey: " + secret.Mask, "plain: " + secret.Mask, "  host: " + secret.Mask, "    password: " + secret.Mask,
	}
	for i := range want {
		if shown[i] != want[i] {
			t.Errorf("got %q, want %q", shown[i], want[i])
		}
	}
	if got := data.Location("data", "host").File.LineText(4); got != "  existingSecret: s" {
		t.Errorf("the name of a Secret is shown as %q", got)
	}
}

func TestRepeatedKeysLeadBack(t *testing.T) {
	t.Parallel()
	r, err := render(t, chart("templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n{{ if true }}\n  name: b\n{{- end }}\n"))
	if err != nil {
		t.Fatal(err)
	}
	problems := r.Files[0].Documents[0].Problems
	if len(problems) != 1 {
		t.Fatalf("got %d problems", len(problems))
	}
	at := source.Location{File: r.Files[0].File, Span: problems[0].Span}
	if where(at) != "shop/templates/a.yaml:6:3 name" || where(problems[0].First) != "shop/templates/a.yaml:4:3 name" || problems[0].Resource != r.Files[0].Resources()[0] {
		t.Errorf("got %s and %s", where(at), where(problems[0].First))
	}
}
