package analyzertest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// Lint judges a directory as a tree of its own: a copy of it, with nothing
// beside or above. Dir and, unless they are given, Paths are filled in; the
// path of Nodes has to be absolute or inside the directory.
func Lint(t testing.TB, dir string, o driver.Options) (*analyzer.Result, error) {
	t.Helper()
	var err error
	if o.Dir, err = isolate(dir, t.TempDir()); err != nil {
		return nil, err
	}
	if len(o.Paths) == 0 {
		o.Paths = []string{"."}
	}
	return driver.Run(t.Context(), o)
}

// isolate copies a directory to an empty one and returns that.
func isolate(from, to string) (string, error) {
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return "", err
	}
	// The root of a tree is where its .git is, so nothing above is looked at.
	return to, os.Mkdir(filepath.Join(to, ".git"), 0o777)
}

// options returns what a fixture says that it is to be judged with.
func options(dir string, rules []*analyzer.Rule) (driver.Options, error) {
	o := driver.Options{Rules: rules}
	if _, err := os.Stat(filepath.Join(dir, nodesFile)); err == nil {
		o.Nodes = nodesFile
	}
	data, err := os.ReadFile(filepath.Join(dir, namespaceFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, err
	}
	o.Namespace = strings.TrimSpace(string(data))
	return o, nil
}

// lintExample judges a text as it comes in on standard input, or the files of
// a txtar archive as a tree.
func lintExample(t testing.TB, text string, rules []*analyzer.Rule) ([]analyzer.Finding, error) {
	o := driver.Options{Rules: rules, Paths: []string{"-"}, Stdin: strings.NewReader(text)}
	if strings.HasPrefix(text, "-- ") {
		files, err := txtar.FS(txtar.Parse([]byte(text)))
		if err != nil {
			return nil, err
		}
		o.Dir, o.Paths = t.TempDir(), []string{"."}
		if err := errors.Join(os.CopyFS(o.Dir, files), os.Mkdir(filepath.Join(o.Dir, ".git"), 0o777)); err != nil {
			return nil, err
		}
	}
	result, err := driver.Run(t.Context(), o)
	if err != nil {
		return nil, err
	}
	return result.Findings, nil
}

// describe is the text that expectations match.
func describe(f *analyzer.Finding) string {
	return fmt.Sprintf("%s %s %s: %s", f.Severity, f.Claim, f.Evidence, f.Message)
}

// start returns where a finding starts, with the path inside its tree.
func start(f *analyzer.Finding) place {
	if f.Location.File == nil {
		return place{}
	}
	return place{f.Location.File.Rel, f.Location.Start().Line}
}
