package suppress

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// commented is a file whose comments are read, from its start to its end. Each line
// is looked at a few times, however many comments there are.
type commented struct {
	*source.File
	documents []*manifest.Document // in order
	texts     map[*manifest.Document][]source.Span

	// ahead are the lines of comments that were looked at already, and the line that
	// they are about, 0 if there is none.
	ahead struct{ from, to, target int }
}

// document returns the document that holds an offset, nil if it is none's.
func (c *commented) document(offset int) *manifest.Document {
	for len(c.documents) > 0 && c.documents[0].Span.End <= offset {
		c.documents = c.documents[1:]
	}
	if len(c.documents) > 0 && contains(c.documents[0].Span, offset) {
		return c.documents[0]
	}
	return nil
}

// inText reports whether an offset lies in a text of a document.
func (c *commented) inText(d *manifest.Document, offset int) bool {
	if _, ok := c.texts[d]; !ok {
		c.texts[d] = scalars(c.File, d)
		slices.SortStableFunc(c.texts[d], func(a, b source.Span) int { return cmp.Compare(a.Start, b.Start) })
	}
	texts := c.texts[d]
	behind, _ := slices.BinarySearchFunc(texts, offset+1, func(s source.Span, offset int) int { return cmp.Compare(s.Start, offset) })
	return behind > 0 && contains(texts[behind-1], offset)
}

// target returns the line that a comment is about: its own, or the next one of
// the document with more than a comment if it stands alone. It is 0 if there
// is none.
func (c *commented) target(at source.Location, document source.Span) int {
	own := at.Start().Line
	if text := c.trimmedLine(own); text[0] != '#' {
		return own
	}
	if c.ahead.from <= own && own < c.ahead.to {
		return c.ahead.target
	}
	c.ahead.from, c.ahead.target = own, 0
	n := own
	for ; n <= c.Lines() && c.Line(n).Start < document.End; n++ {
		text := c.trimmedLine(n)
		if len(text) > 0 && text[0] != '#' && text[0] != '%' && !bytes.HasPrefix(text, []byte("---")) {
			c.ahead.target = n
			break
		}
	}
	c.ahead.to = n
	return c.ahead.target
}

func (c *commented) trimmedLine(n int) []byte {
	line := c.Line(n)
	return bytes.TrimSpace(c.Data[line.Start:line.End])
}
