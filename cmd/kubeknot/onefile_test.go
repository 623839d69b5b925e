package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// finding is what the test needs of a finding in JSON, and the whole of it.
type finding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Related  []struct {
		File string `json:"file"`
	} `json:"related"`
	whole string
}

// touches reports whether either end of the finding is in the file.
func (f finding) touches(file string) bool {
	if f.File == file {
		return true
	}
	for _, r := range f.Related {
		if r.File == file {
			return true
		}
	}
	return false
}

// findings lints paths and returns what the JSON report holds.
func findings(t *testing.T, args ...string) []finding {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"lint", "--format", "json"}, args...)
	if code := run("kubeknot", args, strings.NewReader(""), &out, &errs); code == exitFailure {
		t.Fatalf("%q: %s", args, errs.String())
	}
	var doc struct {
		Findings []json.RawMessage `json:"findings"`
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	all := make([]finding, len(doc.Findings))
	for i, raw := range doc.Findings {
		if err := json.Unmarshal(raw, &all[i]); err != nil {
			t.Fatal(err)
		}
		all[i].whole = string(raw)
	}
	return all
}

func about(all []finding, file string) []string {
	var some []string
	for _, f := range all {
		if f.touches(file) {
			some = append(some, f.whole)
		}
	}
	return some
}

// copyOf returns the resolved path of a copy of a directory.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(root, "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

func manifests(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(p)) {
			files = append(files, p)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// One file, or one directory, says of itself what the whole tree says of it:
// paths choose what is reported, not what is known.
func TestOneFileSaysWhatTheWholeTreeSaysOfIt(t *testing.T) {
	t.Parallel()
	nodes, err := filepath.Abs(filepath.Join("..", "..", "testdata", "nodes", "three-plain.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := copyOf(t, filepath.Join("..", "..", "testdata", "ch06"))
	if err := os.Mkdir(filepath.Join(dir, ".git"), 0o777); err != nil { // outside of git the context ends at the arguments
		t.Fatal(err)
	}
	whole := findings(t, "--nodes", nodes, dir)
	if len(whole) < 5 {
		t.Fatalf("only %d findings to compare", len(whole))
	}
	for _, file := range manifests(t, dir) {
		want := about(whole, filepath.ToSlash(file))
		var got []string
		for _, f := range findings(t, "--nodes", nodes, file) {
			got = append(got, f.whole)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-whole tree +alone)\n%s", file, diff)
		}
	}
}
