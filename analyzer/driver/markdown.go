package driver

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

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

// texts adds the Markdown files of a tree that were named, and with
// Options.Markdown those below a directory that was. They are judged on their
// own: manifests beside a text are other objects than those it shows.
func (l *Loaded) texts(ctx context.Context, w *world, o Options) error {
	rels := slices.DeleteFunc(slices.Clone(w.tree.texts), func(rel string) bool {
		return !w.tree.has(rel) && !(o.Markdown && w.tree.named(rel))
	})
	texts := make([]*markdown.Text, len(rels))
	failed := make([]error, len(rels))
	err := parallel(ctx, len(rels), func(i int) {
		var data []byte
		if data, failed[i] = os.ReadFile(filepath.Join(w.tree.root, filepath.FromSlash(rels[i]))); failed[i] == nil {
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
		if len(text.Blocks) > 0 || w.tree.has(rels[i]) {
			l.name(text.Manifest())
			l.Units = append(l.Units, unit.FromBlocks(text.Blocks, o.Namespace)...)
		}
	}
	return err
}

// withinVersion leaves out, of the findings in a Markdown text, those with an
// end in another version of what it shows: that other version may satisfy a
// reference, but it is not there at the same time.
func withinVersion(u *unit.Unit, findings []analyzer.Finding) []analyzer.Finding {
	if u.Kind != unit.Document {
		return findings
	}
	elsewhere := func(at source.Location) bool {
		return slices.ContainsFunc(u.Context, func(r *manifest.Resource) bool {
			span := r.Document.Span
			return at.File == r.File() && span.Start <= at.Span.Start && at.Span.Start < span.End
		})
	}
	return slices.DeleteFunc(findings, func(f analyzer.Finding) bool {
		return elsewhere(f.Location) || slices.ContainsFunc(f.Related, func(r analyzer.Related) bool { return elsewhere(r.Location) })
	})
}
