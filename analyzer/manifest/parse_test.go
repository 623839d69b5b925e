package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	kubectl "sigs.k8s.io/yaml"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

func parse(text string) *File {
	return Parse(source.NewFile("f.yaml", "f.yaml", []byte(text)))
}

// object is a document of a few lines, after which a test puts more.
func object(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
}

// describe prints what a test compares: each resource with the place of its
// name, each problem with its place.
func describe(f *File) []string {
	var got []string
	for _, d := range f.Documents {
		for _, r := range d.Resources {
			at := r.NameLocation().Start()
			got = append(got, fmt.Sprintf("%d:%d %s", at.Line, at.Column, r))
		}
		if d.Role != Object {
			got = append(got, d.Role.String())
		}
		for _, p := range d.Problems {
			loc := source.Location{File: f.File, Span: p.Span}
			got = append(got, fmt.Sprintf("%d:%d %s: %s", loc.Start().Line, loc.Start().Column, p.Kind, p.Message))
		}
	}
	return got
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"empty file", "", nil},
		{"comments alone", "# a\n---\n# b\n", nil},
		{"one object", object("a"), []string{"4:9 ConfigMap a"}},
		{"two documents", object("a") + "---\n" + object("b"), []string{"4:9 ConfigMap a", "9:9 ConfigMap b"}},
		{"comments before the first marker", "# one\n# two\n---\n" + object("a"), []string{"7:9 ConfigMap a"}},
		{"marker with a comment", "--- # first\n" + object("a"), []string{"5:9 ConfigMap a"}},
		{"content on the line of the marker", "--- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", []string{"1:56 ConfigMap a"}},
		{"document end marker", object("a") + "...\n---\n" + object("b"), []string{"4:9 ConfigMap a", "10:9 ConfigMap b"}},
		{"bare document behind an end marker", object("a") + "...\n" + object("b"), []string{"4:9 ConfigMap a", "9:9 ConfigMap b"}},
		{"empty documents", "---\n---\n" + object("a") + "---\n---\n", []string{"6:9 ConfigMap a"}},
		{"yaml directive of another version", "%YAML 1.2\n---\n" + object("a"), []string{"6:9 ConfigMap a"}},
		{"carriage returns and line feeds", strings.ReplaceAll(object("a")+"---\n"+object("b"), "\n", "\r\n"), []string{"4:9 ConfigMap a", "9:9 ConfigMap b"}},
		{"lone carriage returns", strings.ReplaceAll(object("a")+"---\n"+object("b"), "\n", "\r"), []string{"4:9 ConfigMap a", "9:9 ConfigMap b"}},
		{"byte order mark", source.BOM + object("a"), []string{"4:9 ConfigMap a"}},
		{"no line break at the end", strings.TrimSuffix(object("a"), "\n"), []string{"4:9 ConfigMap a"}},
		{"columns behind wide characters", "{apiVersion: v1, kind: ConfigMap, x: 日本, metadata: {name: a}}", []string{"1:59 ConfigMap a"}},
		{"line separator that YAML 1.1 counts as a line", "apiVersion: v1\nkind: ConfigMap\nx: \"a\u2028b\"\nmetadata:\n  name: a\n", []string{"5:9 ConfigMap a"}},
		{"json", `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}`, []string{"1:64 ConfigMap a"}},
		{"json objects in a row", "{\"apiVersion\": \"v1\", \"kind\": \"A\", \"metadata\": {\"name\": \"a\"}}\n{\"apiVersion\": \"v1\", \"kind\": \"B\",\n \"metadata\": {\"name\": \"b\"}}\n", []string{"1:56 A a", "3:23 B b"}},
		{"json with escapes that YAML lacks", `{"apiVersion": "v1", "kind": "A", "metadata": {"name": "\ud83d\ude00"}}`, []string{"unreadable"}},
		{"list", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: b}\n", []string{"6:20 ConfigMap a", "9:20 Deployment b"}},
		{"typed list", "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n", []string{"4:20 Deployment a"}},
		{"empty list", "apiVersion: v1\nkind: List\nitems: []\n", nil},
		{"json patch", "- op: add\n  path: /x\n  value: {apiVersion: v1, kind: Pod}\n", []string{"kustomize patch"}},
		{"strategic merge patch with a directive", object("a") + "$patch: delete\n", []string{"kustomize patch"}},
		{"kustomization", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", []string{"kustomization"}},
		{"values file", "image: nginx\ntag: 1\n", []string{"not Kubernetes"}},
		{"scalar", "kind apiVersion", []string{"not Kubernetes"}},
		{"a broken document does not hide the next", "apiVersion: v1\nkind: A\nx: [1, 2\n---\n" + object("b"), []string{"broken", "4:1 syntax-error: did not find expected ',' or ']'", "8:9 ConfigMap b"}},
		{"a string that never ends does not hide the next", "apiVersion: v1\nkind: A\nx: \"abc\n---\n" + object("b"), []string{"broken", "3:4 syntax-error: found unexpected end of stream", "8:9 ConfigMap b"}},
		{"tab as indentation", "apiVersion: v1\nkind: A\nmetadata:\n\tname: a\n", []string{"broken", "4:1 syntax-error: found character that cannot start any token"}},
		{"wrong indentation", "apiVersion: v1\nkind: A\nmetadata:\n  name: a\n x: 1\n", []string{"broken", "5:2 syntax-error: did not find expected key"}},
		{"unknown anchor", "apiVersion: v1\nkind: A\nx: *nope\n", []string{"broken", "3:4 syntax-error: unknown anchor 'nope' referenced"}},
		{"error in the second document", object("a") + "---\napiVersion: v1\nkind: A\nx: @y\n", []string{"4:9 ConfigMap a", "broken", "8:4 syntax-error: found character that cannot start any token"}},
		{"invalid UTF-8", "apiVersion: v1\nkind: A\nx: ab\xffc\n", []string{"broken", "3:6 syntax-error: byte 0xff is not valid UTF-8"}},
		{"NUL byte", "apiVersion: v1\nkind: A\nx: ab\x00c\n", []string{"broken", "3:6 syntax-error: control character U+0000 is not allowed in YAML"}},
		{"UTF-16", "\xff\xfea\x00p\x00i\x00V\x00e\x00r\x00s\x00i\x00o\x00n\x00:\x00k\x00i\x00n\x00d\x00", []string{"broken", "1:1 syntax-error: the file is UTF-16, but kubectl reads UTF-8"}},
		{"UTF-16 without objects", "\xff\xfea\x00", []string{"not Kubernetes"}},
		{"template that is no YAML", "apiVersion: v1\nkind: A\n{{- if x }}\ny: 1\n{{- end }}\n", []string{"unrendered template"}},
		{"template of another tool", "apiVersion: v1\nkind: A\nclusterIP: {PREFIX}.16\ny: 1\n", []string{"unrendered template"}},
		{"braces in text hide no syntax error", "apiVersion: v1\nkind: A\nx: 'uses {{ braces }}'\ny: [1\n", []string{"broken", "5:1 syntax-error: did not find expected ',' or ']'"}},
		{"template that happens to be YAML", "apiVersion: v1\nkind: A\nmetadata:\n  name: {{ .Values.x }}\n", []string{"unrendered template"}},
		{"duplicate key", object("a") + "kind: Secret\n", []string{"4:9 Secret a", `5:1 duplicate-key: key "kind" stands twice in one mapping`}},
		{"merge keys are no duplicates", "apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: &x {p: 1}\ny: &y {q: 2}\nz:\n  <<: *x\n  <<: *y\n", []string{"3:18 A a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, describe(parse(tt.text))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestManyDuplicateKeys(t *testing.T) {
	t.Parallel()
	text := object("a") + "data:\n"
	for i := range 40 {
		text += fmt.Sprintf("  k%d: x\n", i)
	}
	text += "  k7: x\n  k7: y\n"
	problems := parse(text).Documents[0].Problems
	if len(problems) != 2 || !problems[0].Same || problems[1].Same || problems[0].Resource == nil {
		t.Fatalf("got %+v", problems)
	}
	if got := problems[1].First.Start().Line; got != 46 {
		t.Errorf("first place in line %d, want 46", got)
	}
}

const spans = `apiVersion: &x v1
kind: Test
a:
  b:
  c: !!str  foo
  d: |
    line

    more

  e: >-
    bla
  f: 'it''s' # comment
  g: plain
    two
  h: {a: 1, b: [1,2] , }   # c
  i: *x
  j: |
  k: "q\"x"
  l: !t
    m: 1
  n: ~
  ä日: ü本
  o: |2
      deep
     less
  p: end
list:
- a
-
- b:
`

func TestSpans(t *testing.T) {
	t.Parallel()
	d := parse(spans).Documents[0]
	r := d.Resources[0]
	tests := map[string]string{
		"a.b":    "b",
		"a.c":    "!!str  foo",
		"a.d":    "|\n    line\n\n    more",
		"a.e":    ">-\n    bla",
		"a.f":    "'it''s'",
		"a.g":    "plain\n    two",
		"a.h":    "{a: 1, b: [1,2] , }",
		"a.h.b":  "[1,2]",
		"a.i":    "*x",
		"a.j":    "|",
		"a.k":    `"q\"x"`,
		"a.l":    "!t\n    m: 1",
		"a.n":    "n",
		"a.ä日":   "ü本",
		"a.o":    "|2\n      deep\n     less",
		"a.p":    "end",
		"list.0": "a",
		"list":   "- a\n-\n- b:",
	}
	for path, want := range tests {
		loc := r.Location(strings.Split(path, ".")...)
		if got := string(loc.Text()); got != want {
			t.Errorf("Location(%s) = %q, want %q", path, got, want)
		}
	}
}

func TestLocationOfMissingFields(t *testing.T) {
	t.Parallel()
	r := parse("apiVersion: v1\nkind: Service\nspec:\n  selector: {app: x}\n  empty:\n").Resources()[0]
	tests := map[string]string{
		"":               "Service",
		"status.x":       "Service",
		"spec.ports":     "spec",
		"spec.empty.x":   "empty",
		"spec.selector":  "{app: x}",
		"spec.ports.0.x": "spec",
	}
	for path, want := range tests {
		var steps []string
		if path != "" {
			steps = strings.Split(path, ".")
		}
		if got := string(r.Location(steps...).Text()); got != want {
			t.Errorf("Location(%q) = %q, want %q", path, got, want)
		}
	}
	if got := string(r.EntryLocation("spec", "selector", "app").Text()); got != "app: x" {
		t.Errorf("EntryLocation = %q", got)
	}
	if got := string(r.EntryLocation("spec").Text()); got != "spec" {
		t.Errorf("EntryLocation of a block = %q", got)
	}
}

func TestAliasesAndMergeKeys(t *testing.T) {
	t.Parallel()
	r := parse(`apiVersion: v1
kind: Test
base: &base {app: web, tier: front}
more: &more {tier: back, zone: a}
labels:
  <<: [*base, *more]
  app: own
  gone: null
copy: *base
twice: {a: 1, a: 2}
`).Resources()[0]
	if diff := cmp.Diff(map[string]string{"app": "own", "tier": "front", "zone": "a"}, StringMap(r.Node, "labels")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"app": "web", "tier": "front"}, StringMap(r.Node, "copy")); diff != "" {
		t.Error(diff)
	}
	if got := String(r.Node, "twice", "a"); got != "2" {
		t.Errorf("of a duplicate key kubectl takes the last value, got %q", got)
	}
	if StringMap(r.Node, "nope") != nil || StringMap(parse("apiVersion: v1\nkind: A\nx: {}\n").Resources()[0].Node, "x") == nil {
		t.Error("a missing map is nil, an empty one is not")
	}
}

func TestValueIsBounded(t *testing.T) {
	t.Parallel()
	r := parse("apiVersion: v1\nkind: A\nx: [" + strings.Repeat("1,", maxValueNodes) + "1]\n").Resources()[0]
	if _, ok := Value(r.Node); ok {
		t.Error("more than a million nodes were read")
	}
	got, ok := Value(parse("apiVersion: v1\nkind: A\nx: [1, 1.5, true, ~, '1', 010]\n").Resources()[0].Get("x"))
	if diff := cmp.Diff([]any{1, 1.5, true, nil, "1", 8}, got); diff != "" || !ok {
		t.Error(diff)
	}
}

// TestAliases compares with the parser that kubectl uses.
func TestAliases(t *testing.T) {
	t.Parallel()
	bomb := func(levels int, first, format string) string {
		text := "apiVersion: v1\nkind: Bomb\na0: &a0 " + first + "\n"
		for i := 1; i < levels; i++ {
			item := fmt.Sprintf("*a%d, ", i-1)
			text += fmt.Sprintf("a%d: &a%d "+format+"\n", i, i, strings.TrimSuffix(strings.Repeat(item, 10), ", "))
		}
		return text
	}
	for name, text := range map[string]string{
		"lists":          bomb(9, "[x, x, x, x, x, x, x, x, x, x]", "[%s]"),
		"small lists":    bomb(3, "[x]", "[%s]"),
		"merge keys":     bomb(9, "{x: y}", "{<<: [%s]}"),
		"itself":         "apiVersion: v1\nkind: Loop\na: &a [*a]\n",
		"a list itself":  "&a\napiVersion: v1\nkind: List\nitems: [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n",
		"not by aliases": "apiVersion: v1\nkind: A\nx: ['*', " + strings.Repeat("1, ", 5000) + "1]\n",
		"twice":          "apiVersion: v1\nkind: A\na: &a [" + strings.Repeat("1, ", 5000) + "1]\nb: *a\nc: *a\n",
	} {
		_, refused := kubectl.YAMLToJSON([]byte(text))
		d := parse(text).Documents[0]
		switch {
		case (refused != nil) != (d.Role == Broken):
			t.Errorf("%s: kubectl says %v, and the document is %s", name, refused, d.Role)
		case refused != nil && !strings.HasSuffix(refused.Error(), strings.TrimPrefix(d.Problems[0].Message, "it")):
			t.Errorf("%s: kubectl says %v, and it is said: %s", name, refused, d.Problems[0].Message)
		}
	}
}

func TestIntAsKubectlReadsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"3": 3, "010": 8, "2.0": 2, "0x1F": 31, "-1": -1} {
		n := parse("apiVersion: v1\nkind: A\nx: " + text + "\n").Resources()[0].Node
		if got, ok := Int(n, "x"); !ok || got != want {
			t.Errorf("Int(%s) = %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"1.5", `"3"`, "x", "null", "[1]"} {
		n := parse("apiVersion: v1\nkind: A\nx: " + text + "\n").Resources()[0].Node
		if got, ok := Int(n, "x"); ok {
			t.Errorf("Int(%s) = %d, want none", text, got)
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	texts := []string{
		"apiVersion: v1\nkind: Secret\nstringData:\n  a: canary\n  b: |\n    canary\n    canary\n",
		"apiVersion: v1\nkind: Secret\ndata: {a: canary, b: canary}\n",
		"apiVersion: v1\nkind: Secret\nx: &x canary\ndata: {a: *x}\n",
		"apiVersion: v1\nkind: Secret\nmetadata:\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: '{\"data\":\"canary\"}'\n",
		"apiVersion: v1\nkind: Secret\ndata:\n  a: canary\n b: |\n  canary\n",
		"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, data: {a: canary}}\n",
		"apiVersion: v1\nkind: Secret\ndata: {a: canary, a: canary}\ndata: {b: canary}\nbinaryData: {x: canary}\nmisplaced: canary\n",
		"apiVersion: v1\nkind: Secret\ndata: canary\nstringData: [canary]\n",
		"apiVersion: v1\nkind: secret\ndata: {a: canary}\n",
		"apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ x }}\ndata:\n  a: canary\n",
		"apiVersion: v1\nkind: Secret\n$patch: merge\ndata:\n  a: canary\n",
	}
	for _, text := range texts {
		f := parse(text)
		for n := 1; n <= f.Lines(); n++ {
			if strings.Contains(f.LineText(n), "canary") {
				t.Errorf("line %d shows %q of\n%s", n, f.LineText(n), text)
			}
		}
	}
}

func TestIsPlaceholder(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"${APP}", "$APP", "x-${APP}-y", "<your-name>", "{{ name }}", "@NAME@", "$(NAME)", "[[x]]", "%NAME%", "__CA_CERT__"} {
		if !IsPlaceholder(s) {
			t.Errorf("%q is a placeholder", s)
		}
	}
	for _, s := range []string{"", "web", "a@b", "$", "a<b", "50%", "web-1.2_x", "__address__", "a__B"} {
		if IsPlaceholder(s) {
			t.Errorf("%q is no placeholder", s)
		}
	}
}

func TestFieldPath(t *testing.T) {
	t.Parallel()
	got := FieldPath([]string{"spec", "ports", "0", "labels", "app.kubernetes.io/name"})
	if got != "spec.ports[0].labels[app.kubernetes.io/name]" {
		t.Error(got)
	}
}

// FuzzParse looks for panics, for documents that get lost, and for spans that
// do not read back to their value.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{spans, object("a"), "%YAML 1.2\n--- # x\n" + object("a") + "...\n" + object("b"), "- op: add\n  apiVersion: kind\n", source.BOM + strings.ReplaceAll(spans, "\n", "\r\n")} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := Parse(source.NewFile("f", "f", data))
		end := 0
		for _, d := range file.Documents {
			if d.Span.Start < end || d.Span.End > len(data) || d.Span.End < d.Span.Start {
				t.Fatalf("document %v overlaps or leaves the file of %d bytes", d.Span, len(data))
			}
			end = d.Span.End
			for _, p := range d.Problems {
				if p.Span.Start < 0 || p.Span.End > len(data) || p.Span.End < p.Span.Start {
					t.Fatalf("problem at %v in %d bytes", p.Span, len(data))
				}
			}
			if d.Root != nil {
				checkSpans(t, d, d.Root)
			}
		}
		for _, r := range file.Resources() {
			_ = r.NameLocation().Start()
			_, _ = Value(r.Node)
		}
	})
}

