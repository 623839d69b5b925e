package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The page of each rule shows a bad example that the rule reports, and a good
// one of the same objects in which nothing is wrong.
func TestPagesOfTheRulesHoldWhatTheySay(t *testing.T) {
	t.Parallel()
	// The bad example of the first lacks what the good one has: one Markdown file is
	// one story, so it is there. The others judge no texts, which may show a part of
	// an object.
	silent := []string{"rbac-cluster-scoped-in-role", "type-missing", "admission-policy-denies", "constraint-violated"}
	dir := filepath.Join("..", "..", "docs", "rules")
	all := findings(t, "--markdown", dir)
	rules, err := allRules()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		page := filepath.Join(dir, r.ID+".md")
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		bad, _, ok := strings.Cut(string(text), "\nFine:\n")
		if !ok {
			t.Fatalf("%s shows no good example", page)
		}
		good := strings.Count(bad, "\n") + 1 // its line
		found := false
		for _, f := range all {
			if f.File != filepath.ToSlash(page) {
				continue
			}
			found = found || f.Rule == r.ID && f.Line < good
			if f.Line > good && (f.Rule == r.ID || f.Severity == "error") {
				t.Errorf("the good example is at fault: %s", f.whole)
			}
		}
		tree := strings.HasPrefix(r.Bad, "-- ") // a kustomization, which no text builds
		if found == (tree || slices.Contains(silent, r.ID)) {
			t.Errorf("%s: its rule reports the bad example: %v", page, found)
		}
	}
}
