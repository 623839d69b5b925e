package secret

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// address finds URLs without credentials and query. What stands in a long
	// segment may be a key.
	address = regexp.MustCompile(`^[a-z][a-z0-9+.-]*://[\w.-]+(:\d+)?(/[\w.~-]{0,24})*$`)

	// segment finds what the parts of a path look like: short, or words.
	segment = regexp.MustCompile(`^([\w.@-]{1,20}|[a-z]+([._-][a-z]+)*)$`)

	// reference finds what is replaced by another value: "$(NAME)", "${NAME}",
	// "{{ .Values.name }}".
	reference = regexp.MustCompile(`^(\$\([\w.-]+\)|\$?\$\{[\w.-]+\}|\{\{-? *[$.\w]+ *(\| *quote *)?-?\}\})`)

	// objectName finds names of objects and keys: words, numbered at most.
	objectName = regexp.MustCompile(`^[a-z]+([._/-]([a-z]+|v?\d))*$`)
)

// Plausible reports whether the value behind the name of a secret can be one.
// Paths, addresses, references, truth values and nothing at all are none:
// GOOGLE_APPLICATION_CREDENTIALS holds a path.
func Plausible(value string) bool {
	value = strings.TrimSpace(value)
	switch strings.ToLower(value) {
	case "", "true", "false", "yes", "no", "on", "off", "null", "~", "none", "{}", "[]", `""`, "''":
		return false
	}
	return !isPath(value) && !address.MatchString(value) && !isReference(value)
}

// isReference reports whether a value is replaced by another one as a whole.
func isReference(value string) bool {
	m := reference.FindString(value)
	return m != "" && strings.Trim(value[len(m):], decoration) == ""
}

// isPath reports whether a value is the path of a file: absolute, or relative
// to where it is read.
func isPath(value string) bool {
	rest, found := strings.CutPrefix(strings.TrimLeft(value, ".~"), "/")
	if !found || !strings.Contains(rest, "/") && !strings.Contains(rest, ".") {
		return false
	}
	return !slices.ContainsFunc(strings.Split(strings.TrimSuffix(rest, "/"), "/"), func(s string) bool { return !segment.MatchString(s) })
}

// isName reports whether a value is the name of an object or of a key.
func isName(value string) bool { return objectName.MatchString(strings.TrimSpace(value)) }
