package secret

import (
	"regexp"
	"strings"
)

var (
	// entry finds the keys of "key: value", "KEY=value" and, with quotes as JSON
	// has them, escaped or not, "key":"value".
	entry = regexp.MustCompile(`([\w.-]+)(\\?["']\s*:\s*|\s*:\s+|\s*:?=\s*)`)

	// argument finds flags with the argument behind them: --password x.
	argument = regexp.MustCompile(`(?:^|[\s"'\[,])(--?[\w-]+)(["']?\s*,\s*|["']?\s+)`)

	// decoration is what stands around a value on its line.
	decoration = " \t\r\n\"'\\,}]"
)

// Value is a secret that stands in a text.
type Value struct {
	Start int // of the value in the text, in bytes
	Text  string
}

// InText returns the secrets of a text that stand behind a name, "password: x",
// "--token=x", "--password x", or have the shape of one. Each ends with the word,
// and once more with the line.
func InText(text string) []Value {
	var all []Value
	for _, at := range spans(text) {
		all = append(all, Value{at[0], text[at[0]:at[1]]})
	}
	for _, m := range entry.FindAllStringSubmatchIndex(text, -1) {
		all = appendHeld(all, text, m[2:4], m[1])
	}
	for _, m := range argument.FindAllStringSubmatchIndex(text, -1) {
		if Flag(text[m[2]:m[3]]) && !strings.HasPrefix(text[m[1]:], "-") {
			all = appendHeld(all, text, m[2:4], m[1])
		}
	}
	return all
}

// appendHeld appends the value at a place, if it is a secret behind the name.
func appendHeld(all []Value, text string, name []int, at int) []Value {
	line, _, _ := strings.Cut(text[at:], "\n")
	skipped := len(line) - len(strings.TrimLeft(line, "\\\"'"))
	value := line[skipped:]
	if value == "" || value[0] == '#' && skipped == 0 {
		return all
	}
	first := value
	if i := strings.IndexAny(value, " \t\"'\\,;&}"); i >= 0 {
		first = value[:i]
	}
	key := text[name[0]:name[1]]
	if !Held(key, first) || isReference(value) || strings.HasPrefix(value, "{") && !Named(key) || strings.HasPrefix(value, "[") && !Named(key) {
		return all
	}
	if first != "" {
		all = append(all, Value{at, first})
	}
	return append(all, Value{at, strings.Trim(value, decoration)})
}
