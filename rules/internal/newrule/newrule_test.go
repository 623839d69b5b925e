package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func root(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "rules", "workloads"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestScaffold(t *testing.T) {
	t.Parallel()
	dir := root(t)
	files, err := scaffold(dir, "deployment-paused", "workloads")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := write(f); err != nil {
			t.Fatal(err)
		}
	}
	rule := filepath.Join(dir, "rules", "workloads", "deployment_paused.go")
	text, err := os.ReadFile(rule)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), rule, text, 0); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"package workloads\n", "var DeploymentPaused = &analyzer.Rule{", `"deployment-paused"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the rule has no %q", want)
		}
	}
	for _, fixture := range []string{"bad-example", "ok-example"} {
		if _, err := os.Stat(filepath.Join(dir, "testdata", "deployment-paused", fixture, "example.yaml")); err != nil {
			t.Error(err)
		}
	}
	if _, err := scaffold(dir, "deployment-paused", "workloads"); err == nil {
		t.Error("writes over files that exist")
	}
}

func TestScaffoldRefuses(t *testing.T) {
	t.Parallel()
	dir := root(t)
	for _, c := range [][2]string{{"paused", "workloads"}, {"Deployment-Paused", "workloads"}, {"", "workloads"}, {"a-b", ""}, {"a-b", "nothing"}, {"a-b", "../rules"}} {
		if _, err := scaffold(dir, c[0], c[1]); err == nil {
			t.Errorf("accepts name %q in family %q", c[0], c[1])
		}
	}
}
