package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	yaml4 "go.yaml.in/yaml/v4"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/secret"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Parse splits a file into documents and reads those that can hold Kubernetes
// objects. It never fails: what cannot be read is a document with Problems.
func Parse(f *source.File) *File {
	file := parseFile(f, split(f.Data), looksLikeObject)
	file.findHalfObjects()
	return file
}

// ParseAny is Parse for files whose documents need no apiVersion and kind, as
// kustomization.yaml.
func ParseAny(f *source.File) *File {
	return parseFile(f, split(f.Data), anything)
}

// ParsePart is ParseAny for whole lines of a file, such as a block of a
// Markdown text or of a kustomization. All of them may be indented.
func ParsePart(f *source.File, part source.Span) *File {
	return parseFile(f, splitPart(f.Data, part), anything)
}

// ParseLiteral returns the documents of a text that a document holds as a literal
// block. The places in a quoted or folded one are unknown, so it has none.
func ParseLiteral(d *Document, n *Node) []*Document {
	if n == nil || n.Kind != ScalarNode || n.Style&LiteralStyle == 0 {
		return nil
	}
	span := d.SpanOf(n)
	first := d.File.Line(d.File.Position(span.Start).Line + 1).Start
	return ParsePart(d.File, source.Span{Start: min(first, span.End), End: span.End}).Documents
}

func anything([]byte) bool { return true }

func parseFile(f *source.File, chunks []chunk, worth func(text []byte) bool) *File {
	file := &File{File: f}
	if d := foreignEncoding(f, worth); d != nil {
		file.Documents = []*Document{d}
		return file
	}
	for _, c := range chunks {
		d := &Document{File: f, Span: c.span, text: c.text}
		if d.Role = Foreign; worth(f.Data[c.text.Start:c.text.End]) {
			d.parse()
		}
		file.Documents = append(file.Documents, d)
	}
	return file
}

// looksLikeObject reports whether the text can hold a Kubernetes object at
// all. What cannot is not parsed, which is what makes values files, CI
// configurations and data files cheap.
func looksLikeObject(text []byte) bool {
	return bytes.Contains(text, []byte("kind")) && bytes.Contains(text, []byte("apiVersion")) || mayBeCiphertext(text)
}

func (d *Document) parse() {
	text := d.File.Data[d.text.Start:d.text.End]
	root, err := read(text)
	if err != nil {
		d.fail(text, err)
		return
	}
	if d.Root = root; root == nil {
		return
	}
	if at := behindJSON(text); at >= 0 {
		d.hideIfSecret(text)
		d.refuse("text stands behind the end of the JSON object", d.pointOf(at))
		return
	}
	if bytes.IndexByte(text, '*') >= 0 {
		if message, at := aliasFault(d.Root); message != "" {
			d.hideIfSecret(text)
			d.refuse(message, d.SpanOf(at))
			return
		}
	}
	d.HideSecrets(d.Root, false)
	d.Role = d.classify()
	if d.Role != Object {
		if d.Role == Encrypted || d.Root.Kind == ScalarNode || hasTemplateKeys(d.Root) {
			d.hideIfSecret(text)
		}
		return
	}
	d.Resources = collect(d)
	if hasTemplateKeys(d.Root) || hasYttValues(text) {
		d.Role, d.Resources = Template, nil
		d.hideIfSecret(text)
		return
	}
	d.findDuplicates(d.Root, make([]string, 0, 16))
	for _, r := range d.Resources {
		hideSecrets(r)
	}
}

// read returns the top node of a text, nil if there is nothing in it.
func read(text []byte) (*Node, error) {
	if root, ok := readPlain(text); ok {
		return root, nil
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, err
	}
	return FromYAML(&node), nil
}

// classify tells the role of a document that was parsed.
func (d *Document) classify() Role {
	switch {
	case d.Root.Kind == SequenceNode:
		return Patch
	case d.Root.Kind != MappingNode:
		return Foreign
	}
	apiVersion, kind := Field(d.Root, "apiVersion"), Field(d.Root, "kind")
	switch {
	case isCiphertext(d.Root):
		return Encrypted
	case apiVersion.Key == nil || kind.Key == nil:
		return Foreign
	case strings.HasPrefix(String(d.Root, "apiVersion"), "kustomize.config.k8s.io/"):
		return Kustomization
	case Field(d.Root, "$patch").Key != nil:
		return Patch
	}
	return Object
}

// collect returns the objects of a document: itself, or the items of a List or
// of a typed list ("DeploymentList"), whose items may leave out their kind.
func collect(d *Document) []*Resource {
	var all []*Resource
	var add func(n *Node, path []string, apiVersion, kind string, depth int)
	add = func(n *Node, path []string, apiVersion, kind string, depth int) {
		r := newResource(d, n, path, apiVersion, kind)
		items := Field(n, "items")
		isList := strings.HasSuffix(r.Kind, "List") && items.Value != nil && items.Value.Kind == SequenceNode
		if !isList || depth > maxListDepth {
			all = append(all, r)
			return
		}
		itemVersion, itemKind := "", ""
		if r.Kind != "List" {
			itemVersion, itemKind = r.APIVersion, strings.TrimSuffix(r.Kind, "List")
		}
		for i, item := range Items(items.Value) {
			if item != nil && item.Kind == MappingNode {
				add(item, append(path, "items", fmt.Sprint(i)), itemVersion, itemKind, depth+1)
			}
		}
	}
	add(d.Root, nil, "", "", 0)
	return all
}

// maxListDepth ends lists that hold themselves by an alias.
const maxListDepth = 4

// hasTemplateKeys reports whether {{ }} was read as YAML: "name: {{ x }}" is a
// mapping whose key is a mapping, which no Kubernetes object has.
func hasTemplateKeys(n *Node) bool {
	for i, c := range n.Children() {
		if n.Kind == MappingNode && i%2 == 0 && c.Kind == MappingNode || hasTemplateKeys(c) {
			return true
		}
	}
	return false
}

