package manifest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// plainTexts are those that readPlain must read itself.
var plainTexts = []string{
	// Nothing to read.
	"", "\n", "# nothing\n", "  \n \n# a\n  # b",
	// Mappings.
	"a: 1", "a: 1\n", "a:\n", "a:", "a: \nb:\n\nc: x\n", "a:\n  b:\n    c: d\n  e: f\ng: h\n", "  a: 1\n  b: 2\n", "a:\n  \n  b: 1\n", "a : 1\nb  : 2\n",
	"a b c: d\n", "a#b: c#d\n", "http://x: http://y:80/\n", "-a: -b\n--: ---\n", "1: 2\ntrue: null\n~: ~\n", "a: b  \n", "a: 'x'\n'b': \"y\"\n\"c\" : z\n\"d e\":\n",
	// Sequences.
	"- a\n- b\n", "-\n-\n- a\n", "- - a\n  - b\n-   - c\n    - d\n- - - e\n", "a:\n- b\n- c\nd:\n  - e\n  -\n    f: g\n  - h: i\n    j: k\n", "-\n  a: 1\n-  b: 2\n   c: 3\n",
	"- a:\n  - b\n  c: d\n- a:\n    - b\n", "a:\n-\n- b\n-\nc: d\n", "- a\n-\n  b\n",
	// Comments.
	"# head\na: 1 # line\n# foot\n\nb: # line\n  # head\n  - c # line\n  # foot\n  - # line\n    d: e\n#\n", "a: b #\n  # c\n", "- # x\n  a: b\n", "- # x\n- # y\n  - z\n", "a: #b\n", "a: b\n#c", "a:\n    # deep\n  b: c\n",
	"# x\n---\na: 1\n", "---\na: 1\n...\n", "--- # c\n# d\na: 1\n... # e\n\n# f\n", "a: 1\n...", "---   \na: |\n  x\n...\n",
	// Plain scalars of several lines.
	"a: b\n  c\n  d\n", "a: b\n\n  c\n\n\n   d  \ne: f\n", "a:\n  b\n  c d # e\n", "- a\n  b\n- c\n", "a:\n- b\n c\n- d\n", "a: b\n  - c\n  ? d\n  %e\n", "a: b\n  # c\n", "a: 1\n 2\nb: 3", "a: b\n\n\n# c\n", "a: true\n  false\n", "a:\n  b\n c\n", "a: 1\n...x: 2\n",
	// Quotes.
	"a: ''\nb: \"\"\nc: 'it''s'\nd: \"a\\\"b\\\\c\\nd\\te\\ f\"\n", "a: \"b: c # d\"\n", "a: \"b\tc\"\nd: 'e\tf'\n", "'a''b': 1\n\"a\\\"b\": 2\n", "- 'a'\n- \"b\" # c\n", "a: \" b \"\nc: ' d '\n",
	"a: 'b\n  c'\n", "a: \"b\n\n  c  \n   \n d\"\ne: f", "a: \"b \\\n   c\\\n\n  \\  d\"\n", "a: '\n b\n '\n", "a: \"b\nc\"\n", "a:\n  'b\n  c'\nd: \"e\n f\" # g\n",
	// Blocks.
	"a: |\n  b\n  c\n", "a: |-\n  b\n\n", "a: |+\n  b\n\n\nc: d\n", "a: >\n  b\n  c\n\n  d\n   e\n  f\n", "a: >-\n  b\n   c\n\n   d\n\n  e", "a: |2\n    b\n   c\n", "a: |1-\n  b\n", "a: |+1\n  b\n", "- |\n  a\n- >\n  b\n",
	"a:\n- |\n b\n- c\n", "a: |\nb: >\n", "a: |\n\n\n  b\n", "a: |+\n\n\nb: c\n", "a: | # c\n  # d\n # e\nb: c\n", "a: |\n  b\tc\n  \td\n", "a: |\n  b\n     ", "a: |\n  b\n ", "a: |\n  b\n    \n  c\n", "a: |", "a: |\n", "a: |-\n  b", "a: >\n\n  b\n\n\n  c\n", "a: >\n   b\n  # c\n", "a:\n  |\n  b\n",
	"a: >\n    b\n\n\n      c\n\n    d\n\n", "a: >+\n  b\n\n", "a: |\n     \nb: c\n", "a: |9\n          b\n",
	// Brackets.
	"a: []\nb: {}\n", "a: [b, 'c', \"d\", 1, [e], {f: g}, ]\n", "a: {b: c, 'd': \"e\", f: [g], h: {i: j}}\n", "- [a, b]\n- {c: d}\n", "a: [ ] # b\nc: { }\n", "a: {\"b\":1, 'c':d}\n", "a: [b c, d-e, f:g, -1, é, h]\n", "a: [\n  b,\n  c\n]\nd: {\n  e: f,\n\n  g: 'h\n   i',\n}\n", "a:\n  [b]\n",
	// Tags of plain scalars.
	"- 1\n- -1\n- +1\n- 0\n- 00\n- 0644\n- 08\n- 0o7\n- 0x1F\n- 0b1\n- 1_000\n- 1.5\n- .5\n- 1e3\n- -1.e-3\n- 1e\n- 123456789012345678\n- 1234567890123456789\n- 99999999999999999999\n- -0b1\n- -_1\n- 1_\n- 0_\n",
	"- .inf\n- -.inf\n- +.INF\n- .nan\n- .NaN\n- .a\n- .\n- -.a\n- +\n- -x\n- 1.2.3\n- 10.0.0.1\n- 100m\n- 1Gi\n- 2001-01-01\n- 2001-1-1\n- 2001-01-01T01:02:03Z\n- 2001-01-01t1:2:3.5+01:00\n- 2001-01-01 01:02:03\n- 2001-13-01\n- 12:30\n- 0x\n- 1,5\n",
	"- true\n- True\n- TRUE\n- tRUE\n- false\n- False\n- FALSE\n- yes\n- no\n- on\n- off\n- y\n- n\n- null\n- Null\n- NULL\n- nULL\n- ~\n- ~a\n- <\n- <<\n- =\n- $(A)\n",
	"<<: 1\n",
	// Columns are characters.
	"é: è\nü: [ä, ö]\n日本: '語' # 語\n", "- é: 1\n  a: |\n    é\n",
	// Carriage returns before line breaks.
	"# a\r\n\r\na: 1 # b\r\nc:\r\n- d\r\n-\r\n\r\n- e\r\n  f\r\n", "---\r\na: |\r\n  b\r\n\r\n  c\r\nd: >+\r\n  e\r\n  f\r\n\r\ng: 'h\r\n\r\n  i'\r\nj: \"k\\\r\n  l\"\r\nm: [n,\r\n o]\r\n...\r\n",
	// Long keys.
	strings.Repeat("k", 1024) + ": 1\n'" + strings.Repeat("é", 500) + "': 2\n",
	"a: " + strings.Repeat("v", 2000) + "\nb: '" + strings.Repeat("v", 2000) + "'\nc: [" + strings.Repeat("v", 2000) + "]\n",
	// Deep, and longer than what kyaml reads at once.
	strings.Repeat("- ", maxPlainDepth) + "a\n", "a: " + strings.Repeat("[", maxPlainDepth-1) + strings.Repeat("]", maxPlainDepth-1) + "\n",
	strings.Repeat("a: b # c\n# d\n\n  # e\n", 300), "a: |\n" + strings.Repeat("  b\n\n", 900) + "c: d\n", strings.Repeat(" ", 600) + "a: 1\n" + strings.Repeat("\n", 600) + "# b\n",
}

