package manifest

import (
	"bytes"
	"math"
	"sync"
	"unicode/utf8"
)

// readPlain reads the part of YAML that nearly all manifests are written in:
// block mappings and sequences, scalars of all styles, lists and mappings in
// brackets, comments. ok is false where the text uses anything else, or has any
// fault: then kyaml is asked. Where ok is true, root is what FromYAML makes
// of kyaml's node, to the last column; it is nil if there is nothing but
// comments.
//
// It follows scannerc.go and parserc.go of go.yaml.in/yaml/v3, which kyaml
// parses with. They allow more than YAML does here and there, and less in other
// places: what they do counts.
func readPlain(text []byte) (root *Node, ok bool) {
	if bytes.IndexByte(text, '\r') >= 0 {
		// To kyaml, too, this is one break, and a value holds the same of it.
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	ascii, ok := onlyText(text)
	if !ok || len(text) > math.MaxInt32/2 {
		return nil, false
	}
	p := plainReaders.Get().(*plainReader)
	defer plainReaders.Put(p)
	*p = plainReader{text: text, ascii: ascii, line: 1, nodes: p.nodes[:0], values: p.values[:0]}
	p.document()
	p.text = nil
	if p.failed {
		return nil, false
	}
	return p.tree(), true
}

// plainReaders keeps the lists of readers, which no document needs any longer
// once it is read.
var plainReaders = sync.Pool{New: func() any { return new(plainReader) }}

// plainReader reads one document from its first to its last character. When it
// fails it goes to the end of the text, so whoever called it comes to an end as
// well, and nobody has to ask. What it reads after that is thrown away.
type plainReader struct {
	text   []byte
	ascii  bool // of the whole text
	failed bool
	ended  bool // has met "..."

	pos       int // in text
	line      int // of pos, from 1
	lineStart int // offset of that line
	// column is where, from 0, the next node stands: behind the spaces of its
	// line or the "- " before it. It is -1 at the end of the document.
	column int
	depth  int

	nodes  []plainNode // as they stand in the text, so a collection before its children
	values []byte      // of the nodes, one behind the other
}

// plainNode is a node that was read. It has no pointers: the collector does not
// look at a list of them, and nothing is kept alive by a reader that waits.
type plainNode struct {
	start, end   int32 // in values
	line, column int32
	children     int32
	kind         Kind
	tag          Tag
	style        Style
}

// maxPlainDepth ends what nobody writes before the stack does.
const maxPlainDepth = 100

// onlyText reports whether the text holds no character that kyaml refuses, nor
// one that ends a line in YAML 1.1 but not on a screen, nor a byte order mark
// (readerc.go); and whether all of it is ASCII.
func onlyText(text []byte) (ascii, ok bool) {
	all := byte(0)
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7F {
			return false, false
		}
		all |= c
	}
	if all < utf8.RuneSelf {
		return true, true
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1, r >= 0x80 && r < 0xA0:
			return false, false
		case r == 0x2028, r == 0x2029, r == 0xFEFF, r == 0xFFFE, r == 0xFFFF:
			return false, false
		}
		i += size
	}
	return false, true
}

func (p *plainReader) fail() {
	p.failed, p.pos, p.column = true, len(p.text), -1
}

// at returns the character at an offset, a line break at the end of the text.
func (p *plainReader) at(pos int) byte {
	if pos < len(p.text) {
		return p.text[pos]
	}
	return '\n'
}

// blankAt reports whether the word before pos ends there.
func (p *plainReader) blankAt(pos int) bool {
	c := p.at(pos)
	return c == ' ' || c == '\n' || c == '\t'
}

// markerAt reports whether a line that marks the start or the end of a document
// is at pos.
func (p *plainReader) markerAt(pos int, marker string) bool {
	return bytes.HasPrefix(p.text[pos:], []byte(marker)) && p.blankAt(pos+len(marker))
}

// endOfLine returns the offset of the break that ends the line at pos.
func (p *plainReader) endOfLine(pos int) int {
	if i := bytes.IndexByte(p.text[pos:], '\n'); i >= 0 {
		return pos + i
	}
	return len(p.text)
}

func (p *plainReader) skipSpaces() {
	for p.pos < len(p.text) && p.text[p.pos] == ' ' {
		p.pos++
	}
	p.column = p.pos - p.lineStart
}

// skipBlank goes from the end of a line to the first character of the next line
// that is not blank, and returns the number of line breaks between them. A tab
// there means something to kyaml in one place and nothing in another.
func (p *plainReader) skipBlank() (breaks int) {
	for p.pos < len(p.text) && p.text[p.pos] == '\n' {
		p.pos++
		p.line++
		p.lineStart = p.pos
		breaks++
		p.skipSpaces()
	}
	switch {
	case p.pos == len(p.text):
		p.column = -1
	case p.text[p.pos] == '\t':
		p.fail()
	}
	return breaks
}

// next goes from the end of a line to the next node, or to the end of the
// document.
func (p *plainReader) next() {
	p.skipBlank()
	p.skipComments()
}

// skipComments goes from the first character of a line to the next node.
func (p *plainReader) skipComments() {
	for p.at(p.pos) == '#' {
		p.pos = p.endOfLine(p.pos)
		p.skipBlank()
	}
	if p.column != 0 {
		return
	}
	switch started := len(p.nodes) > 0; {
	case p.markerAt(p.pos, "..."):
		if !started || p.ended {
			p.fail()
			return
		}
		p.ended = true
		p.pos += len("...")
		if p.endLine(); p.column >= 0 {
			p.fail()
		}
	case started && p.markerAt(p.pos, "---"):
		p.fail()
	}
}