// yttValue finds an annotation of ytt that gives a value, or a function or a
// condition around what is written (https://carvel.dev/ytt/docs/latest/lang/):
// what a parser of YAML sees is not what is applied.
var yttValue = regexp.MustCompile(`(?m)(^\s*#@ |: +#@ |^\s*(- +)+#@ |^\s*#@(overlay|data|schema|yaml)/)`)

// hasYttValues reports whether a text is a template of ytt.
func hasYttValues(text []byte) bool {
	return bytes.Contains(text, []byte("#@")) && yttValue.Match(text)
}

// fail records why the parser refused the text.
func (d *Document) fail(text []byte, err error) {
	d.hideIfSecret(text)
	message, at := explain(text, err)
	span := at(d)
	if strings.Contains(message, tooDeep) { // brackets by the thousand are no placeholders
		d.refuse(message, span)
		return
	}
	if templateLine.Match(text) || d.placeholderNear(span) {
		d.Role = Template
		return
	}
	if len(text) > 0 && text[0] == '{' && bytes.Contains(text, []byte(`\ud`)) {
		// JSON writes characters beyond U+FFFF as two escapes, which a YAML
		// parser refuses and kubectl accepts.
		d.Role = Unreadable
		return
	}
	d.refuse(message, span)
}

// tooDeep is what the parser says of a document that is nested too deeply.
const tooDeep = "exceeded max depth"

// refuse makes a document broken: nobody can read it.
func (d *Document) refuse(message string, at source.Span) {
	d.Role, d.Root = Broken, nil
	d.Problems = []Problem{{Kind: SyntaxError, Message: d.withoutSecrets(message, at), Span: at}}
}

// quotes finds what a parser quotes.
var quotes = regexp.MustCompile("'[^']*'|`[^`]*`")

// withoutSecrets masks in a parser's message what its line does not show.
func (d *Document) withoutSecrets(message string, span source.Span) string {
	shown := d.File.LineText(d.File.Position(span.Start).Line)
	return quotes.ReplaceAllStringFunc(message, func(quoted string) string {
		if text := quoted[1 : len(quoted)-1]; !strings.HasSuffix(shown, secret.Mask) || len(text) == 1 || strings.Contains(shown, text) {
			return quoted
		}
		return quoted[:1] + secret.Mask + quoted[:1]
	})
}

// templateLine finds what a templating tool will replace where YAML expects a
// value or a line: "{{ x }}", "key: {{ x }}", "- {{ x }}", "{% if %}", "<% %>".
var templateLine = regexp.MustCompile(`(?m)^\s*(- +)*(["'\w./-]+: +)?(\{\{|\{%|<%)`)

// placeholderNear reports whether the line of a fault, or the one before it,
// which parsers often mean, holds something that a later tool fills in.
func (d *Document) placeholderNear(span source.Span) bool {
	line := d.File.Position(span.Start).Line
	for n := max(line-1, d.File.Position(d.text.Start).Line); n <= line; n++ {
		s := d.File.Line(n)
		text := string(d.File.Data[s.Start:s.End])
		if IsPlaceholder(text) {
			return true
		}
	}
	return false
}

// explain says what is wrong with a text that kyaml refuses, and where. Of
// kyaml's parser only a line number comes, off by one for half of the errors,
// so the place is asked of the same parser's next major version.
func explain(text []byte, err error) (string, func(*Document) source.Span) {
	if i := invalidByte(text); i >= 0 {
		r, size := utf8.DecodeRune(text[i:])
		message := fmt.Sprintf("control character %U is not allowed in YAML", r)
		if r == utf8.RuneError {
			message = fmt.Sprintf("byte 0x%02x is not valid UTF-8", text[i])
		}
		return message, func(d *Document) source.Span {
			return source.Span{Start: d.text.Start + i, End: d.text.Start + i + size}
		}
	}
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	var line, column int
	if rest, ok := strings.CutPrefix(message, "line "); ok {
		if _, e := fmt.Sscanf(rest, "%d:", &line); e == nil {
			_, message, _ = strings.Cut(rest, ": ")
		}
	}
	var failure *yaml4.LoadError
	var probe yaml4.Node
	if e := yaml4.Unmarshal(text, &probe); errors.As(e, &failure) && failure.Mark.Line > 0 {
		line, column = failure.Mark.Line, failure.Mark.Column
		if strings.Contains(message, "end of stream") && failure.ContextMark.Line > 0 {
			// A quote that is never closed: where it opens, not where the text ends.
			line, column = failure.ContextMark.Line, failure.ContextMark.Column
		}
	}
	return message, func(d *Document) source.Span { return d.pointAt(line, column) }
}

// pointAt returns the span of the word at a parser's position. Without a
// column it is the line's text; without a line the document's first line.
func (d *Document) pointAt(line, column int) source.Span {
	start := d.offset(max(line, 1), max(column, 1))
	end := start + lineLength(d.File.Data[start:d.text.End])
	word := bytes.TrimRight(d.File.Data[start:end], " \t\r\n")
	if column == 0 {
		start += len(word) - len(bytes.TrimLeft(word, " \t"))
		return source.Span{Start: start, End: start + len(bytes.TrimLeft(word, " \t"))}
	}
	if i := bytes.IndexAny(word, " \t"); i > 0 {
		word = word[:i]
	}
	return source.Span{Start: start, End: start + len(word)}
}

// invalidByte returns the offset of the first byte that no YAML text may hold
// (YAML 1.2 section 5.1), -1 if there is none.
func invalidByte(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7F {
			return i
		}
		i += size
	}
	return -1
}
