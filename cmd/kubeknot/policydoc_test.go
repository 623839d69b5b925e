package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPoliciesPageShowsRealOutput reads docs/policies.md from an empty directory
// on: a block that starts with the name of a file writes it, a command prints
// what stands below it.
func TestPoliciesPageShowsRealOutput(t *testing.T) {
	page, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	ran := 0
	for _, block := range fence.FindAllStringSubmatch(string(page), -1) {
		first, rest, _ := strings.Cut(block[2], "\n")
		if name, ok := strings.CutPrefix(first, "# "); ok && block[1] != "" {
			if err := writeNew(name, rest+"\n"); err != nil {
				t.Fatal(err)
			}
		}
		args, ok := strings.CutPrefix(first, "$ kubeknot ")
		if !ok {
			continue
		}
		ran++
		var stdout, stderr bytes.Buffer
		run(strings.Fields(args), strings.NewReader(""), &stdout, &stderr)
		got := strings.TrimSpace(stdout.String() + stderr.String())
		if diff := cmp.Diff(rest, got); diff != "" {
			t.Fatalf("kubeknot %s (-page +real)\n%s", args, diff)
		}
	}
	if ran < 6 {
		t.Fatalf("the page shows %d commands", ran)
	}
}
