package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// fence is a block of a page: its language and its text.
var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?\n)?```$")

// fileName is the name of the file that a block is, and its text.
var fileName = regexp.MustCompile(`(?s)^# ([\w./-]+\.(?:yaml|rego|toml))\n(.*)$`)

// shownExamples is what a page of docs/reference has to run.
var shownExamples = regexp.MustCompile("(?s)### Examples\n\n```\n(.*?)```")

// TestDocs runs every command of README.md and of each page below docs, from
// the top of the page to its end, in a git repository that holds
// testdata/docs/PAGE.txtar and what the page names below testdata. A block
//
//   - of no language starts with "$ COMMAND" and shows what that prints;
//   - of sh is a script, which must succeed;
//   - of yaml may give something to a shell ("run", "script"), which must succeed;
//   - of groovy holds steps of Jenkins, sh '...', which must succeed;
//   - of text, rego and toml holds no command.
//
// One of a language whose first line names a file ("# deploy/app.yaml") is written
// to it. There is no other kind of block, so no command is left out.
func TestDocs(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pages(t, root) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join(root, name))
			if err != nil {
				t.Fatal(err)
			}
			p := newPage(t, root, name, string(text))
			if strings.HasPrefix(name, "docs/reference/") {
				for _, examples := range shownExamples.FindAllStringSubmatch(string(text), -1) {
					p.succeeds(examples[1])
				}
				return
			}
			real := fence.ReplaceAllStringFunc(string(text), p.block)
			p.mentions(fence.ReplaceAllString(string(text), ""))
			if *update {
				if err := os.WriteFile(filepath.Join(root, name), []byte(real), 0o666); err != nil {
					t.Fatal(err)
				}
			} else if diff := cmp.Diff(string(text), real); diff != "" {
				t.Errorf("(-page +real)\n%s", diff)
			}
		})
	}
}

// pages lists all pages but those of the rules, which show manifests alone:
// TestPagesOfTheRulesHoldWhatTheySay.
func pages(t *testing.T, root string) []string {
	t.Helper()
	all := []string{"README.md"}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		switch rel = filepath.ToSlash(rel); {
		case err != nil:
			return err
		case rel == "docs/rules":
			return fs.SkipDir
		case strings.HasSuffix(rel, ".md"):
			all = append(all, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// page runs the blocks of one page.
type page struct {
	t   *testing.T
	dir string
	env []string
}

func newPage(t *testing.T, root, name, text string) *page {
	t.Helper()
	dir, home := t.TempDir(), t.TempDir()
	p := &page{t, dir, []string{
		"ROOT=" + root, "HOME=" + home, "RUNNER_TEMP=" + home, "GITHUB_STEP_SUMMARY=" + filepath.Join(home, "summary.md"),
		"PATH=" + filepath.Join(root, "testdata", "docs", "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GORACE=atexit_sleep_ms=10",
	}}
	p.succeeds(`git init -q -b main
git config user.name someone
git config user.email someone@example.com`)
	for _, tree := range []string{"ch06", "fn", "nodes"} {
		if !strings.Contains(text, "testdata/"+tree) {
			continue
		}
		if err := os.CopyFS(filepath.Join(dir, "testdata", tree), os.DirFS(filepath.Join(root, "testdata", tree))); err != nil {
			t.Fatal(err)
		}
	}
	files, err := txtar.ParseFile(filepath.Join(root, "testdata", "docs", strings.TrimSuffix(filepath.Base(name), ".md")+".txtar"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err == nil {
		for _, f := range files.Files {
			p.write(f.Name, f.Data)
		}
	}
	p.succeeds(`git add -A
git commit -q --allow-empty -m start
git update-ref refs/remotes/origin/main HEAD`)
	return p
}

// block runs a block and returns it as it should be.
func (p *page) block(block string) string {
	parts := fence.FindStringSubmatch(block)
	language, text := parts[1], parts[2]
	if name := fileName.FindStringSubmatch(text); name != nil && language != "" {
		p.write(name[1], []byte(name[2]))
	}
	switch language {
	case "":
		command, ok := strings.CutPrefix(text, "$ ")
		if command, _, _ = strings.Cut(command, "\n"); !ok {
			p.t.Errorf("what is this block? a command begins with $, a script is sh, the rest is text:\n%s", text)
			return block
		}
		out, _ := p.sh(command)
		return "```\n" + strings.TrimSpace("$ "+command+"\n"+out) + "\n```"
	case "sh":
		p.succeeds(text)
	case "yaml":
		p.yaml(text)
	case "groovy":
		for _, step := range jenkins.FindAllStringSubmatch(text, -1) {
			p.succeeds(step[1])
		}
	case "mermaid": // drawn by go generate
	case "text", "rego", "toml":
		if commandLine.MatchString(text) {
			p.t.Errorf("a command that nobody runs:\n%s", text)
		}
	default:
		p.t.Errorf("nobody knows how to try blocks of %s", language)
	}
	return block
}

var (
	jenkins     = regexp.MustCompile(`\bsh '([^']*)'`)
	commandLine = regexp.MustCompile(`(?m)^\s*(\$ |(kubeknot|kubectl|go|git|make|docker|helm|kustomize|pre-commit) [a-z-])`)
)

// sh runs a script and returns what it prints, standard error last.
func (p *page) sh(script string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("sh", "-e", "-c", script)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, append(p.env, "PWD="+p.dir), &stdout, &stderr
	err := cmd.Run()
	return stdout.String() + stderr.String(), err
}

func (p *page) succeeds(script string) {
	p.t.Helper()
	if out, err := p.sh(script); err != nil {
		p.t.Errorf("%v\n%s\n%s", err, script, out)
	}
}

func (p *page) write(name string, data []byte) {
	p.t.Helper()
	file := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, data, 0o666)); err != nil {
		p.t.Fatal(err)
	}
}
