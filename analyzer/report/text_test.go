package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// body renders findings as text without the closing line.
func body(t *testing.T, o Options, findings ...analyzer.Finding) string {
	t.Helper()
	out := render(t, "text", o, &analyzer.Result{Findings: findings})
	i := strings.LastIndex(strings.TrimSuffix(out, "\n"), "\n")
	return out[:i+1]
}

func TestTextShowsTheDesignExample(t *testing.T) {
	t.Parallel()
	want := `error[service-selects-nothing]: Service numbers-api matches no pods
  ┌─ lab/numbers/api-service.yaml:11:5
  │
11│     app: numbers-api
  │     ^^^^^^^^^^^^^^^^ no pod of this unit carries this label
  ┌─ lab/numbers/api.yaml:4:9
  │
 4│   name: numbers-api
  │         ----------- Pod numbers-api has the name, but only the label kiamol=ch06-lab
  = broken: kubectl accepts it; the Service will have no endpoints
  = only DaemonSet numbers-api in ../solution carries app=numbers-api
  = help: add app: numbers-api to the Pod's labels

`
	if diff := cmp.Diff(want, body(t, Options{}, numbers(t))); diff != "" {
		t.Error(diff)
	}
}

func TestTextWithoutAPlace(t *testing.T) {
	t.Parallel()
	got := body(t, Options{},
		analyzer.Finding{
			Rule: "a", Claim: analyzer.Advice, Evidence: analyzer.Certain, Message: "first",
			Related: []analyzer.Related{{Message: "told by\nsomeone"}, {}},
			Notes:   []string{"one", "two"},
		},
		analyzer.Finding{Rule: "b", Severity: analyzer.Warning, Message: "sec\x1b[31mond"},
	)
	want := `info[a]: first
 = told by someone
 = one
 = two

warning[b]: sec\x1b[31mond

`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestUnderline compares the source line and the line below it. The marked
// text is what stands between « and ».
func TestUnderline(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, content string
		want          string
	}{
		{"ascii", "a: «bc» # d", "1│ a: bc # d\n │    ^^\n"},
		{"wide characters before and inside", "日本: «語x»", "1│ 日本: 語x\n │       ^^^\n"},
		{"emoji of several code points", "👩‍🚀: «👍🏽»!", "1│ 👩‍🚀: 👍🏽!\n │     ^^\n"},
		{"combining characters", "e\u0301a\u0308: «o\u0308»x", "1│ e\u0301a\u0308: o\u0308x\n │     ^\n"},
		{"a combining character alone", "a«\u0301»", "1│ a\u0301\n │  ^\n"},
		{"tabs before and inside", "\ta:\t«b\tc»", "1│     a:    b    c\n │           ^^^^^^\n"},
		{"carriage return and line feed", "x: y\r\n«a: b»\r\n", "2│ a: b\n │ ^^^^\n"},
		{"byte order mark", source.BOM + "«a»: b", "1│ a: b\n │ ^\n"},
		{"byte order mark inside the span", "«" + source.BOM + "a»: b", "1│ a: b\n │ ^\n"},
		{"several lines", "a: «|  \n  b\n  c»\n", "1│ a: |\n │    ^\n"},
		{"several lines, with the line break alone on the first", "a: b«  \n  c»\n", "1│ a: b\n │     ^\n"},
		{"line break", "a: b«\n»c", "1│ a: b\n │     ^\n"},
		{"empty span", "a: «»b", "1│ a: b\n │    ^\n"},
		{"empty span at the end", "a:«»", "1│ a:\n │   ^\n"},
		{"empty file", "«»", "1│\n │ ^\n"},
		{"empty line", "a: b\n«»\n", "2│\n │ ^\n"},
		{"trailing space is kept only if marked", "a: «b » ", "1│ a: b \n │    ^^\n"},
		{"escape sequence", "a: «\x1b[31m»b", "1│ a: \\x1b[31mb\n │    ^^^^^^^^\n"},
		{"bidirectional override before", "\u202eb\u2066: «c»", "1│ \\u202eb\\u2066: c\n │                ^\n"},
		{"invalid bytes", "\xff\xfe: «b»", "1│ \ufffd\ufffd: b\n │     ^\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before, rest, _ := strings.Cut(tt.content, "«")
			marked, after, ok := strings.Cut(rest, "»")
			if !ok {
				t.Fatal("no mark")
			}
			f := file("f.yaml", before+marked+after)
			got := body(t, Options{}, analyzer.Finding{
				Location: source.Location{File: f.File, Span: source.Span{Start: len(before), End: len(before) + len(marked)}},
			})
			lines := strings.SplitAfterN(strings.TrimSuffix(got, "\n"), "\n", 4)
			if diff := cmp.Diff(tt.want, lines[3]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGutterFitsTheGreatestLine(t *testing.T) {
	t.Parallel()
	f := file("f.yaml", strings.Repeat("#\n", 99)+"a: b\n")
	got := body(t, Options{}, analyzer.Finding{
		Rule: "r", Severity: analyzer.Warning, Message: "m", Help: "h", Location: source.Location{File: f.File},
		Related: []analyzer.Related{{Location: at(t, f, "b"), Message: "here"}},
	})
	want := `warning[r]: m
   ┌─ f.yaml:1:1
   │
  1│ #
   │ ^
   ┌─ f.yaml:100:4
   │
100│ a: b
   │    - here
   = help: h

`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTextSpellsOutControlCharacters(t *testing.T) {
	t.Parallel()
	const evil = "\x1b]0;x\x07\u009b1m\u202e\r\x00\u2028"
	f := file("dir"+evil+"/f.yaml", "a: \x1b[31m\u009b\u202e\n")
	got := body(t, Options{}, analyzer.Finding{
		Rule: evil, Claim: evil, Severity: evil, Message: evil, Label: evil, Consequence: evil, Help: evil,
		Notes: []string{evil}, Location: at(t, f, "\x1b[31m"),
		Related: []analyzer.Related{{Message: evil}, {Message: evil, Location: at(t, f, "a")}},
	})
	got += render(t, "text", Options{}, &analyzer.Result{NotJudged: []analyzer.NotJudged{{File: evil, Reason: evil}, {Reason: evil}}})
	for _, r := range got {
		if r != '\n' && obeyed(r) {
			t.Fatalf("%U in\n%s", r, got)
		}
	}
	if n := strings.Count(got, `\x1b]0;x\x07\x9b1m\u202e`); n != 15 {
		t.Errorf("%d strings spelled out, want 15:\n%s", n, got)
	}
}

func TestLongLinesShowAWindow(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("0123456789", 30)
	tests := []struct {
		name, content, mark string
		text                string
		column, width       int
	}{
		{"exactly as wide as allowed", digits[:157] + "abc", "abc", digits[:157] + "abc", 157, 3},
		{"the mark at the start", "abc" + digits, "abc", "abc" + digits[:156] + "…", 0, 3},
		{"the mark near the start", digits[:100] + "abc" + digits, "abc", digits[:100] + "abc" + digits[:56] + "…", 100, 3},
		{"the mark up to the last column, and more behind", digits[:157] + "abcd", "abc", "…" + digits[118:157] + "abcd", 40, 3},
		{"the mark in the middle", digits + "abc" + digits, "abc", "…" + digits[261:] + "abc" + digits[:116] + "…", 40, 3},
		{"the mark at the end", digits + "abc", "abc", "…" + digits[261:] + "abc", 40, 3},
		{"a mark longer than the window", "a: " + digits, digits, "a: " + digits[:156] + "…", 3, 157},
		{"wide characters", strings.Repeat("語", 100) + "x", "x", "…" + strings.Repeat("語", 19) + "x", 39, 1},
		{"megabytes", strings.Repeat("ä", 1<<20) + "abc" + strings.Repeat("ö", 1<<20), "abc",
			"…" + strings.Repeat("ä", 39) + "abc" + strings.Repeat("ö", 116) + "…", 40, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := newExcerpt(at(t, file("f.yaml", tt.content), tt.mark))
			want := excerpt{tt.text, tt.column, tt.width}
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(excerpt{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSpansInsideACharacterMarkTheWholeOfIt(t *testing.T) {
	t.Parallel()
	f := file("f.yaml", "a語b")
	got := newExcerpt(source.Location{File: f.File, Span: source.Span{Start: 2, End: 3}})
	if diff := cmp.Diff(excerpt{"a語b", 1, 2}, got, cmp.AllowUnexported(excerpt{})); diff != "" {
		t.Error(diff)
	}
}

// TestAnySpanCanBeShown tries every span of a nasty file, those that no parser
// would make included.
func TestAnySpanCanBeShown(t *testing.T) {
	t.Parallel()
	f := file("f.yaml", source.BOM+"kind: Secret # 語\r\napiVersion: v1\n\tx\x1be\u0301\xff\u202e\r---\napiVersion: v1\nkind: Secret\ndata:\n  é: canary\n")
	for start := -1; start <= len(f.Data)+1; start++ {
		for end := start; end <= len(f.Data)+1; end++ {
			loc := source.Location{File: f.File, Span: source.Span{Start: start, End: end}}
			e := newExcerpt(loc)
			if e.column < 0 || e.width < 1 || e.column+e.width > 40 {
				t.Fatalf("%v: %+v", loc.Span, e)
			}
			if strings.ContainsFunc(e.text, obeyed) || strings.Contains(e.text, "canary") {
				t.Fatalf("%v: %q", loc.Span, e.text)
			}
		}
	}
}

func TestColor(t *testing.T) {
	t.Parallel()
	plain, coloured := body(t, Options{}, numbers(t)), body(t, Options{Color: true}, numbers(t))
	if strings.Contains(plain, "\x1b") {
		t.Errorf("escapes without colour: %q", plain)
	}
	escapes := regexp.MustCompile("\x1b\\[[0-9;]*m")
	if diff := cmp.Diff(plain, escapes.ReplaceAllString(coloured, "")); diff != "" {
		t.Errorf("colour changes the text: %s", diff)
	}
	for severity, code := range map[analyzer.Severity]string{analyzer.Error: "31", analyzer.Warning: "33", analyzer.Info: "36"} {
		got := body(t, Options{Color: true}, analyzer.Finding{Rule: "r", Severity: severity, Help: "h"})
		if want := fmt.Sprintf("\x1b[%s;1m%s[r]\x1b[", code, severity); !strings.HasPrefix(got, want) {
			t.Errorf("%s starts %q, want %q", severity, got, want)
		}
		if !strings.Contains(got, "\x1b[32;1mhelp:\x1b[") {
			t.Errorf("help is not green: %q", got)
		}
	}
}
