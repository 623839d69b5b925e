package manifest

import (
	"iter"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// Node is a mapping, a sequence, a scalar or an alias of a document, with its
// place. It is what is kept of the parser's node, in a third of the memory,
// because the nodes of a whole tree of manifests are alive at once. Nobody
// changes it once it is made.
type Node struct {
	// Value is the text of a scalar, unescaped, and the name of an alias.
	Value string
	// Content holds the elements of a sequence, and the keys and values of a
	// mapping in turn. Scalars and aliases have none.
	Content []Node
	// alias is what an alias stands for, see Resolve.
	alias *Node
	// Line and Column are where the parser saw the node, both from 1, in lines
	// of the document and code points; Document.SpanOf makes bytes of them.
	Line, Column int32
	Kind         Kind
	Tag          Tag
	Style        Style
}

// Kind is what a node is.
type Kind uint8

// The kinds of nodes. That of the zero Node is none of them.
const (
	MappingNode Kind = iota + 1
	SequenceNode
	ScalarNode
	AliasNode
)

// Tag is the type of a node, as the YAML says it or as YAML 1.2 resolves it.
type Tag uint8

// The tags that Kubernetes' objects can have; OtherTag is any other one.
const (
	OtherTag Tag = iota
	StringTag
	IntTag
	FloatTag
	BoolTag
	NullTag
	BinaryTag
	TimestampTag
	MapTag
	SeqTag
	MergeTag
)

var tagNames = [...]string{
	"", yaml.NodeTagString, yaml.NodeTagInt, yaml.NodeTagFloat, yaml.NodeTagBool, yaml.NodeTagNull,
	"!!binary", "!!timestamp", yaml.NodeTagMap, yaml.NodeTagSeq, yaml.MergeTag,
}

// String returns the short form of a tag ("!!str"), "" for OtherTag.
func (t Tag) String() string { return tagNames[t] }

// Style says how a node is written. Zero is a plain scalar or a block.
type Style uint8

// The styles; several can hold at once. All but the last are those of kyaml's
// parser, bit by bit.
const (
	TaggedStyle Style = 1 << iota
	DoubleQuotedStyle
	SingleQuotedStyle
	LiteralStyle
	FoldedStyle
	FlowStyle
	AnchoredStyle // has an anchor
)

// Children yields the indices of Content, and pointers to what stands there.
func (n *Node) Children() iter.Seq2[int, *Node] {
	return func(yield func(int, *Node) bool) {
		for i := range n.Content {
			if !yield(i, &n.Content[i]) {
				return
			}
		}
	}
}

// Decode reads a scalar into a Go value, as kyaml reads it.
func (n *Node) Decode(into any) error {
	y := yaml.Node{Kind: yaml.ScalarNode, Tag: n.Tag.String(), Value: n.Value, Style: yaml.Style(n.Style &^ AnchoredStyle)}
	return y.Decode(into)
}

// FromYAML returns what is kept of a node of kyaml's parser: of a document its
// content. It is nil for nil, and where there was nothing to parse.
func FromYAML(n *yaml.Node) *Node {
	if n != nil && n.Kind == yaml.DocumentNode {
		if len(n.Content) == 0 {
			return nil
		}
		n = n.Content[0]
	}
	if n == nil || n.Kind == 0 {
		return nil
	}
	nodes, length := measure(n)
	c := copying{nodes: make([]Node, 1, 1+nodes)}
	c.text.Grow(length)
	root := &c.nodes[0]
	c.copy(n, root)
	return root
}

// measure returns the number of nodes below n and the length of their texts.
func measure(n *yaml.Node) (nodes, length int) {
	nodes, length = len(n.Content), len(n.Value)
	for _, child := range n.Content {
		below, texts := measure(child)
		nodes, length = nodes+below, length+texts
	}
	return nodes, length
}

// copying makes the nodes of a tree. They and their texts are one piece of
// memory each, large enough from the start.
type copying struct {
	nodes   []Node
	text    strings.Builder
	anchors map[*yaml.Node]*Node
}

func (c *copying) copy(n *yaml.Node, to *Node) {
	start := c.text.Len()
	c.text.WriteString(n.Value)
	*to = Node{
		Value: c.text.String()[start:],
		Line:  int32(n.Line), Column: int32(n.Column),
		Kind: kindOf(n), Tag: tagOf(n), Style: Style(n.Style),
	}
	if n.Anchor != "" {
		to.Style |= AnchoredStyle
		if c.anchors == nil {
			c.anchors = map[*yaml.Node]*Node{}
		}
		c.anchors[n] = to
	}
	if n.Kind == yaml.AliasNode {
		to.alias = c.anchors[n.Alias] // which stands before
		return
	}
	if len(n.Content) == 0 {
		return
	}
	from := len(c.nodes)
	c.nodes = c.nodes[:from+len(n.Content)]
	to.Content = c.nodes[from:len(c.nodes):len(c.nodes)]
	for i, child := range n.Content {
		c.copy(child, &to.Content[i])
	}
}

func kindOf(n *yaml.Node) Kind {
	switch n.Kind {
	case yaml.MappingNode:
		return MappingNode
	case yaml.SequenceNode:
		return SequenceNode
	case yaml.AliasNode:
		return AliasNode
	}
	return ScalarNode
}

// tagOf returns the tag that a node is written with or resolves to.
func tagOf(n *yaml.Node) Tag {
	return Tag(max(0, slices.Index(tagNames[:], n.ShortTag())))
}
