package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
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

// TestLimits lints what is too deep, too large or too many, in a size that takes
// little time, beside a file whose finding has to be reported whatever stands
// next to it.
func TestLimits(t *testing.T) {
	t.Parallel()
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"
	levels := func(level string, n int) string { return strings.Repeat(level, n) }
	each := func(n int, text func(i int) string) string {
		var all strings.Builder
		for i := range n {
			all.WriteString(text(i))
		}
		return all.String()
	}
	ten := func(format string, i int) string {
		return strings.TrimSuffix(strings.Repeat(strings.ReplaceAll(format, "N", strconv.Itoa(i))+", ", 10), ", ")
	}
	for name, limit := range map[string]struct{ file, text, want string }{
		"levels of a list":  {"a.yaml", configMap + "data: " + levels("[", 10000) + levels("]", 10000), "[wrong-type]"},
		"levels of JSON":    {"a.json", `{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": ` + levels(`{"a":`, 10000) + "1" + levels("}", 10001), "exceeded max depth"},
		"levels of dashes":  {"a.yaml", configMap + "data:\n" + levels("- ", 10000) + "a\n", "not judged: objects: too large to ask the API server (1)"},
		"levels of a block": {"a.yaml", configMap + "data:\n" + each(1000, func(i int) string { return strings.Repeat(" ", i+1) + "a:\n" }), "[wrong-type]"},
		"aliases":           {"a.yaml", configMap + "data:\n  a0: &a0 [x]\n" + each(9, func(i int) string { return fmt.Sprintf("  a%d: &a%d [%s]\n", i+1, i+1, ten("*aN", i)) }), "excessive aliasing"},
		"merge keys":        {"a.yaml", configMap + "data:\n  a0: &a0 {x: y}\n" + each(9, func(i int) string { return fmt.Sprintf("  a%d: &a%d [%s]\n", i+1, i+1, ten("{<<: *aN}", i)) }), "excessive aliasing"},
		"aliases of itself": {"a.yaml", configMap + "data: &a [" + ten("*a", 0) + "]\n", "contains itself"},
		"a value":           {"a.yaml", configMap + "data: {a: " + levels("x", 1<<20+1) + "}\n", "is too long"},
		"keys":              {"a.yaml", configMap + "data:\n" + each(12000, func(i int) string { return fmt.Sprintf("  k%d: v%090d\n", i, i) }), "is too long"},
		"documents": {"a.yaml", each(2000, func(i int) string {
			return fmt.Sprintf("---\n%s", strings.Replace(configMap, "name: c", fmt.Sprintf("name: c%d", i), 1))
		}), "2001 objects"},
		"empty documents":    {"a.yaml", levels("---\n", 100000) + levels("# a\n---\n", 50000), "1 file holds no Kubernetes objects"},
		"bytes that are not": {"a.yaml", configMap + "data: {a: \"\xff\"}\n", "a.yaml:4:12"},
		"NUL":                {"a.yaml", configMap + "data: {a: \"\x00\"}\n", "a.yaml:4:12"},
		"UTF-16":             {"a.yaml", "\xff\xfe" + each(len(configMap), func(i int) string { return configMap[i:i+1] + "\x00" }), "a.yaml:1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range map[string]string{limit.file: limit.text, "other.yaml": fmt.Sprintf(watchedPod, "other")} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			var out bytes.Buffer
			code := run("kubeknot", []string{"lint", "--no-cache", dir}, nil, &out, &out)
			if said := out.String(); code > exitFindings || !strings.Contains(said, limit.want) || !strings.Contains(said, "info[bare-pod]: Pod other") {
				t.Errorf("%d, %.1000s", code, said)
			}
		})
	}
}
