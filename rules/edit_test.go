package rules_test

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// TestEditsMend applies the edits of every finding in the fixtures: then the
// finding is gone, and nothing is wrong with what stands there now. What was
// hidden behind it may come to light.
func TestEditsMend(t *testing.T) {
	t.Parallel()
	fixtures, err := filepath.Glob("../testdata/*/bad-*")
	if err != nil {
		t.Fatal(err)
	}
	edited := map[string]int{}
	for _, dir := range fixtures {
		rule := filepath.Base(filepath.Dir(dir))
		if !slices.Contains([]string{"api-deprecated", "api-removed", "invalid-value", "unknown-field"}, rule) {
			continue
		}
		before := said(t, dir)
		for key, f := range before {
			if len(f.Edits) == 0 {
				continue
			}
			edited[f.Rule]++
			after := said(t, mended(t, dir, f.Edits))
			if _, still := after[key]; still {
				t.Errorf("%s: %v is still there", dir, key)
			}
			for other, new := range after {
				at, edit := new.Location, f.Edits[0].Location
				if _, known := before[other]; !known && at.Span.Start == edit.Span.Start && at.File.Rel == edit.File.Rel {
					t.Errorf("%s: %v is new where there was %v", dir, other, key)
				}
			}
		}
	}
	if want := []string{"api-removed", "invalid-value", "unknown-field"}; !slices.Equal(want, slices.Sorted(maps.Keys(edited))) {
		t.Errorf("there are edits of %v, want some of each of %v", edited, want)
	}
}

// told is what identifies a finding across an edit.
type told struct{ rule, message string }

func said(t *testing.T, dir string) map[told]analyzer.Finding {
	t.Helper()
	result, err := analyzertest.Lint(t, dir, driver.Options{Rules: all(t)})
	if err != nil {
		t.Fatal(dir, err)
	}
	found := map[told]analyzer.Finding{}
	for _, f := range result.Findings {
		found[told{f.Rule, f.Message}] = f
	}
	return found
}

// mended returns a copy of a directory with the edits applied, the last first.
func mended(t *testing.T, dir string, edits []analyzer.Edit) string {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	edits = slices.SortedFunc(slices.Values(edits), func(a, b analyzer.Edit) int {
		return cmp.Compare(b.Location.Span.Start, a.Location.Span.Start)
	})
	for _, e := range edits {
		path := filepath.Join(copied, filepath.FromSlash(e.Location.File.Path))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		span := e.Location.Span
		data = slices.Concat(data[:span.Start], []byte(e.Text), data[span.End:])
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}
