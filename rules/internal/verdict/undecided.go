package verdict

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// OpenValue is the topic of what is not judged because of a placeholder.
const OpenValue = "objects: a value is still to be filled in"

// Undecided reports whether a refusal follows from a placeholder, so that the
// server may say nothing once that is replaced. It looks at the object alone:
// what the server says may hold any character (a percentage, "<=").
func Undecided(r *manifest.Resource, f apiserver.Refusal) bool {
	if slices.ContainsFunc(f.Path, manifest.IsPlaceholder) {
		return true
	}
	if f.Family == apiserver.UnknownField {
		return false // whatever its value is
	}
	n := r.Get(f.Path...)
	switch {
	case rendersEmpty(r, f.Path):
		return true
	case n == nil:
		return missingForPlaceholder(r, f.Path) || r.QuotesPlaceholder(f.Message)
	case n.Kind == manifest.ScalarNode && (standsIn(n.Value, f) || namesField(n.Value, f.Path)):
		return true
	case isBracedName(n):
		return true
	}
	kind, _, _ := strings.Cut(f.Message, ": ")
	if f.Family == apiserver.Invalid && kind != "Forbidden" && kind != "Duplicate value" && manifest.HoldsPlaceholder(n) {
		return true
	}
	return r.QuotesPlaceholder(f.Message)
}

// capitals finds in what the server says of a format that capitals are allowed,
// as in the values of labels, the names of variables and the keys of ConfigMaps:
// then they are not what is wrong.
var capitals = regexp.MustCompile(`A-Z|printable ASCII`)

// standsIn reports whether a value that the server refuses is no value yet. An
// author who writes one of a few words in capitals means that word.
func standsIn(value string, f apiserver.Refusal) bool {
	var words []string
	if f.Cause == apiserver.OneOf {
		words = f.Args
	}
	same := func(word string) bool { return strings.EqualFold(lettersOf(word), lettersOf(value)) }
	return manifest.IsPlaceholder(value) || manifest.IsStandIn(value) && !capitals.MatchString(f.Message) && !slices.ContainsFunc(words, same)
}

// namesField reports whether a value is the name of its own field in capitals.
func namesField(value string, path []string) bool {
	return strings.ToUpper(value) == value && strings.EqualFold(lettersOf(value), path[len(path)-1])
}

// lettersOf leaves out what separates the words of a text.
func lettersOf(s string) string { return strings.NewReplacer("_", "", "-", "", " ", "").Replace(s) }

// missingForPlaceholder reports whether a value that is missing may come from a
// placeholder: a key of what holds it, or all of that.
func missingForPlaceholder(r *manifest.Resource, path []string) bool {
	for len(path) > 0 {
		path = path[:len(path)-1]
		n := r.Get(path...)
		if n == nil {
			continue
		}
		if n.Kind == manifest.ScalarNode {
			return manifest.IsPlaceholder(n.Value)
		}
		for key := range manifest.Fields(n) {
			if manifest.IsPlaceholder(key) {
				return true
			}
		}
		return false
	}
	return false
}

// rendersEmpty reports whether a value is empty because an action of a chart's
// template came out empty: whoever installs the chart sets what it prints.
func rendersEmpty(r *manifest.Resource, path []string) bool {
	if len(path) == 0 {
		return false
	}
	last := len(path) - 1
	e := manifest.Field(r.Get(path[:last]...), path[last])
	if e.Key == nil || !manifest.IsNull(e.Raw) && (e.Raw.Kind != manifest.ScalarNode || e.Raw.Value != "") {
		return false
	}
	at := r.KeyLocation(path...)
	if at.IsZero() {
		return false
	}
	line := at.File.Line(at.Start().Line)
	return bytes.Contains(at.File.Data[line.Start:line.End], []byte("{{"))
}

// isBracedName reports whether a node is {NAME}, which YAML reads as a mapping
// with a null.
func isBracedName(n *manifest.Node) bool {
	return len(n.Content) == 2 && n.Style&manifest.FlowStyle != 0 && manifest.IsNull(&n.Content[1]) &&
		strings.ToUpper(n.Content[0].Value) == n.Content[0].Value
}
