package main

import (
	"os"
	"strings"
	"testing"
)

// TestReadmeListsEveryRule keeps the table of rules complete; go generate writes it.
func TestReadmeListsEveryRule(t *testing.T) {
	t.Chdir("../..")
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := allRules()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		row := "| [`" + r.ID + "`](docs/rules/" + r.ID + ".md) | " + string(r.Claim) + " | " + r.Title + " |"
		if !strings.Contains(string(readme), row) {
			t.Errorf("the README lacks the row %s", row)
		}
	}
}
