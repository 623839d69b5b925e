package suppress

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// FuzzComments looks for comments that make finding them fail, for those that
// are found inside of texts, and for suppressions that hold for more than their
// file.
func FuzzComments(f *testing.F) {
	for _, seed := range []string{
		"# kubeknot:ignore a-rule -- why\napiVersion: v1\nkind: A\n", "kind: A # kubeknot:ignore a, b expires 2027-01-01 -- r # x\napiVersion: v1\n---\n# kubeknot:ignore-document c\n",
		"apiVersion: v1\nkind: A\na: |\n  # kubeknot:ignore a\nb: '# kubeknot:ignore b'\n", "{{ if x }}\na: |\n  # kubeknot:ignore-file\n{{ end }} # kubeknot:ignore x\napiVersion: kind", "#kubeknot:\r# kubeknot:ignore \r\n## kubeknot:ignore-all x -- -- y",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in := source.NewFile("f", "f", []byte(text))
		other := source.NewFile("g", "g", []byte("x\n"))
		elsewhere := analyzer.Finding{Location: source.Location{File: other, Span: source.Span{End: 1}}}
		for _, s := range inFile(in, manifest.Parse(in).Documents) {
			if start := s.at.Span.Start; start < 1 || s.at.Span.End > len(text) || !strings.HasPrefix(string(s.at.Text()), "kubeknot:") {
				t.Fatalf("a suppression at %+v", s.at.Span)
			}
			if s.fault == "" && (s.rule == "" || strings.ContainsAny(s.rule, ", \t\r\n")) {
				t.Errorf("%q is taken for a rule", s.rule)
			}
			if s.covers != nil && s.covers(&elsewhere) {
				t.Errorf("%s covers another file", s.at.Text())
			}
		}
	})
}

// FuzzBaseline writes findings of any names down and reads them again.
func FuzzBaseline(f *testing.F) {
	f.Add("a-rule", "dir/a b.yaml", "apps", "Deployment", "x", `say "hi"`, "spec.a[0]")
	f.Add("r", "#", "", "", "", "\n\r\x00\xff\u2028", "-")
	name := filepath.Join(f.TempDir(), "baseline")
	f.Fuzz(func(t *testing.T, rule, file, group, kind, namespace, object, field string) {
		line := Line(analyzer.Identity{Rule: rule, File: file, Group: group, Kind: kind, Namespace: namespace, Name: object, Field: field})
		var text strings.Builder
		if err := (Baseline{line, line}).Write(&text); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := ReadBaseline(name)
		if err != nil || !slices.Equal(got, Baseline{line, line}) {
			t.Fatalf("%q is read as %q, %v", line, got, err)
		}
		if w := words(line); file != "" && w[1] != file || rule != "" && w[0] != rule {
			t.Errorf("%q has the words %q", line, w)
		}
	})
}

// FuzzReadBaseline reads any text as a baseline.
func FuzzReadBaseline(f *testing.F) {
	f.Add("# known\nr a.yaml Pod/web spec\n")
	f.Add("r \"a b\" \"x\" -\r\n\"\\\" a b c\n\"\" \"\" \"\" \"\"")
	name := filepath.Join(f.TempDir(), "baseline")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		b, err := ReadBaseline(name)
		if err != nil {
			return
		}
		for _, line := range b {
			if len(words(line)) != 4 {
				t.Errorf("%q has %d words", line, len(words(line)))
			}
		}
		r := Run{Named: func(string) bool { return true }, Judged: func(string, string) bool { return true }}
		b.apply(&Outcome{}, r)
	})
}
