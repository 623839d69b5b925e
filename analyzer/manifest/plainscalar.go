package manifest

import (
	"bytes"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// plainKey is the key of a mapping, with its value from start to end.
type plainKey struct {
	start, end int
	style      Style
	colon      int // offset of the colon behind it, -1 if there is no key
}

// maxPlainKey is how far behind the start of a key its colon may be
// (simple_key_is_valid counts characters, of which there are fewer).
const maxPlainKey = 1024

// findKey looks for a key at pos: a scalar on one line with a colon behind it.
// In brackets the value may follow the colon of a quoted key at once.
func (p *plainReader) findKey(flow bool) plainKey {
	key, colon := plainKey{start: p.pos, colon: -1}, 0
	switch c := p.at(p.pos); {
	case c == '"' || c == '\'':
		key.start++
		key.end, key.style = p.closingQuote(p.pos, c), quoteStyle(c)
		if key.end < 0 || bytes.IndexByte(p.text[p.pos:key.end], '\n') >= 0 {
			return key
		}
		for colon = key.end + 1; p.at(colon) == ' '; {
			colon++
		}
	case p.startsPlain(p.pos):
		key.end, colon = p.endOfPlain(p.pos, flow)
	default:
		return key
	}
	ends := p.blankAt(colon+1) || flow && key.style != 0
	if p.at(colon) == ':' && ends && colon-p.pos <= maxPlainKey {
		key.colon = colon
	}
	return key
}

// value reads a node that is no block collection, to the end of its last line.
// parent is the column of the collection around it.
func (p *plainReader) value(parent int) {
	switch c := p.at(p.pos); {
	case c == '|' || c == '>':
		p.block(parent)
	case c == '"' || c == '\'' || c == '[' || c == '{':
		p.flow()
		p.endLine()
	case p.startsPlain(p.pos):
		p.plain(parent)
	default:
		p.fail()
	}
}

// startsPlain reports whether a plain scalar begins at pos. "?x" and ":x" are
// some too, and left to kyaml.
func (p *plainReader) startsPlain(pos int) bool {
	switch p.at(pos) {
	case '-':
		return !p.blankAt(pos + 1)
	case ' ', '\t', '\n', '?', ':', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	}
	return true
}

// endOfPlain returns the end of the plain scalar at pos, on its line, and where
// what has ended it stands: a line break, a colon, a comment, a tab; in brackets
// a comma or a bracket as well.
func (p *plainReader) endOfPlain(pos int, flow bool) (end, stop int) {
	for end = pos; ; pos++ {
		switch p.at(pos) {
		case '\n', '\t':
			return end, pos
		case ' ':
			continue
		case '#':
			if pos > end {
				return end, pos
			}
		case ':':
			if p.blankAt(pos + 1) {
				return end, pos
			}
		case ',', '[', ']', '{', '}', '?':
			if flow {
				return end, pos
			}
		}
		end = pos + 1
	}
}

// plain reads a plain scalar of one or more lines. The next line belongs to it
// if it begins behind the column of the collection around it, and not with a
// comment (scan_plain_scalar).
func (p *plainReader) plain(parent int) {
	self := len(p.nodes)
	end, stop := p.endOfPlain(p.pos, false)
	p.addScalar(p.pos, end, 0)
	more, over := false, false
	for p.pos = stop; p.at(p.pos) == '\n'; p.pos = stop {
		breaks := p.skipBlank()
		if over = p.column <= parent || p.at(p.pos) == '#'; over {
			break
		}
		more = true
		end, stop = p.endOfPlain(p.pos, false)
		p.values = append(appendFold(p.values, breaks), p.text[p.pos:end]...)
	}
	if n := &p.nodes[self]; more {
		n.end = int32(len(p.values))
		n.tag = plainTag(p.values[n.start:])
	}
	if over {
		p.skipComments() // pos is at another line already
		return
	}
	p.pos = end
	p.endLine()
}

// appendFold appends what a scalar holds where its line was broken: a space, or
// the blank lines.
func appendFold(to []byte, breaks int) []byte {
	if breaks == 1 {
		return append(to, ' ')
	}
	for range breaks - 1 {
		to = append(to, '\n')
	}
	return to
}

// closingQuote returns the offset of the quote that closes the one at pos, -1
// if there is none.
func (p *plainReader) closingQuote(pos int, quote byte) int {
	for pos++; pos < len(p.text); pos++ {
		switch c := p.text[pos]; {
		case c == '\\' && quote == '"':
			pos++
		case c != quote:
		case quote == '\'' && p.at(pos+1) == quote:
			pos++
		default:
			return pos
		}
	}
	return -1
}

func quoteStyle(quote byte) Style {
	if quote == '"' {
		return DoubleQuotedStyle
	}
	return SingleQuotedStyle
}

// quoted reads a scalar in quotes.
func (p *plainReader) quoted() {
	quote := p.text[p.pos]
	end := p.closingQuote(p.pos, quote)
	if end < 0 {
		p.fail()
		return
	}
	p.addScalar(p.pos+1, end, quoteStyle(quote))
	for i := p.endOfLine(p.pos); i < end && !p.failed; i = p.endOfLine(p.lineStart) {
		p.line++
		p.lineStart = i + 1
		if p.markerAt(p.lineStart, "---") || p.markerAt(p.lineStart, "...") {
			p.fail()
		}
	}
	if !p.failed {
		p.pos = end + 1
	}
}

// addScalar adds a plain scalar of one line, or one in quotes, which stand
// before start and at end.
func (p *plainReader) addScalar(start, end int, style Style) {
	n := plainNode{start: int32(len(p.values)), kind: ScalarNode, tag: StringTag, style: style}
	text, at := p.text[start:end], start-1
	switch {
	case style == 0:
		n.tag, at = plainTag(text), start
		p.values = append(p.values, text...)
	case style == SingleQuotedStyle && bytes.ContainsAny(text, "'\n"), style == DoubleQuotedStyle && bytes.ContainsAny(text, "\\\n"):
		p.unquote(text, style)
	default:
		p.values = append(p.values, text...)
	}
	n.end = int32(len(p.values))
	p.add(at, n)
}

// unquote appends the value of what stands between quotes (scan_flow_scalar).
func (p *plainReader) unquote(raw []byte, style Style) {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == ' ' || c == '\t' || c == '\n':
			// Blanks around line breaks count for nothing.
			end := i + blankPrefix(raw[i:])
			if breaks := bytes.Count(raw[i:end], []byte("\n")); breaks > 0 {
				p.values = appendFold(p.values, breaks)
			} else {
				p.values = append(p.values, raw[i:end]...)
			}
			i = end - 1
		case c == '\'' && style == SingleQuotedStyle:
			p.values = append(p.values, c)
			i++ // the second of two
		case c == '\\' && style == DoubleQuotedStyle:
			if i++; raw[i] != '\n' {
				p.unescape(raw[i])
				continue
			}
			// The line goes on in the next one, without a space.
			end := i + blankPrefix(raw[i:])
			p.values = append(p.values, bytes.Repeat([]byte("\n"), bytes.Count(raw[i+1:end], []byte("\n")))...)
			i = end - 1
		default:
			p.values = append(p.values, c)
		}
	}
}

