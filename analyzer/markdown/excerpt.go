package markdown

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// isExcerpt reports whether a document shows something else than a whole
// object, or an object that nobody could apply as it stands: what such a text
// lacks, or how it is written, says nothing.
func isExcerpt(d *manifest.Document) bool {
	text := d.File.Data[d.Span.Start:d.Span.End]
	switch {
	case ellipsis.Match(text), added.Match(text):
		return true
	case d.Role == manifest.Object:
		return !slices.ContainsFunc(d.Resources, isNamed)
	case d.Role == manifest.Broken:
		return !hasHead(text) || otherText.Match(text)
	}
	return true
}

// isNamed reports whether the object has a name that it could have in a
// cluster. The files of tools, such as kubeconfig, have none.
func isNamed(r *manifest.Resource) bool {
	if r.Name == "" {
		return r.Get("metadata", "generateName") != nil
	}
	return !capitals.MatchString(r.Name) && !capitals.MatchString(r.Namespace)
}

// hasHead reports whether a text that cannot be parsed is meant as an object:
// apiVersion and kind stand in its outermost mapping.
func hasHead(text []byte) bool {
	keys := map[string]bool{}
	for _, m := range headKey.FindAllSubmatch(text, -1) {
		if first := firstLine.FindSubmatch(text); bytes.Equal(m[1], first[1]) || bytes.Equal(first[2], []byte("{")) {
			keys[string(m[2])] = true
		}
	}
	return len(keys) == 2
}

var (
	headKey   = regexp.MustCompile(`(?m)^( *)"?(apiVersion|kind)"?\s*:`)
	firstLine = regexp.MustCompile(`(?m)^( *)([^\s#-])`)

	// ellipsis finds what stands for text that is left out: a value that is,
	// begins or ends with dots, a comment that begins with them or says so, and
	// lines of asterisks.
	ellipsis = regexp.MustCompile(`(?m)(^|[\s:,\[{(#"'/])(\.\.\.|…)|` +
		`^\s*(- +)?([\w./-]+: +)?["']?[^\s.#]+(\.\.\.|…)["']?,?\s*$|` +
		`#.*\b(omitted|truncated|snip)|^\s*\*{3,}\s*$`)

	// added finds the added lines of a difference.
	added = regexp.MustCompile(`(?m)^ *\+`)

	// otherText finds lines of a session, of a here-document, and of JSON with
	// comments.
	otherText = regexp.MustCompile(`(?m)^\s*([!>]|//|\$ |kubectl |cat |EOF$)`)

	// capitals matches names to be filled in, as YOUR_NAME: no name in
	// Kubernetes is written so.
	capitals = regexp.MustCompile(`^[A-Z][A-Z0-9]*([-_][A-Z0-9]+)*$`)
)
