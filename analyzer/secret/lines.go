package secret

import (
	"slices"
	"strings"
)

// identity are the keys of an object or a patch that say what it is.
var identity = []string{"apiVersion", "kind", "metadata", "name", "namespace", "type", "op", "path", "target"}

// Lines returns the values of a text that defines a Secret or lists variables for
// one, "key: value" and "KEY=value": of each line that does not say which object
// it is of, the line and what stands behind its key.
func Lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		i := strings.IndexAny(line, ":=")
		if i < 0 {
			all = append(all, line)
			continue
		}
		if value := strings.Trim(line[i+1:], decoration); value != "" && !slices.Contains(identity, strings.Trim(line[:i], " -\"'")) {
			all = append(all, line, value)
		}
	}
	return all
}