// hardTexts are those that readPlain must give to kyaml, which refuses some.
var hardTexts = []string{
	"a", "'a'", "[a]", "{a: 1}", `{"a": 1}`, "|\n a\n", "---", "---\n", "--- a: 1\n", "--- a\n", "...", "...\na: 1\n", "a: 1\n---\nb: 2\n", "---\n---\na: 1\n", "a: 1\n...\nb: 2\n", "%YAML 1.1\n---\na: 1\n",
	// Characters.
	"a: 1\rb: 2\r", "a: 1\r\r\n", "a:\x00", "a: \x7f", "a: \xff", "a: \u0085", "a: \u2028", "a: \u2029", "\ufeffa: 1", "a: \ufeff", "a: \uffff", "a: \u0080", "a: \x1b",
	// Tabs.
	"\ta: 1\n", "a:\t1\n", "a: 1\t\n", "a: 1\n\t\nb: 2\n", "a: b\tc\n", "-\ta\n", "a: [b,\tc]\n", "a: |\n \tb\n", "a: |\n  \t\n  b\n", "a:\n  b: 1\n\t# c\n", "a: b\t# c\n", "a: 'b'\t\n", "a: |\t\n  b\n", "a: b\n\tc\n", "a: |\n  b\n\tc\n",
	// What is not known.
	"a: &b c\n", "a: *b\n", "a: !b c\n", "!a b: c\n", "? a\n: b\n", "?a: b\n", ": a\n", ":a: b\n", "a: ?b\n", "a: \"\\u0041\"\n", "a: \"\\x41\"\n", "a: \"\\q\"\n", "a: \"\\/\"\n", "a: [b # c\n]\n", "a: [b: c]\n", "a: [b\n c]\n", "a: {b}\n", "a: {b: }\n", "a: {b: , c: d}\n", "a: {b, c}\n", "a: {[b]: c}\n", "[a]: b\n", "{a: b}: c\n", "a: {? b: c}\n",
	// Faults.
	"a: b: c\n", "a: b\nc\n", "a: b\n c: d\n", "a:\n  b: c\n d: e\n", "  a: 1\nb: 2\n", "a: - b\n", "- a\nb: c\n", "a: 1\n- b\n", "a:\n  - b\n - c\n", "a:\n  b: 1\n  - c\n", "- a\n b: c\n", "- a: 1\n b: 2\n", "a: 'b\n", "a: \"b\n", "a: 'b' c\n", "a: \"b\"#c\n", "a: 'b'c: d\n", "a: [b\n", "a: [b]]\n", "a: [b] c\n", "a: [b]: c\n", "a: [,b]\n", "a: [b,,c]\n", "a: {b: c\n", "a: {b: c: d}\n", "a: [b}\n", "a: [- b]\n", "a: [#b]\n", "a: }\n", "a: ,\n", "a: @b\n", "a: `b`\n", "a: %b\n", "%a: b\n", "a: |x\n", "a: |0\n  b\n", "a: |11\n  b\n", "a: |--\n  b\n", "a: |#\n b\n", "a: |\n    \n  b\n", "a: b\n  # c\n  d\n", "a: 'b\n---\nc'\n", "a: 'b\n... '\n", "a: [b,\n---\n]\n", "a: [b,\n--- x]\n", "a: {b\n: c}\n", "'a\nb': c\n", "a: {'b\nc': d}\n", "- - a\n  b: c\n", "a:\n  - b\n  c: d\n", "a: |\n    b\n  c: d\n", "a: \"b\n", "a: b\n...\n...\n",
	strings.Repeat("k", 1025) + ": 1\n", "'" + strings.Repeat("k", 1023) + "': 1\n", "a: {" + strings.Repeat("k", 1025) + ": 1}\n",
	strings.Repeat("- ", maxPlainDepth+1) + "a\n", "a: " + strings.Repeat("[", maxPlainDepth) + strings.Repeat("]", maxPlainDepth) + "\n",
}

