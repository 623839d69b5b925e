package apiserver

import (
	"regexp"
	"strings"
)

// compilation is how CEL says what is wrong with an expression: with a place,
// and the expression and a mark below.
var compilation = regexp.MustCompile(`compilation failed: ERROR: <input>:(\d+:\d+): ([^\n]*)(?:\n \|[^\n]*)*(?:\nERROR: [^\n]*(?:\n \|[^\n]*)*)*`)

// withoutExcerpt takes from what CEL says of an expression the copies of it, and
// all but the first fault, from which the others mostly follow. found is false
// if it says nothing of the kind.
func withoutExcerpt(message string) (short string, found bool) {
	if !compilation.MatchString(message) {
		return message, false
	}
	return strings.TrimSpace(compilation.ReplaceAllString(message, "it does not compile at $1: $2")), true
}
