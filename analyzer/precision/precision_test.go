package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var found = []finding{
	{repository: "a", Rule: "x-y", File: "f.yaml", Line: 3, Fingerprint: "1"},
	{repository: "a", Rule: "x-y", File: "f.yaml", Line: 9, Fingerprint: "2"},
	{repository: "a", Rule: "x-z", File: "f.yaml", Line: 1, Fingerprint: "3"},
	{repository: "b", Rule: "x-y", File: "g.yaml", Line: 2, Fingerprint: "1"},
}

func TestCountsByVerdict(t *testing.T) {
	t.Parallel()
	known := map[key]verdict{
		{"a", "1"}: {Verdict: right}, {"a", "2"}: {Verdict: wrong}, {"a", "3"}: {Verdict: worthless}, {"b", "1"}: {Verdict: ""},
		{"c", "9"}: {Verdict: wrong}, // about an error that is gone
	}
	got := count(found, known).markdown(2)
	for _, want := range []string{
		"| x-y | 3 | 2 | 1 | 0 | 1 | 50.0 |",
		"| x-z | 1 | 1 | 0 | 1 | 0 | 100.0 |",
		"| all | 4 | 3 | 1 | 1 | 1 | 66.7 |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no row %s in\n%s", want, got)
		}
	}
}

func TestSampleAsksForUnjudgedErrorsOnly(t *testing.T) {
	t.Parallel()
	known := map[key]verdict{{"a", "1"}: {Verdict: right}, {"a", "2"}: {}}
	for n, want := range map[int]int{0: 0, 1: 2, 2: 3, -1: 3} {
		asked := pick(found, known, n, rand.New(rand.NewPCG(1, 1)))
		if len(asked) != want {
			t.Errorf("a sample of %d of each rule has %d errors, want %d", n, len(asked), want)
		}
		for _, f := range asked {
			if f.repository == "a" && f.Fingerprint == "1" {
				t.Errorf("asks again for %v", f)
			}
		}
	}
}

func TestVerdictsAreKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "verdicts.jsonl")
	known := map[key]verdict{{"z", "9"}: {Repository: "z", Fingerprint: "9", Verdict: wrong, Why: "a < b"}}
	if err := writeVerdicts(path, known, found[:1]); err != nil {
		t.Fatal(err)
	}
	got, err := readVerdicts(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[key{"z", "9"}].Why != "a < b" || got[key{"a", "1"}].Rule != "x-y" {
		t.Errorf("read back %v", got)
	}
}

func TestUnknownVerdictIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "verdicts.jsonl")
	if err := os.WriteFile(path, []byte("\n{\"verdict\":\"maybe\"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readVerdicts(path); err == nil || !strings.Contains(err.Error(), ":2: ") {
		t.Errorf("error %v does not name line 2", err)
	}
}

// TestRun lints two repositories with a program that prints a report, judges
// what it asked for, and runs again.
func TestRun(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the stand-in for the binary is a shell script")
	}
	tree := t.TempDir()
	for _, name := range []string{"a", "b", ".git"} {
		if err := os.Mkdir(filepath.Join(tree, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	binary := filepath.Join(t.TempDir(), "lint")
	script := `#!/bin/sh
echo '{"findings":[{"rule":"x-y","severity":"error","file":"f","line":1,"fingerprint":"1"},{"rule":"x-y","severity":"info","fingerprint":"2"}]}'
exit 1
`
	if err := os.WriteFile(binary, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("before\n"+begin+"\nold\n"+end+"\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o := options{kubeknot: binary, tree: tree, verdicts: filepath.Join(tree, "verdicts.jsonl"), page: page, sample: -1}
	var out bytes.Buffer
	if err := run(o, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "2 errors to judge") {
		t.Errorf("did not ask for two errors:\n%s", &out)
	}
	data, err := os.ReadFile(o.verdicts)
	if err != nil {
		t.Fatal(err)
	}
	judged := bytes.ReplaceAll(data, []byte(`"verdict":""`), []byte(`"verdict":"right"`))
	if err := os.WriteFile(o.verdicts, judged, 0o644); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := run(o, &out); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{out.String(), string(written)} {
		if !strings.Contains(text, "| all | 2 | 2 | 2 | 0 | 0 | 100.0 |") {
			t.Errorf("verdicts were not recalled:\n%s", text)
		}
	}
	if !strings.HasPrefix(string(written), "before\n") || !strings.HasSuffix(string(written), "after\n") || strings.Contains(string(written), "old") {
		t.Errorf("page is\n%s", written)
	}
}