// checkSpans parses the text of every plain or quoted scalar on its own.
func checkSpans(t *testing.T, d *Document, n *Node) {
	span := d.SpanOf(n)
	if span.Start < d.Span.Start || span.End > d.Span.End {
		t.Fatalf("node %q at %v leaves its document %v", n.Value, span, d.Span)
	}
	if n.Kind == ScalarNode && n.Style&(LiteralStyle|FoldedStyle) == 0 && n.Value != "" {
		var again Node
		text := d.File.Data[span.Start:span.End]
		if err := yaml.Unmarshal(text, &again); err == nil && len(again.Content) == 1 && again.Content[0].Kind == ScalarNode && again.Content[0].Value != n.Value {
			t.Fatalf("span %q of value %q reads back as %q", text, n.Value, again.Content[0].Value)
		}
	}
	for _, c := range n.Children() {
		checkSpans(t, d, c)
	}
}

func TestParsePart(t *testing.T) {
	t.Parallel()
	const text = "text:\n- patch: |\n\n    apiVersion: v1 # first\n    kind: A\n    data: |\n      x\n    ---\n    kind: B\n    at: [1,\n      2]\nkind: none\n"
	f := source.NewFile("f", "f", []byte(text))
	part := source.Span{Start: strings.Index(text, "\n\n") + 1, End: strings.Index(text, "kind: none")}
	docs := ParsePart(f, part).Documents
	if len(docs) != 2 {
		t.Fatalf("got %d documents", len(docs))
	}
	for _, tt := range []struct {
		doc   int
		path  []string
		value string
		at    source.Position
	}{
		{0, []string{"kind"}, "A", source.Position{Line: 5, Column: 11}},
		{0, []string{"data"}, "|\n      x", source.Position{Line: 6, Column: 11}},
		{1, []string{"kind"}, "B", source.Position{Line: 9, Column: 11}},
		{1, []string{"at", "1"}, "2", source.Position{Line: 11, Column: 7}},
	} {
		at := docs[tt.doc].Location(Get(docs[tt.doc].Root, tt.path...))
		if got := string(at.Text()); got != tt.value || at.Start() != tt.at {
			t.Errorf("%v of document %d: got %q at %v, want %q at %v", tt.path, tt.doc, got, at.Start(), tt.value, tt.at)
		}
	}
}
