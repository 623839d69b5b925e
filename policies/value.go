package policies

import (
	"fmt"
	"math"
	"strconv"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// maxValues and maxDepth bound what one object is converted to, so that
// aliases inside aliases, or inside themselves, cannot blow up the memory. They
// are the bounds of manifest.Value.
const (
	maxValues = 1 << 20
	maxDepth  = 1 << 10
)

// converter makes Rego values straight from YAML nodes. It is not safe for
// concurrent use; what it makes is, as long as nobody changes it.
type converter struct {
	// known are the strings met so far. Keys, and many values, are the same in
	// all objects of a kind.
	known map[string]*word
	// mappings numbers the mappings, see word.mapping.
	mappings int
	// left is how many values the object may still have.
	left int
}

// word is a string with the number of the last mapping in which it was a key.
type word struct {
	*ast.Term
	mapping int
}

func newConverter() *converter {
	return &converter{known: map[string]*word{}}
}

// converters are between two uses: a tree of many small units has the same keys
// in all of them.
var converters = sync.Pool{New: func() any { return newConverter() }}

// maxKnown bounds what a converter that is put back remembers.
const maxKnown = 1 << 12

func (c *converter) release() {
	if len(c.known) <= maxKnown {
		converters.Put(c)
	}
}

// object converts a resource. It fails if the resource is larger than any that
// the API server takes.
func (c *converter) object(r *manifest.Resource) (*ast.Term, error) {
	c.left = maxValues
	term := c.value(r.Node, 0)
	if c.left <= 0 {
		at := r.Location()
		return nil, fmt.Errorf("%s:%d: %s is too large: its aliases unfold to more than %d values or %d levels",
			at.File.Path, at.Start().Line, r, maxValues, maxDepth)
	}
	if r.IsSecret() {
		return hide(term), nil
	}
	return term, nil
}

// sharedKey is the key of what sharedObject makes of a resource.
var sharedKey memo.Key[func() (*ast.Term, error)]

// sharedObject is object for a resource of the context, which many units lean
// on: what it is converted to is kept with it.
func (c *converter) sharedObject(r *manifest.Resource) (*ast.Term, error) {
	return sharedKey.Of(r, func() func() (*ast.Term, error) {
		term, err := c.object(r)
		return func() (*ast.Term, error) { return term, err }
	})()
}

// value converts a node; nil and what lies beyond the bounds are null.
func (c *converter) value(n *manifest.Node, depth int) *ast.Term {
	n = manifest.Resolve(n)
	if n == nil || c.left <= 0 {
		return ast.InternedNullTerm
	}
	if c.left--; depth > maxDepth {
		c.left = 0
	}
	switch n.Kind {
	case manifest.MappingNode:
		return c.mapping(n, depth+1)
	case manifest.SequenceNode:
		terms := make([]*ast.Term, len(n.Content))
		for i, item := range n.Children() {
			terms[i] = c.value(item, depth+1)
		}
		return ast.ArrayTerm(terms...)
	}
	return c.scalar(n)
}

// mapping converts a mapping whose keys are all its own and stand once. Others
// are rare and left to overlaid.
func (c *converter) mapping(n *manifest.Node, depth int) *ast.Term {
	c.mappings++
	number := c.mappings
	pairs := make([][2]*ast.Term, len(n.Content)/2)
	for i := range pairs {
		key := &n.Content[2*i]
		if key.Kind != manifest.ScalarNode || key.Tag == manifest.MergeTag {
			return c.overlaid(n, depth)
		}
		k := c.word(key.Value)
		if k.mapping == number {
			return c.overlaid(n, depth)
		}
		k.mapping = number
		pairs[i][0] = k.Term
	}
	for i := range pairs {
		pairs[i][1] = c.value(&n.Content[2*i+1], depth)
	}
	return ast.ObjectTerm(pairs...)
}

// overlaid converts a mapping in which keys are repeated or merged in.
func (c *converter) overlaid(n *manifest.Node, depth int) *ast.Term {
	object := ast.NewObjectWithCapacity(len(n.Content) / 2)
	for key, e := range manifest.Fields(n) {
		object.Insert(c.string(key), c.value(e.Value, depth))
	}
	return ast.NewTerm(object)
}

// scalar converts a scalar. Numbers are what kubectl takes them for: "010" is
// 8, "1_000" is 1000, and "yes" is true. Infinity and what is no number have none in JSON and stay
// as they are written.
func (c *converter) scalar(n *manifest.Node) *ast.Term {
	switch n.Tag {
	case manifest.NullTag:
		return ast.InternedNullTerm
	case manifest.IntTag:
		if i, err := strconv.Atoi(n.Value); err == nil && strconv.Itoa(i) == n.Value {
			return ast.IntNumberTerm(i)
		}
		fallthrough
	case manifest.FloatTag, manifest.BoolTag:
		if term := decoded(n); term != nil {
			return term
		}
	}
	if value, ok := manifest.Boolean(n); ok {
		return ast.BooleanTerm(value)
	}
	return c.string(n.Value)
}

// decoded returns the number or truth value of a scalar, nil if JSON has none
// such.
func decoded(n *manifest.Node) *ast.Term {
	var v any
	if n.Decode(&v) != nil {
		return nil
	}
	switch v := v.(type) {
	case bool:
		return ast.BooleanTerm(v)
	case int:
		return ast.IntNumberTerm(v)
	case uint64:
		return ast.UIntNumberTerm(v)
	case float64:
		if !math.IsInf(v, 0) && !math.IsNaN(v) {
			return ast.FloatNumberTerm(v)
		}
	}
	return nil
}

// maxWord is the length up to which a value is remembered: longer ones are
// hardly ever met again.
const maxWord = 64

// string returns the term of a string.
func (c *converter) string(s string) *ast.Term {
	if len(s) > maxWord {
		return ast.StringTerm(s)
	}
	return c.word(s).Term
}

func (c *converter) word(s string) *word {
	t := c.known[s]
	if t == nil {
		t = &word{Term: ast.StringTerm(s)}
		c.known[s] = t
	}
	return t
}
