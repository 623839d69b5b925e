package manifest

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// offset turns a parser's line and column (both 1-based, columns in code
// points) into a byte offset of the file.
func (d *Document) offset(line, column int) int {
	d.once.Do(func() { d.lines = parserLines(d.File.Data[d.text.Start:d.text.End]) })
	if line < 1 {
		return d.text.Start
	}
	if line > len(d.lines) {
		return d.text.End
	}
	pos := d.text.Start + d.lines[line-1]
	for range column - 1 {
		if pos >= d.text.End {
			break
		}
		_, size := utf8.DecodeRune(d.File.Data[pos:d.text.End])
		pos += size
	}
	return min(pos, d.text.End)
}

// parserLines returns the offsets of the lines as kyaml's parser counts them.
// It follows YAML 1.1, where NEL, LS and PS break lines too, unlike the lines
// that editors show.
func parserLines(text []byte) []int {
	lines := append(make([]int, 0, bytes.Count(text, []byte("\n"))+2), 0)
	for i, c := range text {
		switch c {
		case '\r':
			if i+1 == len(text) || text[i+1] != '\n' {
				lines = append(lines, i+1)
			}
		case '\n':
			lines = append(lines, i+1)
		case 0x85:
			if i >= 1 && text[i-1] == 0xC2 { // U+0085
				lines = append(lines, i+1)
			}
		case 0xA8, 0xA9:
			if i >= 2 && text[i-1] == 0x80 && text[i-2] == 0xE2 { // U+2028, U+2029
				lines = append(lines, i+1)
			}
		}
	}
	return lines
}

// SpanOf returns the bytes of a node of this document: a scalar with its quotes
// or block indicator, a collection from its first to its last character. An
// empty value has an empty span.
func (d *Document) SpanOf(n *Node) source.Span {
	start := d.offset(int(n.Line), int(n.Column))
	return source.Span{Start: start, End: max(start, d.end(n, start))}
}

// Location returns the place of a node of this document.
func (d *Document) Location(n *Node) source.Location {
	return source.Location{File: d.File, Span: d.SpanOf(n)}
}

// end returns the offset behind the last byte of a node that starts at start.
func (d *Document) end(n *Node, start int) int {
	text := d.File.Data[:d.text.End]
	switch n.Kind {
	case AliasNode:
		return min(start+1+len(n.Value), len(text))
	case ScalarNode:
		return d.scalarEnd(n, skipProperties(text, start, n))
	}
	end := skipProperties(text, start, n)
	if len(n.Content) > 0 {
		end = d.SpanOf(&n.Content[len(n.Content)-1]).End
	}
	if n.Style&FlowStyle == 0 {
		return end
	}
	closing := byte('}')
	if n.Kind == SequenceNode {
		closing = ']'
	}
	for i := end; i < len(text); i++ {
		switch text[i] {
		case closing:
			return i + 1
		case '#':
			i += lineLength(text[i:]) - 1
		}
	}
	return end
}

func (d *Document) scalarEnd(n *Node, start int) int {
	text := d.File.Data[:d.text.End]
	switch {
	case n.Style&DoubleQuotedStyle != 0:
		for i := start + 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(text)
	case n.Style&SingleQuotedStyle != 0:
		for i := start + 1; i < len(text); i++ {
			if text[i] != '\'' {
				continue
			}
			if i+1 < len(text) && text[i+1] == '\'' {
				i++
				continue
			}
			return i + 1
		}
		return len(text)
	case n.Style&(LiteralStyle|FoldedStyle) != 0:
		if strings.TrimSpace(n.Value) == "" {
			return start + len(bytes.TrimRight(text[start:start+lineLength(text[start:])], "\r\n"))
		}
		return blockEnd(text, start, d.text.Start)
	}
	// A plain scalar may be folded over several lines; its words stand in the
	// text as they stand in the value.
	end := start
	for _, word := range strings.FieldsFunc(n.Value, isSpace) {
		for end < len(text) && !bytes.HasPrefix(text[end:], []byte(word)) {
			end++
		}
		end = min(end+len(word), len(text))
	}
	return end
}

func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\r', '\n', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// blockEnd returns the end of a literal or folded scalar whose indicator
// stands at start: the last line that is indented as its first line is.
func blockEnd(text []byte, start, docStart int) int {
	pos := start + lineLength(text[start:])
	header := text[start:pos]
	end := start + len(bytes.TrimRight(header, "\r\n"))
	indent := -1
	if i := bytes.IndexAny(header, "123456789"); i >= 0 && i <= 2 {
		// An explicit indentation counts from the parent, whose indentation is
		// that of the line of the indicator or less; the content is deeper than
		// the parent, and one more column is enough to tell.
		line := bytes.LastIndexByte(text[docStart:start], '\n') + 1 + docStart
		indent = len(text[line:start]) - len(bytes.TrimLeft(text[line:start], " ")) + 1
	}
	for pos < len(text) {
		line := text[pos : pos+lineLength(text[pos:])]
		content := bytes.TrimRight(line, " \t\r\n")
		depth := len(line) - len(bytes.TrimLeft(line, " "))
		if len(content) > 0 {
			if indent < 0 {
				indent = depth
			}
			if depth < indent || depth == 0 && isMarker(line, "---") {
				break
			}
			end = pos + len(bytes.TrimRight(line, "\r\n"))
		}
		pos += len(line)
	}
	return end
}

// lineLength returns the length of the first line of text with its break.
func lineLength(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	return lineEnd(text, 0)
}

// skipProperties moves start behind the anchor and the tag of a node.
func skipProperties(text []byte, start int, n *Node) int {
	if n.Style&(AnchoredStyle|TaggedStyle) == 0 {
		return start
	}
	pos := start
	for pos < len(text) {
		switch c := text[pos]; {
		case c == '&' || c == '!':
			for pos < len(text) && !isSpace(rune(text[pos])) {
				pos++
			}
		case c == '#':
			pos += lineLength(text[pos:])
		case isSpace(rune(c)):
			pos++
		default:
			return pos
		}
	}
	return min(pos, len(text))
}
