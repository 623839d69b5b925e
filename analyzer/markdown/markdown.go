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
	*source.File
	// Blocks are the fenced blocks of YAML and JSON in file order, with the
	// documents that are meant as whole objects. Blocks without any are left
	// out. To Kubernetes each block is a file: its File is one of its own with
	// the path and the places of the text, and with blanks for what stands
	// before the lines of blocks, as the "> " of a quotation.
	Blocks []*manifest.File
	// Excerpts is the number of documents that are not meant so.
	Excerpts int
	// Unread says of which blocks nothing is known, and why.
	Unread []string
}

// Parse reads the blocks of a Markdown text. It never fails.
func Parse(f *source.File) *Text {
	t := &Text{File: f}
	all, ok := fences(f.Data)
	if !ok {
		t.Unread = append(t.Unread, "blocks may be missing: the Markdown around them cannot be read")
	}
	data := unquoted(f.Data, all)
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
		t.add(manifest.ParsePart(source.NewFile(f.Path, f.Rel, data), part))
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
