package analyzertest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// recorder is a test that keeps to itself that it has failed.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// colors is a rule for the tests of the harness: it reports ConfigMaps that
// are blue, and points at those that are red.
var colors = &analyzer.Rule{
	ID:         "blue-color",
	Title:      "A ConfigMap is blue",
	Claim:      analyzer.Suspect,
	Why:        "Blue is no color for a ConfigMap.",
	Bad:        colored("blue"),
	Good:       colored("green"),
	References: []string{"https://example.com/colors"},
	Run: func(p *analyzer.Pass) error {
		var related []analyzer.Related
		for _, r := range append(p.Unit.Resources, p.Unit.Context...) {
			switch manifest.String(r.Node, "data", "color") {
			case "red":
				related = append(related, analyzer.Related{Location: r.EntryLocation("data", "color"), Message: "this is red"})
			case "unknown":
				p.Skip(r, "ConfigMaps: their colors are not known")
			case "fatal":
				return errors.New("the color is fatal")
			}
		}
		for _, r := range p.Unit.Resources {
			if manifest.String(r.Node, "data", "color") == "blue" {
				p.Report(analyzer.Finding{
					Message: r.String() + " is blue", Consequence: "it looks cold", Help: "paint it",
					Location: r.EntryLocation("data", "color"), Path: []string{"data", "color"}, Resource: r, Related: related,
				})
			}
		}
		return nil
	},
}

func colored(color string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: paint\ndata:\n  color: " + color + "\n"
}

// written writes files to a new directory.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRun(t *testing.T) {
	t.Parallel()
	const found = `warning suspect certain: ConfigMap paint is blue`
	tests := []struct {
		name  string
		files map[string]string
		want  []string // behind the directory, in order; none if it passes
	}{
		{
			name:  "nothing expected and nothing found",
			files: map[string]string{"a.yaml": colored("green")},
		},
		{
			name:  "expected where it is found",
			files: map[string]string{"a.yaml": colored(`blue # want "^` + found + `$"`)},
		},
		{
			name:  "surplus",
			files: map[string]string{"sub/a.yaml": colored("blue")},
			want:  []string{"sub/a.yaml:6: surplus: [blue-color] " + found},
		},
		{
			name:  "missing",
			files: map[string]string{"a.yaml": colored(`green # want "is blue"`)},
			want:  []string{`a.yaml:6: missing: no finding matches "is blue"`},
		},
		{
			name:  "another text is both",
			files: map[string]string{"a.yaml": colored(`blue # want "is yellow"`)},
			want: []string{
				"a.yaml:6: surplus: [blue-color] " + found,
				`a.yaml:6: missing: no finding matches "is yellow"`,
			},
		},
		{
			name:  "another line is both",
			files: map[string]string{"a.yaml": strings.Replace(colored("blue"), "\ndata:", "\ndata: # want `is blue`", 1)},
			want: []string{
				"a.yaml:6: surplus: [blue-color] " + found,
				`a.yaml:5: missing: no finding matches "is blue"`,
			},
		},
		{
			name:  "an expectation is for one finding",
			files: map[string]string{"a.yaml": colored(`blue # want "is blue" "paint"`)},
			want:  []string{`a.yaml:6: missing: no finding matches "paint"`},
		},
		{
			name:  "the file WANT expects what has no comments",
			files: map[string]string{"a.yaml": colored("blue"), "WANT": "# why\n\na.yaml:6 \"is blue\"\nmarks a.yaml:6 \"^color: blue$\"\n"},
		},
		{
			name:  "the file WANT is missed too",
			files: map[string]string{"a.yaml": colored("green"), "WANT": "a.yaml:6 `is blue`"},
			want:  []string{`a.yaml:6: missing: no finding matches "is blue"`},
		},
		{
			name:  "marked text",
			files: map[string]string{"a.yaml": colored(`blue # want "is blue" # marks "^color: blue$"`)},
		},
		{
			name:  "other marked text",
			files: map[string]string{"a.yaml": colored(`blue # want "is blue" # marks "^blue$"`)},
			want:  []string{`a.yaml:6: missing: no finding marks "^blue$", but ["color: blue"]`},
		},
		{
			name: "related place",
			files: map[string]string{
				"a.yaml": colored(`blue # want "is blue"`),
				"b.yaml": colored(`red # related "^this is red$"`),
			},
		},
		{
			name: "missing related place",
			files: map[string]string{
				"a.yaml": colored(`blue # want "is blue"`),
				"b.yaml": colored(`green # related "^this is red$"`),
			},
			want: []string{`b.yaml:6: missing: no related place matches "^this is red$"`},
		},
		{
			name:  "note",
			files: map[string]string{"a.yaml": colored("unknown"), "WANT": `note "^ConfigMaps: their colors are not known [(]1[)]$"`},
		},
		{
			name:  "missing note",
			files: map[string]string{"a.yaml": colored("green"), "WANT": `note "not known"`},
			want:  []string{`WANT: missing: nothing that was not judged matches "not known", of []`},
		},
		{
			name:  "CRLF",
			files: map[string]string{"a.yaml": strings.ReplaceAll(colored(`blue # want "is blue" # marks "^color: blue$"`), "\n", "\r\n")},
		},
		{
			name:  "a rule that fails",
			files: map[string]string{"a.yaml": colored("fatal")},
			want:  []string{"rule blue-color failed on .: the color is fatal"},
		},
		{
			name:  "nothing to lint",
			files: map[string]string{"a.yaml": "color: blue\n"},
			want:  []string{"no Kubernetes manifests found"},
		},
		{
			name:  "an expectation without a text",
			files: map[string]string{"a.yaml": colored("blue # want is blue")},
			want:  []string{"want without a quoted regular expression"},
		},
		{
			name:  "a broken regular expression",
			files: map[string]string{"a.yaml": colored(`blue # want "("`)},
			want:  []string{"missing closing )"},
		},
		{
			name:  "something behind an expectation",
			files: map[string]string{"a.yaml": colored(`blue # want "is blue" really`)},
			want:  []string{`"really" behind an expectation`},
		},
		{
			name:  "a file that is not there",
			files: map[string]string{"a.yaml": colored("blue"), "WANT": `b.yaml:6 "is blue"`},
			want:  []string{"WANT:1: "},
		},
		{
			name:  "an expectation without a line",
			files: map[string]string{"a.yaml": colored("blue"), "WANT": `a.yaml "is blue"`},
			want:  []string{`"a.yaml" is not of the form file:line`},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := written(t, test.files)
			r := &recorder{TB: t}
			Run(r, dir, colors)
			expectErrors(t, r, filepath.ToSlash(dir), test.want)
		})
	}
}

