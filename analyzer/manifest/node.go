package manifest

import (
	"iter"
	"strconv"
)

// Resolve follows aliases. It returns nil for nil.
func Resolve(n *Node) *Node {
	for n != nil && n.Kind == AliasNode {
		n = n.alias
	}
	return n
}

// IsNull reports whether the node is absent or null. kubectl drops fields that
// are null before it sends an object, so the two are the same to Kubernetes.
func IsNull(n *Node) bool {
	n = Resolve(n)
	return n == nil || n.Kind == ScalarNode && n.Tag == NullTag
}

// IsMapping reports whether the node, with aliases followed, is a mapping.
func IsMapping(n *Node) bool {
	n = Resolve(n)
	return n != nil && n.Kind == MappingNode
}

// Entry is a key of a mapping with its value; the value has aliases followed,
// Value and Raw differ only then.
type Entry struct {
	Key, Value, Raw *Node
}

// Field returns the entry of a key. Of a key that stands twice the last one
// counts, as it does for kubectl; merge keys ("<<") supply what the mapping
// itself does not have. A missing key gives a zero Entry.
func Field(n *Node, key string) Entry {
	return field(n, key, maxMergeDepth)
}

// maxMergeDepth ends merge keys that lead back to themselves.
const maxMergeDepth = 16

func field(n *Node, key string, depth int) Entry {
	n = Resolve(n)
	if n == nil || n.Kind != MappingNode || depth == 0 {
		return Entry{}
	}
	for i := len(n.Content) - 2; i >= 0; i -= 2 {
		if k := &n.Content[i]; k.Value == key && k.Kind == ScalarNode {
			return Entry{k, Resolve(&n.Content[i+1]), &n.Content[i+1]}
		}
	}
	for source := range merged(n) {
		if e := field(source, key, depth-1); e.Key != nil {
			return e
		}
	}
	return Entry{}
}

// merged yields the mappings that the merge keys of n name.
func merged(n *Node) iter.Seq[*Node] {
	return func(yield func(*Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Tag != MergeTag {
				continue
			}
			source := Resolve(&n.Content[i+1])
			if source == nil || source.Kind != SequenceNode {
				if !yield(source) {
					return
				}
				continue
			}
			for _, s := range source.Children() {
				if !yield(Resolve(s)) {
					return
				}
			}
		}
	}
}

// Fields yields the entries of a mapping as Field would return them, each key
// once, in the order in which the keys stand. Null values are yielded too.
// Anything but a mapping has no entries.
func Fields(n *Node) iter.Seq2[string, Entry] {
	return func(yield func(string, Entry) bool) {
		n = Resolve(n)
		if n == nil || n.Kind != MappingNode {
			return
		}
		fields(n, map[string]bool{}, maxMergeDepth, yield)
	}
}

func fields(n *Node, seen map[string]bool, depth int, yield func(string, Entry) bool) bool {
	if n == nil || n.Kind != MappingNode || depth == 0 {
		return true
	}
	last := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := &n.Content[i]; k.Kind == ScalarNode && k.Tag != MergeTag {
			last[k.Value] = i
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		at, ok := last[key]
		if !ok || seen[key] || n.Content[i].Kind != ScalarNode || n.Content[i].Tag == MergeTag {
			continue
		}
		seen[key] = true
		if !yield(key, Entry{&n.Content[at], Resolve(&n.Content[at+1]), &n.Content[at+1]}) {
			return false
		}
	}
	for source := range merged(n) {
		if !fields(source, seen, depth-1, yield) {
			return false
		}
	}
	return true
}

// Items returns the elements of a sequence, aliases followed. Anything but a
// sequence has none.
func Items(n *Node) []*Node {
	n = Resolve(n)
	if n == nil || n.Kind != SequenceNode {
		return nil
	}
	items := make([]*Node, len(n.Content))
	for i, c := range n.Children() {
		items[i] = Resolve(c)
	}
	return items
}

