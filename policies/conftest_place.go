package policies

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// placing finds the place that a message is about: what the message object says
// or else what its text names, first the resource and then the field.
type placing struct {
	message
	document
	fields map[string]bool
}

func (p placing) place(f *analyzer.Finding) {
	words := wordsOf(p.text)
	f.Resource = p.resource(words)
	if file, line, ok := p.loc(); ok {
		if r := p.standing(file, line, f.Resource); r != nil {
			f.Resource = r
			f.Location = source.Location{File: r.File(), Span: trimmed(r.File(), line)}
			return
		}
		f.Notes = append(f.Notes, fmt.Sprintf("The policy names line %d of %s.", line, file))
	}
	f.Path = p.field(f.Resource, words)
	f.Location = place(f.Resource, f.Path)
}

// loc reads "_loc", {"file", "line"}, with which policies of conftest name a
// place (output/result.go, parseLocation).
func (p placing) loc() (file string, line int, ok bool) {
	object, isObject := p.get("_loc").(ast.Object)
	if !isObject {
		return "", 0, false
	}
	loc := message{object: object}
	name, _ := loc.get("file").(ast.String)
	number, _ := loc.get("line").(ast.Number)
	line, ok = number.Int()
	return string(name), line, ok
}

// standing returns the resource whose text holds the line of the file, nil if
// there is none. No file is that of the resource at fault.
func (p placing) standing(file string, line int, at *manifest.Resource) *manifest.Resource {
	if file == "" {
		file = at.File().Path
	}
	for _, r := range slices.Backward(p.resources) {
		if r.Origin != nil || r.File().Path != file || line < 1 || line > r.File().Lines() {
			continue
		}
		if r.File().Position(r.Document.SpanOf(r.Node).Start).Line <= line {
			return r
		}
	}
	return nil
}

// trimmed is a line without the space around it.
func trimmed(f *source.File, line int) source.Span {
	span := f.Line(line)
	text := string(f.Data[span.Start:span.End])
	start := span.Start + len(text) - len(strings.TrimLeft(text, " \t"))
	return source.Span{Start: start, End: max(start, span.Start+len(strings.TrimRight(text, " \t\r\n")))}
}

// resource returns the one of the document that the text names best: by kind
// and name, or by name. If it names none, the first one stands for all.
func (p placing) resource(words []string) *manifest.Resource {
	best, most := p.resources[0], 0
	for _, r := range p.resources {
		says := 0
		if r.Name != "" && slices.Contains(words, r.Name) {
			says = 2
			if slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, r.Kind) }) {
				says = 3
			}
		}
		if says > most {
			best, most = r, says
		}
	}
	return best
}

// pathKeys are where message objects say which field they mean.
var pathKeys = []string{"path", "field", "location"}

// field returns the path of the field at fault: what the message object says,
// else a path in the text, a value that the object has once, or a field that it
// has once and that the policy looks at. nil is the object as a whole.
func (p placing) field(r *manifest.Resource, words []string) []string {
	for _, key := range pathKeys {
		if path := manifest.Known(r.Node, p.path(key)); len(path) > 0 {
			return path
		}
	}
	var best []string
	for _, word := range words {
		if path := splitPath(word); len(path) > 1 {
			if path = manifest.Known(r.Node, path); len(path) > len(best) {
				best = path
			}
		}
	}
	if best != nil {
		return best
	}
	return p.mentioned(r, words)
}

// path reads a path as a text or an array, nil if it is neither.
func (p placing) path(key string) []string {
	switch v := p.get(key).(type) {
	case ast.String:
		return splitPath(string(v))
	case *ast.Array:
		path, err := pathOf(v)
		if err == nil {
			return path
		}
	}
	return nil
}

// splitPath reads "spec.ports[0].name", "$.spec", `labels["a.b/c"]` and
// "/spec/ports/0".
func splitPath(text string) []string {
	if strings.HasPrefix(text, "/") {
		path := strings.Split(text[1:], "/")
		for i, step := range path {
			path[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		}
		return path
	}
	var path []string
	for _, step := range steps.FindAllStringSubmatch(strings.TrimPrefix(text, "$"), -1) {
		path = append(path, cmp.Or(step[1:]...))
	}
	return path
}

// steps finds a key in quotes and brackets, an index or a key in brackets, or a
// key.
var steps = regexp.MustCompile(`\["([^"]*)"\]|\['([^']*)'\]|\[([^\[\]]+)\]|([^.\[\]]+)`)

// mentioned looks for the one value, or the one field that the policy looks at,
// that the text names. What names the object itself is no field.
func (p placing) mentioned(r *manifest.Resource, words []string) []string {
	values, keys := map[string][][]string{}, map[string][][]string{}
	left := maxLooked
	walk(r.Node, nil, &left, func(path []string, n *manifest.Node) {
		if last := path[len(path)-1]; p.fields[last] {
			keys[last] = append(keys[last], path)
		}
		if n.Kind == manifest.ScalarNode {
			values[n.Value] = append(values[n.Value], path)
		}
	})
	own := []string{r.Name, r.Namespace, r.Kind, r.APIVersion, ""}
	for _, found := range []map[string][][]string{values, keys} {
		for _, word := range words {
			if paths := found[word]; len(paths) == 1 && !slices.Contains(own, word) && !isNumber(word) && !isIdentity(paths[0]) {
				return paths[0]
			}
		}
	}
	return nil
}

func isNumber(word string) bool { _, err := strconv.ParseFloat(word, 64); return err == nil }

// isIdentity reports whether a path leads to what every object has.
func isIdentity(path []string) bool {
	return len(path) == 1 && path[0] != "spec" || slices.Contains([]string{"metadata.name", "metadata.namespace"}, strings.Join(path, "."))
}

// maxLooked is at how many fields and items of an object a message is held:
// more than objects have, unless aliases unfold in them.
const maxLooked = 10_000

// walk calls f for each field and item below a node, as many as are left.
func walk(n *manifest.Node, path []string, left *int, f func(path []string, n *manifest.Node)) {
	visit := func(step string, value *manifest.Node) {
		if value = manifest.Resolve(value); value != nil && *left > 0 {
			*left--
			below := append(slices.Clone(path), step)
			f(below, value)
			walk(value, below, left, f)
		}
	}
	if n.Kind == manifest.SequenceNode {
		for i, item := range n.Children() {
			visit(strconv.Itoa(i), item)
		}
		return
	}
	for key, e := range manifest.Fields(n) {
		visit(key, e.Value)
	}
}

// wordsOf returns the words of a text without the punctuation around them.
func wordsOf(text string) []string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("'`,;()<>=", r) })
	for i, w := range words {
		words[i] = strings.Trim(w, `".:!?`)
	}
	return words
}
