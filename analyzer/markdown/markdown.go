// Package markdown finds the Kubernetes objects that the fenced blocks of a
// Markdown text show. It imports source and manifest.
package markdown

import (
	"bytes"
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Text is a Markdown file.
type Text struct {
	// File is the file with what stands before the lines of a block, as the
	// "> " of a quotation, replaced by blanks. Places are those of the file.
	*source.File
	// Blocks are the fenced blocks of YAML and JSON in file order, with the
	// documents that are meant as whole objects. Blocks without any are left
	// out.
	Blocks []*manifest.File
	// Excerpts is the number of documents that are not meant so.
	Excerpts int
	// Unread says of which blocks with objects nothing is known, and why.
	Unread []string
}

// Parse reads the blocks of a Markdown text. It never fails.
func Parse(f *source.File) *Text {
	all := fences(f.Data)
	t := &Text{File: source.NewFile(f.Path, f.Rel, unquoted(f.Data, all))}
	for _, block := range all {
		part := block.span()
		reason := ""
		switch {
		case !block.closed:
			reason = "is never closed"
		case !block.isEven(f.Data):
			reason = "is not indented evenly"
		}
		if reason != "" {
			if text := f.Data[part.Start:part.End]; bytes.Contains(text, []byte("apiVersion")) && bytes.Contains(text, []byte("kind")) {
				t.Unread = append(t.Unread, fmt.Sprintf("the block of line %d %s", f.Position(part.Start).Line, reason))
			}
			continue
		}
		t.add(manifest.ParsePart(t.File, part))
	}
	return t
}

// add keeps those documents of a block that are whole objects.
func (t *Text) add(block *manifest.File) {
	var whole []*manifest.Document
	for _, d := range block.Documents {
		if isExcerpt(d) {
			t.Excerpts++
		} else {
			whole = append(whole, d)
		}
	}
	if block.Documents = whole; len(whole) > 0 {
		t.Blocks = append(t.Blocks, block)
	}
}

// Manifest returns the blocks as one file.
func (t *Text) Manifest() *manifest.File {
	f := &manifest.File{File: t.File}
	for _, block := range t.Blocks {
		f.Documents = append(f.Documents, block.Documents...)
	}
	return f
}

// unquoted replaces what stands before the lines of the blocks by blanks, which
// YAML reads as indentation.
func unquoted(data []byte, all []fence) []byte {
	data = bytes.Clone(data)
	for _, f := range all {
		for _, p := range f.prefixes {
			copy(data[p.Start:p.End], bytes.Repeat([]byte(" "), p.End-p.Start))
		}
	}
	return data
}
