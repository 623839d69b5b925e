package analyzertest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/fixture"
)

// Lint judges a directory as fixture.Lint does.
func Lint(t testing.TB, dir string, o driver.Options) (*analyzer.Result, error) {
	t.Helper()
	return fixture.Lint(t.Context(), dir, t.TempDir(), o)
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
