package manifest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// FuzzSplit looks for text that gets lost between documents, and for documents
// that change when the text is cut where one of them begins.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"a: 1\n---\nb: 2\n", "%YAML 1.2\n--- # x\na\n...\n# end\n--- b\n", "{}{} {\n}", "{a: 1}\n---\n{b: 2}", "a\r---\rb\r...", source.BOM + "--- |\n ---\n---",
		"# only\n---\n# comments", "---\n---\n", "  a: 1\n  ---\n  b: 2\n", "\x00---\n\xff", "--- a\n... b\n---c",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		checkChunks(t, data, source.Span{End: len(data)}, split(data))
		if half := len(data) / 2; bytes.LastIndexByte(data[:half], '\n') == half-1 && half > 0 {
			part := source.Span{Start: half, End: len(data)}
			checkChunks(t, data, part, splitPart(data, part))
		}
	})
}

// checkChunks checks that chunks follow each other inside a part of the data,
// and that nothing but comments, markers and directives is outside of them.
func checkChunks(t *testing.T, data []byte, part source.Span, chunks []chunk) {
	t.Helper()
	end := part.Start
	if end == 0 && bytes.HasPrefix(data, []byte(source.BOM)) {
		end = len(source.BOM)
	}
	between := func(from, to int) {
		for pos := from; pos < to; {
			next := min(lineEnd(data, pos), to)
			line := bytes.TrimLeft(data[pos:next], " ")
			if hasContent(line) && !isMarker(line, "---") && !isMarker(line, "...") && line[0] != '%' {
				t.Fatalf("%q of %q is in no document", line, data)
			}
			pos = next
		}
	}
	for _, c := range chunks {
		if c.span.Start < end || c.span.End < c.span.Start || c.text.Start < c.span.Start || c.text.End != c.span.End || c.span.End > part.End {
			t.Fatalf("%+v follows %d in %d bytes", c, end, len(data))
		}
		between(end, c.span.Start)
		between(c.span.Start, c.text.Start)
		end = c.span.End
	}
	between(end, part.End)
}

// FuzzJSON compares the JSON of a document with what kubectl makes of it.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		spans, object("a"), "a: [1, 0x1f, 010, 1e3, .inf, ~, yes, 'no', !!str 1, 1_000, 2024-01-01]", "a: &x {b: 1}\nc: [*x, *x]",
		"a: |\n  x\nb: >-\n  y\n\n  z\n", "a: {b: 1, b: 2}", "a: &a [*a]", "? [1]\n: 2", "1: a\ntrue: b\nnull: c\n1.5: d", "b: \"\\u2028\\x00<>&\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.IndexByte(data, '!') >= 0 || bytes.Contains(data, []byte("<<")) {
			t.Skip("tags of one's own, and merged keys that are no strings, are none of Kubernetes")
		}
		compareJSON(t, data)
	})
}

func compareJSON(t *testing.T, data []byte) {
	t.Helper()
	for _, d := range ParseAny(source.NewFile("f", "f", data)).Documents {
		if d.Root == nil {
			continue
		}
		got, ok := AppendJSON(nil, d.Root)
		if ok && !json.Valid(got) {
			t.Fatalf("%q makes %s, which is no JSON", data, got)
		}
		want, err := yaml.ToJSON(data[d.text.Start:d.text.End])
		if err != nil || !ok || !json.Valid(want) {
			continue
		}
		if g, w := plainJSON(t, got), plainJSON(t, want); !reflect.DeepEqual(g, w) {
			t.Fatalf("%q makes %s, to kubectl %s", data, got, want)
		}
	}
}

func plainJSON(t *testing.T, data []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