// endLine goes from behind a node to the next one. Nothing but a comment may
// follow on the line.
func (p *plainReader) endLine() {
	from := p.pos
	p.skipSpaces()
	if p.at(p.pos) == '#' && p.pos > from {
		p.pos = p.endOfLine(p.pos)
	}
	if p.at(p.pos) != '\n' {
		p.fail()
		return
	}
	p.next()
}

// onLine goes from behind an indicator ("-", ":") to what it introduces if that
// stands on the same line.
func (p *plainReader) onLine() bool {
	from := p.pos
	p.skipSpaces()
	if c := p.at(p.pos); c != '\n' && c != '#' {
		return true
	}
	p.pos = from
	return false
}

// add adds a node that begins at pos, on the current line.
func (p *plainReader) add(pos int, n plainNode) {
	column := pos - p.lineStart
	if !p.ascii {
		column = utf8.RuneCount(p.text[p.lineStart:pos])
	}
	n.line, n.column = int32(p.line), int32(column+1)
	p.nodes = append(p.nodes, n)
}

func (p *plainReader) document() {
	switch p.skipSpaces(); p.at(p.pos) {
	case '#', '\n':
		p.pos = p.endOfLine(p.pos)
		p.next()
	}
	marked := p.column == 0 && p.markerAt(p.pos, "---")
	if marked {
		p.pos += len("---")
		p.endLine()
	}
	switch {
	case p.column < 0:
		if marked {
			p.fail() // a null, wherever that is
		}
	case p.column == 0 && (p.markerAt(p.pos, "---") || p.markerAt(p.pos, "...")):
		p.fail()
	case p.atDash():
		p.sequence()
	default:
		p.mapping(p.findKey(false))
	}
	if p.column >= 0 {
		p.fail()
	}
}

func (p *plainReader) atDash() bool {
	return p.column >= 0 && p.text[p.pos] == '-' && p.blankAt(p.pos+1)
}

// node reads a node that stands on a line of its own or behind a "- ". parent
// is the column of the collection around it.
func (p *plainReader) node(parent int) {
	if p.atDash() {
		p.sequence()
	} else if key := p.findKey(false); key.colon >= 0 {
		p.mapping(key)
	} else {
		p.value(parent)
	}
}

// sequence reads a block sequence, all elements of which begin in one column.
func (p *plainReader) sequence() {
	column, self := p.open(plainNode{kind: SequenceNode, tag: SeqTag})
	for p.column == column && p.atDash() {
		p.nodes[self].children++
		p.pos++
		if p.onLine() {
			p.node(column)
		} else {
			p.below(column, false)
		}
	}
	p.close(column)
}

// mapping reads a block mapping, all keys of which begin in one column.
func (p *plainReader) mapping(key plainKey) {
	column, self := p.open(plainNode{kind: MappingNode, tag: MapTag})
	for ; p.column == column; key = p.findKey(false) {
		if key.colon < 0 {
			p.fail()
			return
		}
		p.nodes[self].children += 2
		p.addScalar(key.start, key.end, key.style)
		p.pos = key.colon + 1
		if p.onLine() {
			p.value(column)
		} else {
			p.below(column, true)
		}
	}
	p.close(column)
}

// below reads a node that stands on a line below its indicator, if there is
// one. A sequence may stand right below the key of a mapping.
func (p *plainReader) below(column int, key bool) {
	p.add(p.pos, plainNode{kind: ScalarNode, tag: NullTag}) // process_empty_scalar
	p.endLine()
	switch {
	case p.column > column:
		p.nodes = p.nodes[:len(p.nodes)-1]
		p.node(column)
	case key && p.column == column && p.atDash():
		p.nodes = p.nodes[:len(p.nodes)-1]
		p.sequence()
	}
}

// open adds a block collection, of which column is where it stands and self
// where it is in nodes.
func (p *plainReader) open(n plainNode) (column, self int) {
	column, self = p.column, len(p.nodes)
	p.add(p.pos, n)
	if p.depth++; p.depth > maxPlainDepth {
		p.fail()
	}
	return column, self
}

// close ends a block collection. The line that ends it has to begin further to
// the left; whoever reads on finds out whether it begins where it may.
func (p *plainReader) close(column int) {
	if p.depth--; p.column > column {
		p.fail()
	}
}

// tree returns the nodes that were read, laid out as FromYAML does.
func (p *plainReader) tree() *Node {
	if len(p.nodes) == 0 {
		return nil
	}
	t := plainTree{read: p.nodes, values: string(p.values), nodes: make([]Node, 1, len(p.nodes))}
	t.fill(&t.nodes[0])
	return &t.nodes[0]
}

// plainTree makes the tree of the nodes that were read.
type plainTree struct {
	read   []plainNode // what is left of them
	values string
	nodes  []Node
}

// fill makes the next node that was read, and its children.
func (t *plainTree) fill(to *Node) {
	n := &t.read[0]
	t.read = t.read[1:]
	to.Value = t.values[n.start:n.end]
	to.Line, to.Column = n.line, n.column
	to.Kind, to.Tag, to.Style = n.kind, n.tag, n.style
	if n.children == 0 {
		return
	}
	from := len(t.nodes)
	t.nodes = t.nodes[:from+int(n.children)]
	to.Content = t.nodes[from:len(t.nodes):len(t.nodes)]
	for i := range to.Content {
		t.fill(&to.Content[i])
	}
}
