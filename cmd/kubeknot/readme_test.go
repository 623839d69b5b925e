package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var shown = regexp.MustCompile("(?s)```\n\\$ kubeknot ([^\n]*)\n(.*?)\n```")

// TestReadmeShowsRealOutput runs every command of the README and the page on
// output whose output stands there.
func TestReadmeShowsRealOutput(t *testing.T) {
	t.Chdir("../..")
	for _, page := range []string{"README.md", "docs/output.md"} {
		t.Run(page, func(t *testing.T) { showsRealOutput(t, page) })
	}
}

func showsRealOutput(t *testing.T, page string) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	examples := shown.FindAllStringSubmatch(string(text), -1)
	if len(examples) == 0 {
		t.Fatalf("%s shows no command with its output", page)
	}
	for _, e := range examples {
		var stdout, stderr bytes.Buffer
		var stdin []byte
		args, input, _ := strings.Cut(e[1], " < ")
		if input != "" {
			if stdin, err = os.ReadFile(input); err != nil {
				t.Fatal(err)
			}
		}
		run("kubeknot", strings.Fields(args), bytes.NewReader(stdin), &stdout, &stderr)
		got := elapsed.ReplaceAllString(strings.TrimSpace(stdout.String()+stderr.String()), "")
		if diff := cmp.Diff(e[2], got); diff != "" {
			t.Errorf("kubeknot %s (-shown +real)\n%s", e[1], diff)
		}
	}
}

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