func TestReadPlain(t *testing.T) {
	t.Parallel()
	for _, text := range plainTexts {
		if !checkPlain(t, []byte(text)) {
			t.Errorf("%q is given to kyaml", text)
		}
	}
	for _, text := range hardTexts {
		if checkPlain(t, []byte(text)) {
			t.Errorf("%q is not given to kyaml", text)
		}
	}
}

// checkPlain compares what readPlain makes of a text, if it does, with what is
// made of kyaml's node.
func checkPlain(t *testing.T, text []byte) (ok bool) {
	t.Helper()
	before := bytes.Clone(text)
	got, ok := readPlain(text)
	if !bytes.Equal(text, before) {
		t.Fatalf("%q has been changed", before)
	}
	if !ok {
		return false
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		t.Fatalf("%q is read, but kyaml says: %v", text, err)
	}
	want := FromYAML(&node)
	if (got == nil) != (want == nil) {
		t.Fatalf("%q is %v, but %v to kyaml", text, got, want)
	}
	if got != nil {
		if diff := diffNodes("", got, want); diff != "" {
			t.Fatalf("%q: %s", text, diff)
		}
	}
	return true
}

func diffNodes(path string, got, want *Node) string {
	g, w := *got, *want
	g.Content, w.Content = nil, nil
	if !reflect.DeepEqual(g, w) {
		return fmt.Sprintf("at %q: %+v, but %+v to kyaml", path, g, w)
	}
	if len(got.Content) != len(want.Content) || cap(got.Content) != len(got.Content) {
		return fmt.Sprintf("at %q: %d children (of %d), but %d to kyaml", path, len(got.Content), cap(got.Content), len(want.Content))
	}
	for i := range got.Content {
		if diff := diffNodes(fmt.Sprintf("%s/%d", path, i), &got.Content[i], &want.Content[i]); diff != "" {
			return diff
		}
	}
	return ""
}

