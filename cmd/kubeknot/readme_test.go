package main

import (
	"os"
	"strings"
	"testing"
)

// TestEveryRuleIsListed keeps the table of rules complete; go generate writes it.
func TestEveryRuleIsListed(t *testing.T) {
	t.Chdir("../..")
	index, err := os.ReadFile("docs/rules/README.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := allRules()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		row := "| [`" + r.ID + "`](" + r.ID + ".md) | " + string(r.Claim) + " | " + r.Title + " |"
		if !strings.Contains(string(index), row) {
			t.Errorf("docs/rules/README.md lacks the row %s", row)
		}
	}
}
