package analyzertest

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
)

// Run lints the fixture in dir with the rules and compares what is found with
// what the fixture expects. It also checks what holds for every finding: see
// flaws.
func Run(t testing.TB, dir string, rules ...*analyzer.Rule) {
	t.Helper()
	want, err := readExpectations(dir)
	if err != nil {
		t.Errorf("%s: %v", dir, err)
		return
	}
	o, err := options(dir, rules)
	if err != nil {
		t.Errorf("%s: %v", dir, err)
		return
	}
	result, err := Lint(t, dir, o)
	if err != nil {
		t.Errorf("%s: %v", dir, err)
	}
	if result == nil {
		return
	}
	for _, problem := range compare(result, want, rules) {
		t.Errorf("%s/%s", filepath.ToSlash(dir), problem)
	}
}

// compare returns how a result differs from what is expected, each as
// "file:line: text".
func compare(result *analyzer.Result, want *expectations, rules []*analyzer.Rule) []string {
	var problems []string
	say := func(at place, format string, args ...any) {
		problems = append(problems, fmt.Sprintf("%s: %s", at, fmt.Sprintf(format, args...)))
	}
	left := map[place][]*regexp.Regexp{}
	for at, patterns := range want.findings {
		left[at] = slices.Clone(patterns)
	}
	for i := range result.Findings {
		f := &result.Findings[i]
		at, text := start(f), describe(f)
		if k := slices.IndexFunc(left[at], func(p *regexp.Regexp) bool { return p.MatchString(text) }); k >= 0 {
			left[at] = slices.Delete(left[at], k, k+1)
		} else {
			say(at, "surplus: [%s] %s", f.Rule, text)
		}
		for _, flaw := range flaws(f, rules) {
			say(at, "[%s] %s: %s", f.Rule, text, flaw)
		}
	}
	for _, at := range inOrder(left) {
		for _, p := range left[at] {
			say(at, "missing: no finding matches %q", p)
		}
	}
	for _, at := range inOrder(want.marks) {
		for _, p := range want.marks[at] {
			if texts := marked(result.Findings, at); !slices.ContainsFunc(texts, p.MatchString) {
				say(at, "missing: no finding marks %q, but %q", p, texts)
			}
		}
	}
	for _, at := range inOrder(want.related) {
		for _, p := range want.related[at] {
			if !anyRelated(result.Findings, at, p) {
				say(at, "missing: no related place matches %q", p)
			}
		}
	}
	for _, p := range want.notes {
		if !slices.ContainsFunc(result.NotJudged, func(n analyzer.NotJudged) bool { return p.MatchString(n.Reason) }) {
			problems = append(problems, fmt.Sprintf("%s: missing: nothing that was not judged matches %q, of %q", wantFile, p, result.NotJudged))
		}
	}
	return problems
}

func inOrder(m map[place][]*regexp.Regexp) []place {
	return slices.SortedFunc(maps.Keys(m), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line))
	})
}

// marked returns the texts that the findings of a line mark.
func marked(findings []analyzer.Finding, at place) []string {
	var texts []string
	for i := range findings {
		if start(&findings[i]) == at {
			texts = append(texts, string(findings[i].Location.Text()))
		}
	}
	return texts
}

func anyRelated(findings []analyzer.Finding, at place, p *regexp.Regexp) bool {
	return slices.ContainsFunc(findings, func(f analyzer.Finding) bool {
		return slices.ContainsFunc(f.Related, func(r analyzer.Related) bool {
			return r.Location.File != nil && place{r.Location.File.Rel, r.Location.Start().Line} == at && p.MatchString(r.Message)
		})
	})
}

// Alone lints every file of the fixture in dir on its own: what is said about
// a file must be the same as when the whole tree is linted.
func Alone(t testing.TB, dir string, rules ...*analyzer.Rule) {
	t.Helper()
	o, err := options(dir, rules)
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
		ends := []string{start(f).file}
		for _, r := range f.Related {
			if r.Location.File != nil {
				ends = append(ends, r.Location.File.Rel)
			}
		}
		if slices.Contains(ends, file) {
			all = append(all, fmt.Sprintf("%s: [%s] %s", start(f), f.Rule, describe(f)))
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
