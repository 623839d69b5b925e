package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var fence = regexp.MustCompile("(?s)```(\\w*)\n(.*?)\n?```")

// TestDocsShowRealOutput runs docs/suppressing.md from top to bottom in an empty
// repository: a YAML block that starts with the name of a file writes it, and a
// command prints what stands below it.
func TestDocsShowRealOutput(t *testing.T) {
	page, err := filepath.Abs(filepath.Join("..", "..", "docs", "suppressing.md"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir(".git", 0o777); err != nil {
		t.Fatal(err)
	}
	ran := 0
	real := fence.ReplaceAllStringFunc(string(text), func(block string) string {
		parts := fence.FindStringSubmatch(block)
		first, rest, _ := strings.Cut(parts[2], "\n")
		if name, ok := strings.CutPrefix(first, "# "); ok && parts[1] == "yaml" {
			if err := os.WriteFile(name, []byte(rest+"\n"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		args, ok := strings.CutPrefix(first, "$ kubeknot ")
		if !ok {
			return block
		}
		ran++
		var out bytes.Buffer
		run("kubeknot", strings.Fields(args), strings.NewReader(""), &out, &out)
		return "```\n" + strings.TrimSpace(first+"\n"+elapsed.ReplaceAllString(out.String(), "")) + "\n```"
	})
	if ran == 0 {
		t.Fatal("the page shows no command")
	}
	if *update {
		if err := os.WriteFile(page, []byte(real), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), real); diff != "" {
		t.Errorf("(-page +real)\n%s", diff)
	}
}
