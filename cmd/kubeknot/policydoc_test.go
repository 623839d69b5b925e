package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPoliciesPageShowsRealOutput runs the commands of docs/policies.md one
// after the other, from an empty directory on.
func TestPoliciesPageShowsRealOutput(t *testing.T) {
	page, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	examples := shown.FindAllStringSubmatch(string(page), -1)
	if len(examples) < 4 {
		t.Fatalf("the page shows %d commands", len(examples))
	}
	for _, e := range examples {
		var stdout, stderr bytes.Buffer
		run("kubeknot", strings.Fields(e[1]), strings.NewReader(""), &stdout, &stderr)
		got := strings.TrimSpace(stdout.String() + stderr.String())
		if diff := cmp.Diff(e[2], got); diff != "" {
			t.Fatalf("kubeknot %s (-page +real)\n%s", e[1], diff)
		}
	}
}
