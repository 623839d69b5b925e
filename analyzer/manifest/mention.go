package manifest

import (
	"regexp"
	"strings"
)

// mentioned finds what may be a field path: words joined by dots, with indices.
var mentioned = regexp.MustCompile(`[A-Za-z][\w-]*(?:\[\d+\])*(?:\.[A-Za-z][\w-]*(?:\[\d+\])*)+`)

// Mentioned returns the path of the first field of the resource that a text
// names, as spec.ports[0].name; nil if it names none. A path into what the
// object lacks is cut to what it has; one of a single step is none.
func (r *Resource) Mentioned(text string) []string { return Mentioned(r.Node, text) }

// Mentioned returns the path of the first field below a node that a text names,
// as Resource.Mentioned does; a nil node has none.
func Mentioned(n *Node, text string) []string {
	for _, match := range mentioned.FindAllString(text, -1) {
		match = strings.TrimPrefix(match, "object.")
		steps := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(match), ".")
		if known := Known(n, steps); len(known) > 1 {
			return known
		}
	}
	return nil
}

// Known returns as much of a path as leads to a value below a node, nil for
// nothing.
func Known(n *Node, path []string) []string {
	for i := range path {
		if n = Get(n, path[i]); n == nil {
			return path[:i:i]
		}
	}
	return path
}