// Get returns the value at a path of keys and, in sequences, decimal indices.
// It is nil where there is none or where it is null.
func Get(n *Node, path ...string) *Node {
	n = Resolve(n)
	for _, step := range path {
		n = child(n, step)
	}
	if IsNull(n) {
		return nil
	}
	return n
}

func child(n *Node, step string) *Node {
	if n == nil {
		return nil
	}
	if n.Kind == SequenceNode {
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return Resolve(&n.Content[i])
		}
		return nil
	}
	return Field(n, step).Value
}

// String returns the text of the scalar at a path, whatever its type; "" where
// there is no scalar.
func String(n *Node, path ...string) string {
	if n = Get(n, path...); n != nil && n.Kind == ScalarNode {
		return n.Value
	}
	return ""
}

// Int returns the integer at a path as kubectl reads it: YAML 1.1 octal ("010"
// is 8) and whole floats ("2.0") included. ok is false for anything else.
func Int(n *Node, path ...string) (value int, ok bool) {
	n = Get(n, path...)
	if n == nil || n.Kind != ScalarNode {
		return 0, false
	}
	switch n.Tag {
	case IntTag:
		if v, err := strconv.Atoi(n.Value); err == nil && strconv.Itoa(v) == n.Value {
			return v, true // without the cost of a decoder
		}
		var v int
		if err := n.Decode(&v); err == nil {
			return v, true
		}
	case FloatTag:
		var v float64
		if err := n.Decode(&v); err == nil && v == float64(int(v)) {
			return int(v), true
		}
	}
	return 0, false
}

// Bool returns whether the scalar at a path is true.
func Bool(n *Node, path ...string) bool {
	n = Get(n, path...)
	if n == nil || n.Kind != ScalarNode {
		return false
	}
	if n.Tag == BoolTag {
		value, _ := Boolean(n)
		return value
	}
	var v bool
	return n.Decode(&v) == nil && v
}

// StringMap returns the mapping at a path as labels and selectors are read: a
// null value makes its key vanish. It is nil where there is no mapping, and
// empty, not nil, for "{}".
func StringMap(n *Node, path ...string) map[string]string {
	n = Get(n, path...)
	if n == nil || n.Kind != MappingNode {
		return nil
	}
	m := make(map[string]string, len(n.Content)/2)
	for key, e := range Fields(n) {
		if !IsNull(e.Value) && e.Value.Kind == ScalarNode {
			m[key] = e.Value.Value
		}
	}
	return m
}

// maxValueNodes and maxValueDepth bound what Value builds, so that aliases
// inside aliases, or inside themselves, cannot blow up the memory.
const (
	maxValueNodes = 1 << 20
	maxValueDepth = 10_000 // deeper ones are refused by parsers of YAML and JSON
)

// Value converts a node to plain Go data as encoding/json would build it:
// map[string]any, []any, string, bool, nil, int or float64. ok is false when
// it was cut short, because aliases unfold to more than a million nodes or
// levels go deeper than ten thousand.
func Value(n *Node) (value any, ok bool) {
	budget := maxValueNodes
	value = convert(n, &budget, 0)
	return value, budget > 0
}

func convert(n *Node, budget *int, depth int) any {
	n = Resolve(n)
	if n == nil || *budget <= 0 {
		return nil
	}
	if *budget--; depth > maxValueDepth {
		*budget = 0
	}
	switch n.Kind {
	case MappingNode:
		m := make(map[string]any, len(n.Content)/2)
		for key, e := range Fields(n) {
			m[key] = convert(e.Value, budget, depth+1)
		}
		return m
	case SequenceNode:
		s := make([]any, len(n.Content))
		for i, c := range n.Children() {
			s[i] = convert(c, budget, depth+1)
		}
		return s
	}
	switch n.Tag {
	case NullTag:
		return nil
	case IntTag, FloatTag, BoolTag:
		var v any
		if n.Decode(&v) == nil {
			return v
		}
	}
	return n.Value
}

// IsPlain reports whether the node is a scalar that is not null.
func IsPlain(n *Node) bool {
	n = Resolve(n)
	return n != nil && n.Kind == ScalarNode && !IsNull(n)
}
