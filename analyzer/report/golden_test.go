package report

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
)

var update = flag.Bool("update", false, "write what the reports print into testdata")

// common is one result with what makes formats differ: two ends of a tie, a
// second finding of the same fingerprint, text that has to be escaped, a span
// of several lines, no place at all, and files that were not judged.
func common(t *testing.T) (*analyzer.Result, Options) {
	t.Helper()
	odd := file("a (b)/c,d:e 100%.yaml", "a: |\n  b\n  c\nd: \"é|<&>\" # x\n")
	result := &analyzer.Result{
		Findings: []analyzer.Finding{
			{Rule: "two-lines", Claim: analyzer.Suspect, Evidence: analyzer.Certain, Message: "first | `x` <b>&\n[second](http://x)", Location: at(t, odd, "|\n  b\n  c\n"),
				Related: []analyzer.Related{{Message: "told by [someone](1)"}}, Help: "100%, a:b"},
			{Rule: "two-lines", Claim: analyzer.Suspect, Evidence: analyzer.Certain, Message: "again\x00\x1b", Location: at(t, odd, "é|"),
				Help: "write [e](|)", Edits: []analyzer.Edit{{Location: at(t, odd, "é|"), Text: "e|"}, {Location: at(t, odd, " # x")}}},
			numbers(t),
			{Rule: "no-place", Claim: analyzer.Advice, Evidence: analyzer.Certain, Message: "- nowhere"},
		},
		NotJudged: []analyzer.NotJudged{{File: "c.yaml", Reason: "a template"}, {Reason: "no node is known (2)"}},
		Ties:      ties(),
		Summary:   analyzer.Summary{Files: 2, Resources: 3, Units: 1, Errors: 1, Warnings: 2, Infos: 1, Elapsed: time.Second},
	}
	rule := &analyzer.Rule{
		ID: "service-selects-nothing", Title: "A Service matches no pods", Claim: analyzer.Broken,
		Why: "Every connection fails.", Bad: "kind: Service\n", Good: "kind: Pod\n", References: []string{"https://kubernetes.io"},
	}
	return result, Options{Rules: []*analyzer.Rule{rule}, Version: "v1", FailOn: analyzer.Warning}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json-lines", "sarif", "junit", "github", "gitlab", "checkstyle", "markdown"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			result, options := common(t)
			got := render(t, format, options, result)
			golden := filepath.Join("testdata", format+".golden")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
