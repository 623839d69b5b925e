package helm

import (
	"fmt"
	"strings"

	"github.com/Masterminds/sprig/v3"
)

// maxText is how much one call of a function may make by a number alone, in
// bytes. Go ends the process where so much memory is not to be had.
const maxText = 64 << 20

// tooMuch ends the error of a function that would make more. Helm passes errors
// on as text.
var tooMuch = fmt.Sprintf("makes more than %d MiB", maxText>>20)

// padding are the functions that make as many copies of a text, or of blanks, as
// a number says, by how many bytes one copy is.
var padding = map[string]func(text string) int{
	"repeat":  func(text string) int { return len(text) },
	"indent":  func(text string) int { return 1 + strings.Count(text, "\n") },
	"nindent": func(text string) int { return 1 + strings.Count(text, "\n") },
}

// bounded returns the functions of templates that make as much as a number says,
// each within maxText, and otherwise as sprig has them.
func bounded() map[string]any {
	all := map[string]any{}
	for name, f := range sprig.TxtFuncMap() {
		switch f := f.(type) {
		case func(int, string) string:
			if size := padding[name]; size != nil {
				all[name] = func(count int, text string) (string, error) {
					return within(name, count, size(text), func() (string, error) { return f(count, text), nil })
				}
			}
		case func(int) string: // randAlpha and those like it
			all[name] = func(count int) (string, error) {
				return within(name, count, 1, func() (string, error) { return f(count), nil })
			}
		case func(int) (string, error): // randBytes
			all[name] = func(count int) (string, error) {
				return within(name, count, 1, func() (string, error) { return f(count) })
			}
		case func(int) []int: // until
			all[name] = func(count int) ([]int, error) {
				return within(name, count, 8, func() ([]int, error) { return f(count), nil })
			}
		}
	}
	return all
}

// within calls a function unless what it would make is larger than maxText.
func within[T any](name string, count, size int, call func() (T, error)) (T, error) {
	if count > 0 && size > 0 && count > maxText/size {
		var none T
		return none, fmt.Errorf("%s %s", name, tooMuch)
	}
	return call()
}