// expectErrors checks that each error of a recorded test holds a text, in
// their order.
func expectErrors(t *testing.T, r *recorder, dir string, want []string) {
	t.Helper()
	if len(r.errors) != len(want) {
		t.Fatalf("%d errors, want %d: %q", len(r.errors), len(want), r.errors)
	}
	for i, text := range want {
		if !strings.Contains(r.errors[i], text) {
			t.Errorf("error %d is %q, want %q", i, r.errors[i], text)
		}
		if !strings.HasPrefix(r.errors[i], dir) {
			t.Errorf("error %d does not start with the directory: %q", i, r.errors[i])
		}
	}
}

func TestRunPassesOptions(t *testing.T) {
	t.Parallel()
	rule := *colors
	rule.Run = func(p *analyzer.Pass) error {
		if p.Unit.Namespace != "shop" || len(p.Graph.Nodes) != 1 || len(p.Unit.Siblings) > 0 {
			return fmt.Errorf("namespace %q, %d nodes, %d siblings", p.Unit.Namespace, len(p.Graph.Nodes), len(p.Unit.Siblings))
		}
		return nil
	}
	dir := written(t, map[string]string{
		"case/a.yaml": colored("green"), "case/NAMESPACE": "shop\n",
		"case/NODES":    "apiVersion: v1\nkind: Node\nmetadata:\n  name: node1\n",
		"beside/b.yaml": colored("red"), "above.yaml": colored("red"),
	})
	Run(t, filepath.Join(dir, "case"), &rule)
}

