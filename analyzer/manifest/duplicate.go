package manifest

import (
	"fmt"
	"strconv"
	"strings"
)

// NoteDuplicates notes the keys that a document defines twice which was parsed
// and holds no object. Those of objects are noted when they are parsed.
func (d *Document) NoteDuplicates() {
	if d.Root != nil && d.Role != Object {
		d.findDuplicates(d.Root, nil)
	}
}

// findDuplicates reports keys that stand twice in one mapping. kubectl takes
// the last one without a word.
func (d *Document) findDuplicates(n *Node, path []string) {
	switch n.Kind {
	case SequenceNode:
		for i, c := range n.Children() {
			d.findDuplicates(c, append(path, strconv.Itoa(i)))
		}
	case MappingNode:
		first := duplicates(n)
		again := map[int]bool{} // places that a later one repeats
		for _, before := range first {
			again[before] = true
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := &n.Content[i], &n.Content[i+1]
			if before, ok := first[i]; ok {
				d.Problems = append(d.Problems, Problem{
					Kind:     DuplicateKey,
					Message:  fmt.Sprintf("key %q stands twice in one mapping", key.Value),
					Span:     d.SpanOf(key),
					Path:     append(append([]string(nil), path...), key.Value),
					First:    d.Location(&n.Content[before]),
					Last:     !again[i],
					Same:     Equal(&n.Content[before+1], value),
					Resource: d.resourceAt(path),
				})
			}
			if len(value.Content) > 0 {
				d.findDuplicates(value, append(path, key.Value))
			}
		}
	}
}

// duplicates maps the index of each repeated key of a mapping to that of the
// key's place before; nil when there is none.
func duplicates(n *Node) map[int]int {
	const few = 16 // below, comparing all pairs beats a map
	var found map[int]int
	note := func(i, before int) {
		if found == nil {
			found = map[int]int{}
		}
		found[i] = before
	}
	if len(n.Content) <= 2*few {
		for i := 2; i < len(n.Content); i += 2 {
			for j := i - 2; j >= 0; j -= 2 {
				if n.Content[i].Value == n.Content[j].Value && n.Content[i].Tag != MergeTag && n.Content[i].Kind == ScalarNode && n.Content[j].Kind == ScalarNode {
					note(i, j)
					break
				}
			}
		}
		return found
	}
	last := make(map[string]int, len(n.Content)/2)
	for i := 0; i < len(n.Content); i += 2 {
		if k := &n.Content[i]; k.Kind == ScalarNode && k.Tag != MergeTag {
			if before, ok := last[k.Value]; ok {
				note(i, before)
			}
			last[k.Value] = i
		}
	}
	return found
}

// Equal reports whether two nodes are written with the same data, in the same
// order.
func Equal(a, b *Node) bool {
	if a.Kind != b.Kind || a.Value != b.Value || a.Tag != b.Tag || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !Equal(&a.Content[i], &b.Content[i]) {
			return false
		}
	}
	return true
}

// resourceAt returns the resource that holds a path of the document.
func (d *Document) resourceAt(path []string) *Resource {
	for _, r := range d.Resources {
		if len(r.Path) <= len(path) && strings.Join(path[:len(r.Path)], "\x00") == strings.Join(r.Path, "\x00") {
			return r
		}
	}
	return nil
}
