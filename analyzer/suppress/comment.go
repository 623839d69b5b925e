package suppress

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Mark is in every comment that speaks to kubeknot.
const Mark = "kubeknot:"

// comment finds what may be a directive: "# kubeknot:ignore rule -- reason".
var comment = regexp.MustCompile(`(?m)(?:^|[ \t])#+[ \t]*(kubeknot:([^\s]*)([^\r\n]*))`)

// comments returns the suppressions in the comments of the texts that were
// named, and of those that findings lie in.
func (r Run) comments() []*suppression {
	documents := map[*source.File][]*manifest.Document{}
	for _, f := range r.Files {
		documents[f.File] = append(documents[f.File], f.Documents...)
	}
	var all []*suppression
	seen := map[string]bool{} // one text is read by several charts
	scan := func(f *source.File, named bool) {
		if seen[f.Path] {
			return
		}
		seen[f.Path] = true
		if !bytes.Contains(f.Data, []byte(Mark)) {
			return
		}
		if documents[f] == nil { // a copy, because parsing notes the secrets of its file
			documents[f] = manifest.Parse(source.NewFile(f.Path, f.Rel, f.Data)).Documents
		}
		for _, s := range inFile(f, documents[f]) {
			s.named, s.judged = named, r.Judged(s.rule, f.Rel)
			all = append(all, s)
		}
	}
	for _, f := range r.Texts {
		scan(f, true)
	}
	for i := range r.Findings {
		for _, end := range ends(&r.Findings[i]) {
			scan(end.File, false)
		}
	}
	return all
}

// inFile returns the suppressions in the comments of a file.
func inFile(f *source.File, documents []*manifest.Document) []*suppression {
	c := commented{File: f, documents: slices.Clone(documents), texts: map[*manifest.Document][]source.Span{}}
	slices.SortStableFunc(c.documents, func(a, b *manifest.Document) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	var all []*suppression
	for _, at := range comment.FindAllSubmatchIndex(f.Data, -1) {
		start := at[2]
		d := c.document(start)
		if c.inText(d, start) {
			continue
		}
		within := source.Span{End: len(f.Data)}
		if d != nil {
			within = d.Span
		}
		place := source.Location{File: f, Span: source.Span{Start: start, End: at[1]}}
		holds, fault := c.scope(string(f.Data[at[4]:at[5]]), place, within)
		parsed := parseDirective(string(f.Data[at[6]:at[7]]))
		if fault != "" {
			parsed.fault = fault
		}
		for _, rule := range parsed.rules {
			all = append(all, &suppression{directive: parsed, rule: rule, at: trimmed(place), scope: holds})
		}
	}
	return all
}

// scope returns what a directive of a document holds for.
func (c *commented) scope(word string, at source.Location, document source.Span) (holds *scope, fault string) {
	switch word {
	case "ignore":
		return &scope{file: at.File.Path, line: cmp.Or(c.target(at, document), nowhere)}, ""
	case "ignore-document":
		return &scope{file: at.File.Path, span: document}, ""
	case "ignore-file":
		return &scope{file: at.File.Path}, ""
	}
	return nil, fmt.Sprintf("kubeknot:%s is none of ignore, ignore-document and ignore-file", word)
}

// scalars returns where the texts of a document stand, in which "#" starts no
// comment.
func scalars(f *source.File, d *manifest.Document) []source.Span {
	if d == nil {
		return nil // nothing but comments
	}
	if d.Root == nil {
		return blocks(f, d.Span)
	}
	if len(d.Resources) > 0 && d.Resources[0].Origin != nil {
		return []source.Span{d.Span} // made of a text, whose comments count
	}
	var all []source.Span
	var visit func(n *manifest.Node)
	visit = func(n *manifest.Node) {
		for _, c := range n.Children() {
			visit(c)
		}
		if n.Kind != manifest.ScalarNode {
			return
		}
		span := d.SpanOf(n)
		if n.Style&(manifest.LiteralStyle|manifest.FoldedStyle) != 0 { // a comment may stand behind the indicator
			span.Start = f.Line(f.Position(span.Start).Line).End
		}
		all = append(all, span)
	}
	visit(d.Root)
	return all
}

// blockHeader finds a line behind which a block scalar stands.
var blockHeader = regexp.MustCompile(`(^|[ \t:-])[|>][-+0-9]{0,2}[ \t]*(#.*)?$`)

// blocks returns where the block scalars stand of a document that no parser
// has read, as that of a template: the lines behind each indicator that are
// indented deeper than its own.
func blocks(f *source.File, document source.Span) []source.Span {
	var all []source.Span
	open := -1 // the indentation of the line with the indicator
	for n := f.Position(document.Start).Line; n <= f.Lines(); n++ {
		line := f.Line(n)
		if line.Start >= document.End {
			break
		}
		text := f.Data[line.Start:line.End]
		indent := len(text) - len(bytes.TrimLeft(text, " "))
		switch {
		case open >= 0 && (indent > open || len(bytes.TrimSpace(text)) == 0):
			all = append(all, line)
		case blockHeader.Match(text):
			open = indent
		default:
			open = -1
		}
	}
	return all
}

func contains(s source.Span, offset int) bool { return s.Start <= offset && offset < s.End }

// trimmed leaves out the blanks at the end of a place.
func trimmed(at source.Location) source.Location {
	at.Span.End = at.Span.Start + len(bytes.TrimRight(at.Text(), " \t"))
	return at
}