func TestAlone(t *testing.T) {
	t.Parallel()
	dir := written(t, map[string]string{"a.yaml": colored("blue"), "sub/b.yaml": colored("red"), "sub/c.yaml": colored("blue")})
	r := &recorder{TB: t}
	Alone(r, dir, colors)
	expectErrors(t, r, dir, nil)
}

func TestAloneFindsDifferences(t *testing.T) {
	t.Parallel()
	dir := written(t, map[string]string{"a.yaml": colored("blue")})
	for once, want := range map[bool]string{true: "a.yaml: found in the whole tree, but not in the file alone: a.yaml:6: [blue-color]", false: "a.yaml: found in the file alone, but not in the whole tree: a.yaml:6: [blue-color]"} {
		fickle := *colors // reports the first time only, or never but then
		runs := 0
		fickle.Run = func(p *analyzer.Pass) error {
			if runs++; (runs == 1) != once {
				return nil
			}
			return colors.Run(p)
		}
		r := &recorder{TB: t}
		Alone(r, dir, &fickle)
		expectErrors(t, r, dir, []string{want})
	}
}

func at(name, data string, start, end int) source.Location {
	return source.Location{File: source.NewFile(name, name, []byte(data)), Span: source.Span{Start: start, End: end}}
}

func TestFlaws(t *testing.T) {
	t.Parallel()
	resource := &manifest.Resource{Kind: "ConfigMap", Name: "paint"}
	sound := func() analyzer.Finding {
		return analyzer.Finding{
			Rule: colors.ID, Claim: analyzer.Suspect, Evidence: analyzer.Certain, Severity: analyzer.Warning,
			Message: "ConfigMap paint is blue", Consequence: "it looks cold", Help: "paint it",
			Label: "blue", Notes: []string{"so are others"}, Resource: resource, Location: at("a.yaml", "blau: ü", 0, 4),
			Related: []analyzer.Related{{Message: "this is red", Location: at("b.yaml", "red", 0, 3)}},
		}
	}
	tests := []struct {
		name   string
		change func(*analyzer.Finding)
		want   string // "" if there is no flaw
	}{
		{"sound", func(*analyzer.Finding) {}, ""},
		{"no resource", func(f *analyzer.Finding) { f.Resource, f.Message = nil, "the document is blue" }, ""},
		{"the kind alone", func(f *analyzer.Finding) { f.Message = "ConfigMap" }, ""},
		{"empty place at the end", func(f *analyzer.Finding) { f.Location = at("a.yaml", "x", 1, 1) }, ""},
		{"another rule", func(f *analyzer.Finding) { f.Rule = "x-y" }, `rule "x-y" is none of those that ran`},
		{"unknown claim", func(f *analyzer.Finding) { f.Claim = "wrong" }, `unknown claim "wrong"`},
		{"unknown evidence", func(f *analyzer.Finding) { f.Evidence = "wrong" }, `unknown evidence "wrong"`},
		{"unknown severity", func(f *analyzer.Finding) { f.Severity = "loud" }, `unknown severity "loud"`},
		{"another kind", func(f *analyzer.Finding) { f.Message = "Secret paint is blue" }, "the message does not start with the kind ConfigMap"},
		{"the beginning of another kind", func(f *analyzer.Finding) { f.Message = "ConfigMapList paint is blue" }, "the message does not start with the kind ConfigMap"},
		{"no help", func(f *analyzer.Finding) { f.Help = "" }, "no help: what is there to change?"},
		{"no consequence", func(f *analyzer.Finding) { f.Consequence = "" }, "no consequence: what will Kubernetes do?"},
		{"full stop", func(f *analyzer.Finding) { f.Message += "." }, `the message ends with a full stop: "ConfigMap paint is blue."`},
		{"full stop in a note", func(f *analyzer.Finding) { f.Notes[0] += "." }, `the note 1 ends with a full stop: "so are others."`},
		{"two lines", func(f *analyzer.Finding) { f.Label = "a\nb" }, `the label runs over more than one line: "a\nb"`},
		{"a value is gone", func(f *analyzer.Finding) { f.Help = "paint it  now" }, `the help has two blanks, where a value is gone: "paint it  now"`},
		{"a verb too many", func(f *analyzer.Finding) { f.Help = "paint it %!s(MISSING)" }, `the help was formatted wrongly: "paint it %!s(MISSING)"`},
		{"related without a message", func(f *analyzer.Finding) { f.Related[0].Message = "" }, "related place 1 has no message"},
		{"related without a place", func(f *analyzer.Finding) { f.Related[0].Location = source.Location{} }, "related place 1 names no file"},
		{"no place", func(f *analyzer.Finding) { f.Location = source.Location{} }, "the location names no file"},
		{"place behind the end", func(f *analyzer.Finding) { f.Location.Span.End = 9 }, "the location is [0, 9) of a file of 8 bytes"},
		{"place inside a character", func(f *analyzer.Finding) { f.Location.Span.End = 7 }, "the location cuts a character in two"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := sound()
			test.change(&f)
			var want []string
			if test.want != "" {
				want = []string{test.want}
			}
			if diff := cmp.Diff(want, flaws(&f, []*analyzer.Rule{colors})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCasesOf(t *testing.T) {
	t.Parallel()
	blue, green := colored(`blue # want "is blue"`), colored("green")
	tests := []struct {
		name  string
		files map[string]string
		want  string // of the only problem
	}{
		{"both", map[string]string{"bad-a/a.yaml": blue, "ok-b/b.yaml": green}, ""},
		{"no ok", map[string]string{"bad-a/a.yaml": blue}, "no ok- case"},
		{"no bad", map[string]string{"ok-a/a.yaml": green}, "no bad- case"},
		{"bad without expectation", map[string]string{"bad-a/a.yaml": green, "ok-b/b.yaml": green}, "bad-a: it expects 0 lines with findings"},
		{"ok with expectation", map[string]string{"bad-a/a.yaml": blue, "ok-b/b.yaml": blue}, "ok-b: it expects 1 lines with findings"},
		{"a file", map[string]string{"bad-a/a.yaml": blue, "ok-b/b.yaml": green, "c.yaml": green}, "c.yaml: only directories of cases belong here"},
		{"another name", map[string]string{"bad-a/a.yaml": blue, "ok-b/b.yaml": green, "good-c/c.yaml": green}, "good-c: the name of a case starts with ok- or bad-"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, problems := casesOf(written(t, test.files))
			expectProblem(t, problems, test.want)
		})
	}
	_, problems := casesOf(filepath.Join(t.TempDir(), "blue-color"))
	expectProblem(t, problems, "the rule has no fixtures")
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	dir := written(t, map[string]string{"blue-color/bad-a/a.yaml": "", "truth/x/note.txt": "", "ch06/README.md": ""})
	expectProblem(t, strangers(dir, []*analyzer.Rule{colors}), "")
	expectProblem(t, strangers(dir, nil), "blue-color: no rule has this id")
}

func TestExampleProblems(t *testing.T) {
	t.Parallel()
	swapped := *colors
	swapped.Bad, swapped.Good = colors.Good, colors.Bad
	again := *colors
	again.ID = "blue-again"
	tests := []struct {
		name  string
		rule  *analyzer.Rule
		rules []*analyzer.Rule
		want  []string
	}{
		{"sound", colors, []*analyzer.Rule{colors}, nil},
		{"swapped", &swapped, []*analyzer.Rule{&swapped}, []string{
			"the bad example: reported by its rule: false, want true",
			"the good example: reported by its rule: true, want false",
		}},
		{"another rule reports it too", colors, []*analyzer.Rule{colors, &again}, []string{
			"the bad example is reported by blue-again too: line 6: warning suspect certain: ConfigMap paint is blue",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := exampleProblems(t, test.rule, test.rules)
			if len(got) != len(test.want) {
				t.Fatalf("got %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}

// expectProblem checks that there is one problem that holds the text, or none
// if it is empty.
func expectProblem(t *testing.T, problems []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(problems) > 0:
		t.Errorf("unexpected: %q", problems)
	case want != "" && (len(problems) != 1 || !strings.Contains(problems[0], want)):
		t.Errorf("got %q, want %q", problems, want)
	}
}