// blankPrefix returns the length of the blanks and line breaks that text begins
// with.
func blankPrefix(text []byte) int {
	return len(text) - len(bytes.TrimLeft(text, " \t\n"))
}

func (p *plainReader) unescape(c byte) {
	switch c {
	case 'n':
		c = '\n'
	case 't':
		c = '\t'
	case '"', '\\', ' ':
	default:
		p.fail()
	}
	p.values = append(p.values, c)
}

// inNumbers are the characters, but for digits, of all numbers and times that
// resolve.go knows: 0x1F, 1_000, -.inf, 2001-01-01T00:00:00,5Z.
const inNumbers = "+-_.,: TtZxXoOabcdefABCDEFinIN"

// plainTag returns the tag of a plain scalar (resolve.go). Most are seen at
// once; about what looks like a number or a time kyaml is asked, which is slow.
func plainTag(value []byte) Tag {
	switch string(value) {
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return BoolTag
	case "null", "Null", "NULL", "~":
		return NullTag
	case "<<":
		return MergeTag
	}
	switch c := value[0]; {
	case c >= '0' && c <= '9':
	case c == '.':
	case (c == '+' || c == '-') && len(value) > 1 && (value[1] == '.' || value[1] == '_' || value[1] >= '0' && value[1] <= '9'):
	default:
		return StringTag
	}
	digits := true
	for _, c := range value {
		if c >= '0' && c <= '9' {
			continue
		}
		digits = false
		if strings.IndexByte(inNumbers, c) < 0 {
			return StringTag
		}
	}
	if digits && (value[0] != '0' || len(value) == 1) && len(value) <= 18 {
		return IntTag
	}
	return tagOf(&yaml.Node{Kind: yaml.ScalarNode, Value: string(value)})
}
