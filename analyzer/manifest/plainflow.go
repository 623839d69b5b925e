package manifest

import "bytes"

// flow reads a scalar, or a list or a mapping in brackets, up to behind its
// last character. Comments in brackets are left to kyaml, as are keys without a
// value and plain scalars of several lines.
func (p *plainReader) flow() {
	switch c := p.at(p.pos); {
	case c == '"' || c == '\'':
		p.quoted()
	case c == '[' || c == '{':
		if p.depth++; p.depth > maxPlainDepth {
			p.fail()
			return
		}
		if c == '[' {
			p.flowSequence()
		} else {
			p.flowMapping()
		}
		p.depth--
	case p.startsPlain(p.pos):
		end, stop := p.endOfPlain(p.pos, true)
		p.addScalar(p.pos, end, 0)
		p.pos = stop
	default:
		p.fail()
	}
}

func (p *plainReader) flowSequence() {
	self := len(p.nodes)
	p.add(p.pos, plainNode{kind: SequenceNode, tag: SeqTag, style: FlowStyle})
	p.pos++
	for !p.flowEnds(']') {
		p.nodes[self].children++
		p.flow()
		p.flowComma(']')
	}
}

func (p *plainReader) flowMapping() {
	self := len(p.nodes)
	p.add(p.pos, plainNode{kind: MappingNode, tag: MapTag, style: FlowStyle})
	p.pos++
	for !p.flowEnds('}') {
		p.nodes[self].children += 2
		key := p.findKey(true)
		if key.colon < 0 {
			p.fail()
			return
		}
		p.addScalar(key.start, key.end, key.style)
		p.pos = key.colon + 1
		p.skipFlow()
		p.flow()
		p.flowComma('}')
	}
}

// skipFlow goes to the next character that is not blank, on this line or
// another.
func (p *plainReader) skipFlow() {
	p.skipSpaces()
	if p.skipBlank(); p.column == 0 && (p.markerAt(p.pos, "---") || p.markerAt(p.pos, "...")) {
		p.fail()
	}
}

// flowEnds reports whether a collection ends here, and goes behind its bracket.
// A collection may end behind a comma.
func (p *plainReader) flowEnds(bracket byte) bool {
	p.skipFlow()
	if p.at(p.pos) != bracket {
		return p.failed
	}
	p.pos++
	return true
}

// flowComma goes behind the comma that follows an element, unless it is the
// last one.
func (p *plainReader) flowComma(bracket byte) {
	switch p.skipFlow(); p.at(p.pos) {
	case ',':
		p.pos++
	case bracket:
	default:
		p.fail()
	}
}

// block reads a literal or folded scalar (scan_block_scalar). parent is the
// column of the collection around it.
func (p *plainReader) block(parent int) {
	n := plainNode{start: int32(len(p.values)), kind: ScalarNode, tag: StringTag, style: LiteralStyle}
	if p.at(p.pos) == '>' {
		n.style = FoldedStyle
	}
	self := len(p.nodes)
	p.add(p.pos, n)
	chomping, increment := p.blockHeader()
	if p.failed {
		return
	}
	indent := parent + increment
	if increment == 0 {
		indent = p.blockIndent(parent)
	}
	broken, blank := p.blockLines(indent, n.style == FoldedStyle)
	if broken && chomping != '-' {
		p.values = append(p.values, '\n')
	}
	if chomping == '+' {
		p.values = append(p.values, bytes.Repeat([]byte("\n"), blank)...)
	}
	p.nodes[self].end = int32(len(p.values))
	p.next()
}

// blockHeader reads the indicators of a block scalar, and goes to the end of
// their line.
func (p *plainReader) blockHeader() (chomping byte, increment int) {
	for p.pos++; ; p.pos++ {
		switch c := p.at(p.pos); {
		case (c == '-' || c == '+') && chomping == 0:
			chomping = c
		case c >= '1' && c <= '9' && increment == 0:
			increment = int(c - '0')
		case c == ' ' || c == '\n':
			if p.skipSpaces(); p.at(p.pos) == '#' {
				p.pos = p.endOfLine(p.pos)
			}
			if p.at(p.pos) != '\n' {
				p.fail()
			}
			return chomping, increment
		default:
			p.fail()
			return 0, 0
		}
	}
}

// blockIndent returns the indentation of a block scalar that does not say it:
// that of its first line, or of a blank one before that if it is longer.
func (p *plainReader) blockIndent(parent int) int {
	indent := parent + 1
	for pos := p.pos; pos < len(p.text); {
		pos++
		start := pos
		for p.at(pos) == ' ' {
			pos++
		}
		indent = max(indent, pos-start)
		if c := p.at(pos); c == '\t' {
			p.fail()
		} else if c == '\n' {
			continue
		}
		break
	}
	return indent
}

// blockLines appends the lines of a block scalar, and goes to the end of its
// last line. What follows the last line that is not blank is up to the caller:
// whether it was broken, and how many blank lines there are.
func (p *plainReader) blockLines(indent int, folded bool) (broken bool, blank int) {
	moreIndented := false // the line before
	for p.pos < len(p.text) {
		start := p.pos + 1
		pos := start
		for pos < start+indent && pos < len(p.text) && p.text[pos] == ' ' {
			pos++
		}
		switch {
		case pos == len(p.text):
			return broken, blank
		case p.text[pos] == '\n':
			blank++
			p.line++
			p.pos, p.lineStart = pos, start
			continue
		case pos < start+indent && p.text[pos] == '\t':
			p.fail()
			return false, 0
		case pos < start+indent:
			return broken, blank
		}
		indented := p.text[pos] == ' ' || p.text[pos] == '\t'
		switch {
		case !broken:
		case folded && !moreIndented && !indented:
			if blank == 0 {
				p.values = append(p.values, ' ')
			}
		default:
			p.values = append(p.values, '\n')
		}
		p.values = append(p.values, bytes.Repeat([]byte("\n"), blank)...)
		end := p.endOfLine(pos)
		p.values = append(p.values, p.text[pos:end]...)
		p.line++
		p.pos, p.lineStart = end, start
		broken, blank, moreIndented = end < len(p.text), 0, indented
	}
	return broken, blank
}
