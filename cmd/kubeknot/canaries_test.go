package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kubeknot/kubeknot/analyzer/report"
	"github.com/kubeknot/kubeknot/analyzer/secret"
)

// canary finds what is planted in testdata/script/canaries.txtar. "Y2FuYXJ5" is
// the word in base64.
var canary = regexp.MustCompile(`(?i)canary-?\d+|Y2FuYXJ5|99000\d{3}`)

// hidden looks for canaries in what the last command has printed and in all files
// of the directory out. "hidden results" passes over what fn hands on of its input.
func hidden(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 && args[0] != "results" {
		ts.Fatalf("usage: hidden [results]")
	}
	stdout := ts.ReadFile("stdout")
	if len(args) > 0 {
		_, results, found := strings.Cut(stdout, "\nresults:")
		if stdout = results; !found {
			ts.Fatalf("no results")
		}
	}
	look := func(name, text string) {
		for _, at := range canary.FindAllStringIndex(text, -1) {
			ts.Logf("%s shows %q", name, text[max(0, at[0]-80):at[1]])
			ts.Fatalf("%s shows %s", name, text[at[0]:at[1]])
		}
	}
	look("stdout", stdout)
	look("stderr", ts.ReadFile("stderr"))
	ts.Check(filepath.WalkDir(ts.MkAbs("out"), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		look(name, string(data))
		return err
	}))
}

// shown checks that there is something to hide: a report of every format in a
// directory, and in that of the format text something about each directory of a
// tree that holds canaries, with masks. At least 200 are planted in 60 files.
func shown(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shown OUT TREE")
	}
	for _, format := range report.Formats() {
		if ts.ReadFile(filepath.Join(args[0], format)) == "" {
			ts.Fatalf("the report of the format %s is empty", format)
		}
	}
	text := ts.ReadFile(filepath.Join(args[0], "text"))
	if n := strings.Count(text, secret.Mask); n < 100 {
		ts.Fatalf("%d masks", n)
	}
	planted, places := map[string]bool{}, 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[1]), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if all := canary.FindAllString(string(data), -1); len(all) > 0 {
			places++
			for _, c := range all {
				planted[c] = true
			}
		}
		rel, _ := filepath.Rel(ts.MkAbs("."), filepath.Dir(name))
		if canary.Match(data) && !strings.Contains(text, filepath.ToSlash(rel)+"/") {
			ts.Fatalf("nothing is said of %s", rel)
		}
		return err
	}))
	if len(planted) < 200 || places < 60 {
		ts.Fatalf("%d secrets in %d places", len(planted), places)
	}
}
