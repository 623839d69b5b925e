// Package quantity keeps quantities that cannot be computed with away from the
// code of Kubernetes. That expands the power of ten of an exponent before it
// looks at the bounds (k8s.io/apimachinery pkg/api/resource ParseQuantity), so
// 1e999999999 takes all memory and does not end. It imports nothing of kubeknot.
package quantity

import "regexp"

// MaxExponentDigits bounds the exponents that are handed to Kubernetes. The
// largest quantity of all is below 10^19, and exponents of four digits are
// expanded at once.
const MaxExponentDigits = 4

var (
	exponent = regexp.MustCompile(`[0-9.][eE][+-]?0*[1-9][0-9]{4}`)
	whole    = regexp.MustCompile(`^[+-]?[0-9.]+[eE][+-]?0*[1-9][0-9]{4,}$`)
)

// Absurd reports whether a text is a quantity with an exponent of more than
// MaxExponentDigits digits. No such text may reach ParseQuantity.
func Absurd(text string) bool { return whole.MatchString(text) }

// Expands reports whether a text holds a number with such an exponent, whatever
// unit stands behind it.
func Expands(text string) bool { return exponent.MatchString(text) }

// MayHold reports whether a larger text, as the JSON of an object, may hold a
// value that is Absurd. It is false for nearly all texts and cheap; the hash of a
// commit may make it true.
func MayHold(text []byte) bool { return exponent.Match(text) }
