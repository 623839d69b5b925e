package analyzertest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/fixture"
)

// notRules are the directories of testdata that hold something else than the
// fixtures of a rule. This is the one place that names them.
var notRules = []string{
	"ch06",    // the directories of a chapter, for the tests of the commands
	"fn",      // input of a function
	"docs",    // what the pages of docs/ are tried on
	"helm",    // charts
	"hostile", // attacks on the whole command
	"nodes",   // inventories of nodes
	"script",  // scripts of commands
	"truth",   // what a real control plane did
}

// Fixtures runs every rule over its fixtures, each as a subtest: the whole tree
// and every file alone. A rule that reviews suppressions runs with the others
// that are given. It fails if a rule has no bad or no ok case, and if the name
// of a case does not tell which of the two it is.
func Fixtures(t *testing.T, testdata string, rules []*analyzer.Rule, others ...*analyzer.Rule) {
	t.Helper()
	for _, rule := range rules {
		t.Run(rule.ID, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(testdata, rule.ID)
			cases, problems := casesOf(dir)
			for _, problem := range problems {
				t.Error(problem)
			}
			for _, name := range cases {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					ran := []*analyzer.Rule{rule}
					if rule.Review != "" { // without the others there is nothing to review
						ran = others
					}
					Run(t, filepath.Join(dir, name), ran...)
					Alone(t, filepath.Join(dir, name), ran...)
				})
			}
		})
	}
}

// Strangers fails if testdata holds a directory that belongs to none of the
// rules.
func Strangers(t *testing.T, testdata string, rules []*analyzer.Rule) {
	t.Helper()
	for _, problem := range strangers(testdata, rules) {
		t.Error(problem)
	}
}

// strangers returns what testdata holds that belongs to no rule.
func strangers(testdata string, rules []*analyzer.Rule) []string {
	entries, err := os.ReadDir(testdata)
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	for _, e := range entries {
		known := slices.Contains(notRules, e.Name()) ||
			slices.ContainsFunc(rules, func(r *analyzer.Rule) bool { return r.ID == e.Name() })
		if !known {
			problems = append(problems, fmt.Sprintf("%s: no rule has this id", filepath.Join(testdata, e.Name())))
		}
	}
	return problems
}

// casesOf returns the fixtures of a rule and what is wrong with the set.
func casesOf(dir string) (cases, problems []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, []string{"the rule has no fixtures: " + err.Error()}
	}
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	count := map[string]int{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		prefix, _, _ := strings.Cut(e.Name(), "-")
		switch {
		case !e.IsDir():
			say("%s: only directories of cases belong here", path)
			continue
		case prefix != "ok" && prefix != "bad":
			say("%s: the name of a case starts with ok- or bad-", path)
			continue
		}
		cases = append(cases, e.Name())
		lines, err := fixture.Expected(path)
		if err != nil {
			continue // Run says it
		}
		count[prefix]++
		if (lines > 0) != (prefix == "bad") {
			say("%s: it expects %d lines with findings", path, lines)
		}
	}
	for _, prefix := range []string{"bad", "ok"} {
		if count[prefix] == 0 {
			say("%s: no %s- case", dir, prefix)
		}
	}
	return cases, problems
}
