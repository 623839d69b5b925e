package kustomize

import (
	"bytes"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	gitignore "github.com/monochromegane/go-gitignore"
)

// madeBefore says what makes a file that does not exist before each build: ""
// if nothing is known to. Either git ignores it, so that no checkout holds it,
// or a script of the directories above writes it.
func (b *Build) madeBefore(k *Kustomization, r Reference) string {
	if r.Path == "" {
		return ""
	}
	writes := writer(path.Base(r.Path))
	if writes.Match(k.Document.File.Data) {
		return "a comment of the kustomization says how to write it"
	}
	for dir := path.Dir(r.Path); ; dir = path.Dir(dir) {
		if name := path.Join(dir, ".gitignore"); b.ignores(name, r.Path) {
			return name + " lists it"
		}
		for _, script := range b.scripts(dir) {
			if data, ok := b.text(script); ok && writes.Match(data) {
				return script + " writes it"
			}
		}
		if dir == "." {
			return ""
		}
	}
}

// ignores reports whether a .gitignore excludes a file, or a directory that
// holds it (gitignore(5)).
func (b *Build) ignores(name, file string) bool {
	data, ok := b.text(name)
	if !ok {
		return false
	}
	base := b.tree.abs(path.Dir(name))
	matcher := gitignore.NewGitIgnoreFromReader(base, bytes.NewReader(data))
	for at, isDir := b.tree.abs(file), false; len(at) > len(base); at, isDir = filepath.Dir(at), true {
		if matcher.Match(at, isDir) {
			return true
		}
	}
	return false
}

// scriptNames match the files of a directory that run commands.
var scriptNames = regexp.MustCompile(`^(?:GNUmakefile|[Mm]akefile|[Jj]ustfile|Taskfile\.ya?ml|package\.json|.*\.(?:sh|bash|mk))$`)

// scripts returns the scripts in a directory and in those below it that hold
// scripts by their name.
func (b *Build) scripts(dir string) []string {
	var all []string
	for _, d := range []string{dir, path.Join(dir, "hack"), path.Join(dir, "scripts"), path.Join(dir, "bin")} {
		at := b.tree.abs(d) + "/"
		b.Looked[at] = b.tree.state(at)
		for name := range strings.SplitSeq(b.Looked[at], "/") {
			if scriptNames.MatchString(name) {
				all = append(all, path.Join(d, name))
			}
		}
	}
	return all
}

// text reads a file that the build then depends on; ok is false if there is
// none.
func (b *Build) text(rel string) (data []byte, ok bool) {
	name := b.tree.abs(rel)
	b.Looked[name] = b.tree.state(name)
	if !strings.HasPrefix(b.Looked[name], "file") {
		return nil, false
	}
	data, err := b.tree.Read(rel)
	if err != nil {
		return nil, false
	}
	b.Files = append(b.Files, rel)
	return data, true
}

// writer matches commands that write a file of a name: a redirection, the
// option for the output, tee, cp and mv, and the target of a Makefile.
func writer(name string) *regexp.Regexp {
	name = `["']?(?:[^\s"'|;&]*/)?` + regexp.QuoteMeta(name) + `\b["']?`
	return regexp.MustCompile(`(?m)(?:>\s*|\btee\s+(?:-a\s+)?|\s-o[= ]?\s*|\s-O\s*|--output(?:-file)?[= ]\s*|\b(?:cp|mv)\s.*\s)` + name + `(?:\s|$)` +
		`|^` + name + `\s*:(?:[^=]|$)`)
}