// FuzzPlain looks for a text that readPlain reads otherwise than kyaml.
func FuzzPlain(f *testing.F) {
	for _, text := range plainTexts {
		f.Add([]byte(text))
	}
	for _, text := range hardTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkPlain(t, text) })
}

// pieces are what texts are put together from, which mutated bytes seldom are.
var pieces = []string{
	"\n", "\n", "\n", "\n", "\n  ", "\n  ", "\n    ", "\n\n", "\n \n", " ", "  ", "- ", "- ", "\n- ", "\n- ", "\n  - ", "-", "a: ", "b: ", "a:\n", "\na: ", "\nb: ", "\n  a: ", "\n  b:", "\n    c: ", "a", "b c", ":", "1", "true", "~", "-1", "é", "#", " # c", "\n# c", "\n  # c",
	"'", "''", "\"", "\\", "\\n", "'x'", "\"y\"", "'a\n b'", "[", "]", "{", "}", ",", ", ", "[]", "{}", "[a, b]", "{a: b}", "|", ">", "|\n", ">\n", ": |-\n", ": >+\n", "|2\n", " |\n   x\n", "<<", "?", "&", "*", "!", "%", "@", ".", "\t", "\r\n", "\r\n", "\r\na: ", "\r", "---\n", "\n---", "...\n", "\n...",
}

func TestReadPlainPieces(t *testing.T) {
	t.Parallel()
	const texts = 20000
	random := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for range texts {
		var text []byte
		for range 1 + random.IntN(14) {
			text = append(text, pieces[random.IntN(len(pieces))]...)
		}
		if checkPlain(t, text) {
			taken++
		}
	}
	if taken < texts/20 {
		t.Errorf("only %d of %d texts are read", taken, texts)
	}
}

const shopManifest = `# The web server.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/version: "1.2.3"
  annotations:
    description: >-
      Serves the pages of the shop
      and nothing else.
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: web
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web
    spec:
      containers:
      - name: web
        image: registry.example.com/shop/web:1.2.3 # pinned
        command: ["/bin/web", "--port", "8080"]
        args:
        - --verbose
        env:
        - name: MODE
          value: 'production'
        - name: POD
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        ports:
        - name: http
          containerPort: 8080
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits:
            memory: 256Mi
        securityContext:
          runAsNonRoot: true
          readOnlyRootFilesystem: true
        volumeMounts:
        - name: tmp
          mountPath: /tmp
      volumes:
      - name: tmp
        emptyDir: {}
`

// BenchmarkParse reads the same text as plain YAML and by kyaml.
func BenchmarkParse(b *testing.B) {
	text := []byte(shopManifest)
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := readPlain(text); !ok {
				b.Fatal("not read")
			}
		}
	})
	b.Run("kyaml", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			var node yaml.Node
			if err := yaml.Unmarshal(text, &node); err != nil {
				b.Fatal(err)
			}
			FromYAML(&node)
		}
	})
}
