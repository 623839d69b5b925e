package driver

import (
	"context"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/markdown"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// isMarkdown reports whether the path is that of a Markdown file.
func isMarkdown(rel string) bool {
	return slices.Contains([]string{".md", ".markdown"}, strings.ToLower(path.Ext(rel)))
}

// readTexts adds the Markdown files of a tree that were named, and with
// Options.Markdown those below a directory that was. They are judged on their
// own: manifests beside a text are other objects than those it shows.
func (l *Loaded) readTexts(ctx context.Context, w *world, o Options) error {
	rels := slices.DeleteFunc(slices.Clone(w.tree.texts), func(rel string) bool {
		return !w.tree.has(rel) && !(o.Markdown && w.tree.named(rel))
	})
	texts := make([]*markdown.Text, len(rels))
	failed := make([]error, len(rels))
	err := parallel(ctx, len(rels), func(i int) {
		var data []byte
		if data, _, failed[i] = readFile(filepath.Join(w.tree.root, filepath.FromSlash(rels[i]))); failed[i] == nil {
			texts[i] = markdown.Parse(source.NewFile(w.show(rels[i]), rels[i], data))
		}
	})
	for i, text := range texts {
		if failed[i] != nil {
			l.notes = append(l.notes, analyzer.NotJudged{File: w.show(rels[i]), Reason: "not readable: " + reason(failed[i])})
		}
		if text == nil {
			continue
		}
		l.excerpts += text.Excerpts
		for _, unread := range text.Unread {
			l.notes = append(l.notes, analyzer.NotJudged{File: text.Path, Reason: unread})
		}
		if len(text.Blocks) == 0 && w.tree.has(rels[i]) {
			l.texts = append(l.texts, &knownFile{File: &manifest.File{File: text.File}}) // to be counted as what holds no object
		}
		for _, block := range text.Blocks {
			l.texts = append(l.texts, &knownFile{File: block})
		}
		for _, u := range unit.FromBlocks(text.Blocks, o.Namespace) {
			l.tasks = append(l.tasks, &task{unit: u})
		}
	}
	return err
}

// withinText leaves out what a Markdown text shows to be wrong only if it is
// taken for more than it is. An end in another version of what it shows: that
// may satisfy a reference, but is not there at the same time. And a name that
// is close to one that is there, but also stands in a command, which may make
// what it names.
func withinText(u *unit.Unit, findings []analyzer.Finding) []analyzer.Finding {
	if u.Kind != unit.Document {
		return findings
	}
	elsewhere := func(at source.Location) bool {
		return slices.ContainsFunc(u.Context, func(r *manifest.Resource) bool { return at.File == r.File() })
	}
	return slices.DeleteFunc(findings, func(f analyzer.Finding) bool {
		return elsewhere(f.Location) || f.Evidence == analyzer.NearMiss && inCommand(f) ||
			slices.ContainsFunc(f.Related, func(r analyzer.Related) bool { return elsewhere(r.Location) })
	})
}

// command finds the lines of a command that can make objects, to the last one
// that it is continued on.
var command = regexp.MustCompile(`(?m)\b(kubectl|oc|helm) (.*\\\r?\n)*.*$`)

// inCommand reports whether the value at fault stands in a command of the text.
func inCommand(f analyzer.Finding) bool {
	if f.Resource == nil {
		return false
	}
	value := manifest.String(f.Resource.Node, f.Path...)
	for _, line := range command.FindAllString(string(f.Location.File.Data), -1) {
		words := strings.FieldsFunc(line, func(r rune) bool { return r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if value != "" && slices.Contains(words, value) {
			return true
		}
	}
	return false
}
