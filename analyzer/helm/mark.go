package helm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// A template is rendered with marks in it: calls of a function that say, in the
// output, which piece of the template the text behind them comes from. Only
// what a file writes itself is marked. A named template may be handed to
// functions that would trip over a mark, and so may a whole file, so the
// function marks nothing unless its file is the one that is being rendered.

// markFunction is the name of the function. Its arguments are $, the number of
// the template, and the mark.
const markFunction = "kubeknot__mark"

// markByte encloses a mark. YAML does not allow it anywhere, so only a template
// that nobody can use makes it.
const markByte = "\x00"

// template is a template file of a chart.
type template struct {
	file   *source.File
	number int
	names  []string // that Helm gives it: several for a chart with aliases
	scope  *scope   // of its values
	pieces []piece
	loops  int // how many range actions it has
}

// piece is what a template makes text of.
type piece struct {
	span    source.Span // with the braces of an action
	literal bool        // text that is taken as it stands
	values  []reference // the values that an action names
}

// reference is a path into the data of a template: Values, then keys.
type reference []step

// step is a key, or the element that a range action is at.
type step struct {
	key  string
	loop int // -1 for a key
}

// marker reads a template and notes where marks belong.
type marker struct {
	*template
	text  string
	marks []insertion
}

type insertion struct {
	at   int
	text string
}

// mark finds the pieces of a template and returns its text with marks. A
// template that cannot be parsed comes back as it is: Helm will say why.
func (t *template) mark() string {
	text := string(t.file.Data)
	tree := parse.New(t.file.Path)
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(text, "", "", map[string]*parse.Tree{}); err != nil || tree.Root == nil {
		return text
	}
	m := &marker{template: t, text: text}
	m.list(tree.Root, context{dot: reference{}, variables: map[string]reference{"$": {}}})
	slices.SortStableFunc(m.marks, func(a, b insertion) int { return a.at - b.at })
	var b strings.Builder
	done := 0
	for _, i := range m.marks {
		b.WriteString(text[done:i.at])
		b.WriteString(i.text)
		done = i.at
	}
	b.WriteString(text[done:])
	return b.String()
}

// context is what is known at a place of a template. A nil reference is one
// that is not known.
type context struct {
	dot       reference
	variables map[string]reference
}

func (m *marker) list(l *parse.ListNode, c context) {
	if l == nil {
		return
	}
	c.variables = maps.Clone(c.variables)
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode:
			at := int(n.Pos)
			m.insert(at, "{{"+m.call("p", m.piece(source.Span{Start: at, End: at + len(n.Text)}, true, nil))+"}}")
		case *parse.ActionNode:
			m.declare(n.Pipe, c)
			if len(n.Pipe.Decl) == 0 {
				m.action(int(n.Pos), c.references(n.Pipe))
			}
		case *parse.TemplateNode:
			m.action(int(n.Pos), nil)
		case *parse.IfNode:
			m.list(n.List, m.declared(n.Pipe, c))
			m.list(n.ElseList, m.declared(n.Pipe, c))
		case *parse.WithNode:
			inside := m.declared(n.Pipe, c)
			inside.dot = first(c.references(n.Pipe))
			m.list(n.List, inside)
			m.list(n.ElseList, c)
		case *parse.RangeNode:
			m.list(n.List, m.loop(n, c))
			m.list(n.ElseList, c)
		}
	}
}

// piece adds a piece and returns its number.
func (m *marker) piece(span source.Span, literal bool, values []reference) int {
	m.pieces = append(m.pieces, piece{span, literal, values})
	return len(m.pieces) - 1
}

func (m *marker) call(kind string, n int) string {
	return fmt.Sprintf(`%s $ %d "%s%d"`, markFunction, m.number, kind, n)
}

func (m *marker) insert(at int, text string) { m.marks = append(m.marks, insertion{at, text}) }

// action marks the action that holds an offset.
func (m *marker) action(inside int, values []reference) {
	span := m.braces(inside)
	m.before(span.Start, m.call("p", m.piece(span, false, values)))
}

// before puts a call before an action. One that trims the text before it has to
// go on doing so.
func (m *marker) before(start int, call string) {
	if strings.HasPrefix(m.text[start:], "{{-") {
		m.insert(start+len("{{-"), " "+call+"}}{{")
		return
	}
	m.insert(start, "{{"+call+"}}")
}

// loop marks a range action and returns what is known inside.
func (m *marker) loop(n *parse.RangeNode, c context) context {
	number := m.loops
	m.loops++
	span := m.braces(int(n.Pos))
	m.before(span.Start, m.call("l", number))
	if end := span.End - len("}}"); strings.HasSuffix(m.text[:end], "-") {
		m.insert(end-1, "}}{{"+m.call("i", number)+" ")
	} else {
		m.insert(span.End, "{{"+m.call("i", number)+"}}")
	}
	c.variables = maps.Clone(c.variables)
	c.dot = first(c.references(n.Pipe))
	if c.dot != nil {
		c.dot = append(slices.Clone(c.dot), step{loop: number})
	}
	for i, v := range n.Pipe.Decl {
		c.variables[v.Ident[0]] = nil
		if i == len(n.Pipe.Decl)-1 { // the first of two is the index or key
			c.variables[v.Ident[0]] = c.dot
		}
	}
	return c
}

// declare notes the variables that a pipeline sets.
func (m *marker) declare(p *parse.PipeNode, c context) {
	for _, v := range p.Decl {
		c.variables[v.Ident[0]] = first(c.references(p))
	}
}

func (m *marker) declared(p *parse.PipeNode, c context) context {
	c.variables = maps.Clone(c.variables)
	m.declare(p, c)
	return c
}

// braces returns the span of the action that holds an offset behind its opening
// braces and before its end.
func (m *marker) braces(inside int) source.Span {
	start := strings.LastIndex(m.text[:inside], "{{")
	for i := inside; i < len(m.text); i++ {
		switch c := m.text[i]; {
		case c == '"' || c == '\'':
			for i++; i < len(m.text) && m.text[i] != c; i++ {
				if m.text[i] == '\\' {
					i++
				}
			}
		case c == '`':
			i += 1 + strings.IndexByte(m.text[i+1:], '`')
		case strings.HasPrefix(m.text[i:], "}}"):
			return source.Span{Start: start, End: i + len("}}")}
		}
	}
	return source.Span{Start: start, End: len(m.text)}
}
