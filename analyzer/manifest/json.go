package manifest

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends a node as the JSON that kubectl makes of it before it
// sends it: aliases and merge keys are resolved, of a key that stands twice the
// last value counts, and scalars have the types of YAML 1.1, where y, on and no
// are booleans (sigs.k8s.io/yaml YAMLToJSON). ok is false when it was cut
// short, as with Value.
func AppendJSON(b []byte, n *Node) (data []byte, ok bool) {
	e := encoder{budget: maxValueNodes}
	b = e.append(b, n, 0)
	return b, e.budget > 0
}

type encoder struct{ budget int }

func (e *encoder) append(b []byte, n *Node, depth int) []byte {
	n = Resolve(n)
	if e.budget--; depth > maxValueDepth {
		e.budget = 0
	}
	if n == nil || e.budget <= 0 {
		return append(b, "null"...)
	}
	switch n.Kind {
	case MappingNode:
		return e.mapping(b, n, depth)
	case SequenceNode:
		b = append(b, '[')
		for i, c := range n.Children() {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.append(b, c, depth+1)
		}
		return append(b, ']')
	}
	return appendScalar(b, n)
}

func (e *encoder) mapping(b []byte, n *Node, depth int) []byte {
	b = append(b, '{')
	first := true
	add := func(key string, value *Node) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendString(b, key), ':')
		b = e.append(b, value, depth+1)
	}
	if isPlain(n) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			add(keyText(&n.Content[i]), &n.Content[i+1])
		}
		return append(b, '}')
	}
	for _, entry := range Fields(n) {
		add(keyText(entry.Key), entry.Value)
	}
	return append(b, '}')
}

// keyText returns a key as kubectl sends it: JSON has strings alone for keys,
// so "on" is "true" and 010 is "8" (sigs.k8s.io/yaml convertToJSONableObject).
func keyText(n *Node) string {
	if n.Value == "" || n.Style != 0 || strings.IndexByte("yYnNoOtTfF.+-0123456789", n.Value[0]) < 0 {
		return n.Value
	}
	switch n.Tag {
	case IntTag:
		var v int
		if n.Decode(&v) == nil {
			return strconv.Itoa(v)
		}
	case FloatTag:
		var v float64
		if n.Decode(&v) == nil {
			return floatKeys.Replace(strconv.FormatFloat(v, 'g', -1, 32))
		}
	}
	if value, ok := Boolean(n); ok {
		return strconv.FormatBool(value)
	}
	return n.Value
}

var floatKeys = strings.NewReplacer("+Inf", ".inf", "-Inf", "-.inf", "NaN", ".nan")

// isPlain reports whether a mapping has neither merge keys nor repeated ones,
// so that its entries can be taken as they stand.
func isPlain(n *Node) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if k := &n.Content[i]; k.Tag == MergeTag || k.Kind != ScalarNode {
			return false
		}
	}
	return duplicates(n) == nil
}

func appendScalar(b []byte, n *Node) []byte {
	switch n.Tag {
	case NullTag:
		return append(b, "null"...)
	case IntTag:
		if v, err := strconv.ParseInt(n.Value, 10, 64); err == nil && isDecimal(n.Value) {
			return strconv.AppendInt(b, v, 10)
		}
		return appendNumber(b, n)
	case FloatTag:
		return appendNumber(b, n)
	case BinaryTag:
		var v string
		if n.Decode(&v) == nil {
			return appendString(b, v)
		}
	}
	if value, ok := Boolean(n); ok {
		return strconv.AppendBool(b, value)
	}
	return appendString(b, n.Value)
}

// isDecimal reports whether digits are read as they stand: "010" is octal and
// "+1" is written without its sign.
func isDecimal(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits[0] != '+' && (digits[0] != '0' || s == "0")
}

// appendNumber appends numbers that are not written as JSON writes them.
func appendNumber(b []byte, n *Node) []byte {
	var v any
	if n.Decode(&v) != nil {
		return appendString(b, n.Value)
	}
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return appendString(b, n.Value)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return appendString(b, n.Value)
	}
	return append(b, data...)
}

// Boolean returns the value of what is a boolean to YAML 1.1; much of it is a
// string to YAML 1.2.
func Boolean(n *Node) (value, ok bool) {
	if n.Tag == BoolTag {
		return strings.HasPrefix(n.Value, "t") || strings.HasPrefix(n.Value, "T"), true
	}
	if n.Style&(DoubleQuotedStyle|SingleQuotedStyle|LiteralStyle|FoldedStyle|TaggedStyle) != 0 {
		return false, false
	}
	switch n.Value {
	case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON":
		return true, true
	case "n", "N", "no", "No", "NO", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

// appendString appends a JSON string. What needs no escape, nearly all of it,
// is copied.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			data, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, data...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
