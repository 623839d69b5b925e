package manifest

import (
	"fmt"
	"slices"
)

// aliasing counts as the parser that kubectl uses does (go.yaml.in/yaml/v2
// decode.go: unmarshal and alias), which refuses documents in which a few bytes
// stand for very many.
type aliasing struct {
	nodes, byAlias int
	within         []*Node // the aliases that are followed
}

// aliasFault returns why kubectl refuses the aliases of a document, and the one
// at which it does; "" if it takes them.
func aliasFault(root *Node) (message string, at *Node) {
	var a aliasing
	return a.follow(root)
}

func (a *aliasing) follow(n *Node) (message string, at *Node) {
	a.nodes++
	if len(a.within) > 0 {
		a.byAlias++
	}
	if a.byAlias > 100 && a.nodes > 1000 && float64(a.byAlias) > a.allowed()*float64(a.nodes) {
		return "it contains excessive aliasing", a.within[0]
	}
	if n.Kind == AliasNode {
		if slices.Contains(a.within, n) {
			return fmt.Sprintf("anchor '%s' value contains itself", n.Value), n
		}
		a.within = append(a.within, n)
		message, at = a.follow(n.alias)
		a.within = a.within[:len(a.within)-1]
		return message, at
	}
	for _, c := range n.Children() {
		if message, at = a.follow(c); message != "" {
			return message, at
		}
	}
	return "", nil
}

// allowed is the part of the nodes that may come from aliases.
func (a *aliasing) allowed() float64 {
	const low, high = 400_000, 4_000_000
	return 0.99 - 0.89*float64(min(max(a.nodes, low), high)-low)/(high-low)
}
