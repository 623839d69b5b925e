package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// finding is what the JSON report says of one error.
type finding struct {
	repository  string
	Rule        string   `json:"rule"`
	Severity    string   `json:"severity"`
	Message     string   `json:"message"`
	Consequence string   `json:"consequence"`
	Notes       []string `json:"notes"`
	Help        string   `json:"help"`
	File        string   `json:"file"`
	Line        int      `json:"line"`
	Fingerprint string   `json:"fingerprint"`
}

// String returns what a person needs to judge the finding.
func (f finding) String() string {
	lines := []string{fmt.Sprintf("%s %s [%s]", f.repository, f.Rule, f.Fingerprint), fmt.Sprintf("  %s:%d: %s", f.File, f.Line, f.Message)}
	for _, s := range append([]string{f.Consequence}, append(f.Notes, f.Help)...) {
		if s != "" {
			lines = append(lines, "    "+s)
		}
	}
	return strings.Join(lines, "\n")
}

// subdirectories returns the names of the directories in dir, sorted. A name
// that begins with a dot is left out.
func subdirectories(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no subdirectory", dir)
	}
	return names, nil
}

// lint returns the errors that the binary reports about a repository. It runs
// in the repository and without a cache, so that fingerprints do not depend on
// where the tree is and results do not depend on earlier runs.
func lint(binary, dir string) ([]finding, error) {
	cmd := exec.Command(binary, "lint", "--no-cache", "--format", "json", ".")
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	failed := cmd.Run()
	var report struct {
		Findings []finding `json:"findings"`
	}
	if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
		return nil, fmt.Errorf("no report (%v): %s", failed, strings.TrimSpace(stderr.String()))
	}
	var errors []finding
	for _, f := range report.Findings {
		if f.Severity == "error" {
			errors = append(errors, f)
		}
	}
	return errors, nil
}
