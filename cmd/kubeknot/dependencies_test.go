package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// requiredModule is a requirement of go.mod without "// indirect" behind it.
var requiredModule = regexp.MustCompile(`(?m)^\t(\S+) v\S+$`)

// listedModule is a module in a row of the table of docs/dependencies.md, or an
// item of the list behind it.
var listedModule = regexp.MustCompile("(?m)^(?:\\| |- )`([^` ]+)`")

// TestDependenciesAreExplained compares docs/dependencies.md with go.mod.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	page, err := os.ReadFile(filepath.Join(root, "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var required, explained []string
	for _, m := range requiredModule.FindAllStringSubmatch(string(data), -1) {
		required = append(required, m[1])
	}
	for _, m := range listedModule.FindAllStringSubmatch(string(page), -1) {
		explained = append(explained, m[1])
	}
	slices.Sort(required)
	slices.Sort(explained)
	if diff := cmp.Diff(required, explained); diff != "" {
		t.Errorf("(-go.mod +docs/dependencies.md)\n%s", diff)
	}
	if bytes.Contains(data, []byte("\nreplace ")) {
		t.Error("go.mod replaces modules: go install of a version does not work then")
	}
}
