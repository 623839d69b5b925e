package analyzertest

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/fixture"
)

// Run lints the fixture in dir with the rules and compares what is found with
// what the fixture expects. It also checks what holds for every finding: see
// flaws.
func Run(t testing.TB, dir string, rules ...*analyzer.Rule) {
	t.Helper()
	problems, err := fixture.Run(t.Context(), dir, t.TempDir(), rules, func(f *analyzer.Finding) []string { return flaws(f, rules) })
	if err != nil {
		t.Errorf("%s: %v", dir, err)
	}
	for _, problem := range problems {
		t.Errorf("%s/%s", filepath.ToSlash(dir), problem)
	}
}

// Alone lints every file of the fixture in dir on its own: what is said about
// a file must be the same as when the whole tree is linted.
func Alone(t testing.TB, dir string, rules ...*analyzer.Rule) {
	t.Helper()
	o, err := fixture.Options(dir, rules)
	if err != nil {
		return // Run says it
	}
	whole, err := Lint(t, dir, o)
	if err != nil {
		return // Run says it
	}
	files, err := manifests(dir)
	if err != nil {
		t.Errorf("%s: %v", dir, err)
	}
	for _, file := range files {
		o.Paths = []string{file}
		alone, err := Lint(t, dir, o)
		if err != nil {
			t.Errorf("%s/%s: alone: %v", dir, file, err)
			continue
		}
		said, saidAlone := about(whole.Findings, file), about(alone.Findings, file)
		for _, text := range said {
			if !slices.Contains(saidAlone, text) {
				t.Errorf("%s/%s: found in the whole tree, but not in the file alone: %s", dir, file, text)
			}
		}
		for _, text := range saidAlone {
			if !slices.Contains(said, text) {
				t.Errorf("%s/%s: found in the file alone, but not in the whole tree: %s", dir, file, text)
			}
		}
	}
}

// about returns the findings of which one end lies in the file.
func about(findings []analyzer.Finding, file string) []string {
	var all []string
	for i := range findings {
		f := &findings[i]
		ends := []string{fixture.Start(f).File}
		for _, r := range f.Related {
			if r.Location.File != nil {
				ends = append(ends, r.Location.File.Rel)
			}
		}
		if slices.Contains(ends, file) {
			all = append(all, fmt.Sprintf("%s: [%s] %s", fixture.Start(f), f.Rule, fixture.Describe(f)))
		}
	}
	return all
}

// manifests returns the files of a fixture that a run would read.
func manifests(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && slices.Contains([]string{".json", ".yaml", ".yml"}, filepath.Ext(p)) && e.Type().IsRegular() {
			rel, _ := filepath.Rel(dir, p)
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	return files, err
}
