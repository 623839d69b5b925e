package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// endless is a stream that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestWhatIsNamedIsReadToALimit names a file that is too large, and a stream that
// never ends, wherever one can be named.
func TestWhatIsNamedIsReadToALimit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
	for name, text := range map[string]string{
		"a.yaml": pod, "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "chart/templates/a.yaml": pod,
		"large.yaml": "", "large.rego": "", "policies/large.rego": "",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			if err := os.Truncate(name, source.MaxSize+1); err != nil {
				t.Skip("no sparse files here:", err)
			}
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	a, large := at("a.yaml"), at("large.yaml")
	for _, args := range [][]string{
		{"lint", a, "--nodes", large}, {"lint", a, "--config", large}, {"lint", a, "--baseline", large}, {"lint", at("chart"), "--values", large},
		{"lint", a, "--policy", large}, {"lint", a, "--policy", at("large.rego")}, {"lint", a, "--policy", at("policies")},
		{"policy", "test", at("policies")}, {"policy", "check", at("policies")}, {"policy", "export", "gatekeeper", at("large.rego")},
		{"config", "--config", large}, {"baseline", "prune", a, "--baseline", large}, {"lint", dir},
		{"lint", "-"}, {"lint", a, "--nodes", "-"}, {"fn"},
	} {
		var out bytes.Buffer
		code := run("kubeknot", args, endless{}, &out, &out)
		tree := args[len(args)-1] == dir // the rest of it is judged
		if said := strings.Contains(out.String(), source.ErrTooLarge.Error()); !said || code != exitFailure && !tree {
			t.Errorf("%q: %d, %.300s", args, code, &out)
		}
	}
}
