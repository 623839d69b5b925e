package analyzertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/fixture"
)

// Examples runs the examples that the documentation of each rule shows, as
// streams, or as trees if they are archives of several files: the rule reports Bad and leaves Good alone, and no other rule has
// more than advice on either.
func Examples(t *testing.T, rules []*analyzer.Rule) {
	t.Helper()
	for _, rule := range rules {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			for _, problem := range exampleProblems(t, rule, rules) {
				t.Error(problem)
			}
		})
	}
}

func exampleProblems(t testing.TB, rule *analyzer.Rule, rules []*analyzer.Rule) []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, example := range []struct {
		name, text string
		reported   bool
	}{{"bad", rule.Bad, true}, {"good", rule.Good, false}} {
		findings, err := lintExample(t, example.text, rules)
		if err != nil {
			say("the %s example: %v", example.name, err)
			continue
		}
		own := func(f analyzer.Finding) bool { return f.Rule == rule.ID }
		if reported := slices.ContainsFunc(findings, own); reported != example.reported {
			say("the %s example: reported by its rule: %t, want %t\n%s", example.name, reported, example.reported, numbered(example.text))
		}
		for i := range findings {
			f := &findings[i]
			if !own(*f) && f.Severity != analyzer.Info {
				say("the %s example is reported by %s too: line %d: %s", example.name, f.Rule, fixture.Start(f).Line, fixture.Describe(f))
			}
			for _, flaw := range flaws(f, rules) {
				say("the %s example: [%s] %s: %s", example.name, f.Rule, fixture.Describe(f), flaw)
			}
		}
	}
	return problems
}

// numbered returns a text with the numbers of its lines.
func numbered(text string) string {
	var b strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		n++
		fmt.Fprintf(&b, "%3d %s", n, line)
	}
	return b.String()
}
