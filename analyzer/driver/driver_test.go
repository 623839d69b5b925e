package driver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/policies"
	"github.com/kubeknot/kubeknot/rules"
)

// makeTree writes files, given by path and content, and returns their
// directory, which is the root of a git repository. A path that ends in "/" is
// an empty directory.
func makeTree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, ".git/HEAD", "")
	for name, text := range files {
		write(t, dir, name, text)
	}
	return dir
}

func write(t testing.TB, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	parent := filepath.Dir(p)
	if strings.HasSuffix(name, "/") {
		parent = p
	}
	if err := os.MkdirAll(parent, 0o777); err != nil {
		t.Fatal(err)
	}
	if parent == p {
		return
	}
	if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func link(t testing.TB, dir, to, name string) {
	t.Helper()
	if err := os.Symlink(to, filepath.Join(dir, filepath.FromSlash(name))); err != nil {
		t.Skip("no symbolic links here:", err)
	}
}

// object returns a manifest of a kind that no rule minds.
func object(name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n", name)
}

// allRules returns the rules that kubeknot runs.
func allRules(t testing.TB) []*analyzer.Rule {
	t.Helper()
	embedded, err := policies.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(rules.All(), policies.Constraints(), embedded)
}

// seen is a rule that reports each resource that it is asked to judge.
var seen = &analyzer.Rule{ID: "is-seen", Claim: analyzer.Advice, Run: func(p *analyzer.Pass) error {
	for _, r := range p.Unit.Resources {
		p.Report(analyzer.Finding{Message: r.String(), Location: r.NameLocation(), Resource: r})
	}
	return nil
}}

// lint runs rules, seen if there are none, and fails the test on an error.
func lint(t testing.TB, o Options) *analyzer.Result {
	t.Helper()
	if o.Rules == nil {
		o.Rules = []*analyzer.Rule{seen}
	}
	result, err := Run(t.Context(), o)
	if err != nil && !errors.Is(err, ErrNothing) {
		t.Fatal(err)
	}
	return result
}

// lines returns what a result says, one line for each finding and each thing
// that was not judged.
func lines(r *analyzer.Result) []string {
	var all []string
	for _, f := range r.Findings {
		all = append(all, fmt.Sprintf("%s: %s", f.Location.File.Path, f.Message))
	}
	for _, n := range r.NotJudged {
		all = append(all, strings.TrimPrefix(fmt.Sprintf("%s - %s", n.File, n.Reason), " "))
	}
	return all
}

func expect(t *testing.T, r *analyzer.Result, want ...string) {
	t.Helper()
	if got := lines(r); !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
