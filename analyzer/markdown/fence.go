package markdown

import (
	"bytes"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// fence is a fenced block of YAML or JSON.
type fence struct {
	// lines are the lines between the fences as they stand in the file, prefixes
	// the part of each that belongs to the list or the quotation around it.
	lines, prefixes []source.Span
	closed          bool
}

// span covers the lines.
func (f fence) span() source.Span {
	return source.Span{Start: f.lines[0].Start, End: f.lines[len(f.lines)-1].End}
}

// blocks parses the block structure alone: text inside of paragraphs matters
// to nobody here.
func blocks() parser.Parser {
	return parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...))
}

// fences returns the fenced blocks of YAML and JSON of a Markdown text
// (CommonMark 0.31 section 4.5), in order, without the empty ones. ok is false if
// the library breaks down on a part of the text, which it is known to do.
func fences(data []byte) (found []fence, ok bool) {
	ok = true
	end := len(data)
	if !bytes.HasSuffix(data, []byte("\n")) {
		data = append(slices.Clip(data), '\n') // it reads over the end of a last line in an indented block
	}
	data = slices.Clip(data) // so that it breaks down rather than read on behind the end
	var search func(text.Reader)
	search = func(r text.Reader) {
		defer func() {
			if recover() != nil {
				ok = false
			}
		}()
		root := blocks().Parse(r)
		ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { //nolint:errcheck // it returns none
			switch n := n.(type) {
			case *ast.FencedCodeBlock:
				if entering && n.Info != nil && n.Lines().Len() > 0 && isManifest(n.Info.Segment.Value(data)) {
					found = append(found, newFence(data, end, n))
				}
			case *ast.CodeBlock:
				// Where tabs and admonitions are written by indentation, as in
				// MkDocs, what CommonMark takes for code is text with fences.
				if entering {
					search(text.NewBlockReader(data, n.Lines()))
				}
			}
			return ast.WalkContinue, nil
		})
	}
	search(text.NewReader(data))
	return found, ok
}

// isManifest reports whether the info string names YAML or JSON: "yaml",
// "yml title=x", "json:a.json", "yaml{1,3}", "{.yaml .numbered}".
func isManifest(info []byte) bool {
	language := strings.ToLower(strings.TrimLeft(string(info), "{. "))
	if end := strings.IndexAny(language, " \t{},:;"); end >= 0 {
		language = language[:end]
	}
	return language == "yaml" || language == "yml" || language == "json"
}

// newFence reads a block of a text that ends at end.
func newFence(data []byte, end int, n *ast.FencedCodeBlock) fence {
	var f fence
	for _, s := range n.Lines().Sliced(0, n.Lines().Len()) {
		start := bytes.LastIndexByte(data[:s.Start], '\n') + 1
		f.lines = append(f.lines, source.Span{Start: start, End: min(s.Stop, end)})
		f.prefixes = append(f.prefixes, source.Span{Start: start, End: s.Start})
	}
	f.closed = isClosed(data, n.Info.Segment.Start, f.span().End)
	return f
}

// isClosed reports whether the line at end closes the fence that stands before
// its info string.
func isClosed(data []byte, info, end int) bool {
	opening := bytes.TrimRight(data[:info], " \t{.")
	mark := opening[len(opening)-1]
	length := len(opening) - len(bytes.TrimRight(opening, string(mark)))
	line, _, _ := bytes.Cut(data[end:], []byte("\n"))
	line = bytes.TrimRight(bytes.TrimLeft(line, " \t>"), " \t\r")
	return len(line) >= length && len(bytes.Trim(line, string(mark))) == 0
}

// isEven reports whether the text inside the fence is the lines of the file
// without one and the same number of characters before each.
func (f fence) isEven(data []byte) bool {
	length := -1
	for i, p := range f.prefixes {
		if util.IsBlank(data[p.End:f.lines[i].End]) {
			continue
		}
		if length >= 0 && length != p.End-p.Start {
			return false
		}
		length = p.End - p.Start
	}
	return true
}
