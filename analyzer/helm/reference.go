package helm

import (
	"slices"
	"text/template/parse"
)

// first returns the first of some references, nil if there is none.
func first(all []reference) reference {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// references returns the paths that a pipeline names, in order, functions or
// not: whether the value really is one of theirs is asked of the values.
func (c context) references(n parse.Node) []reference {
	switch n := n.(type) {
	case *parse.PipeNode:
		var all []reference
		for _, command := range n.Cmds {
			all = append(all, c.references(command)...)
		}
		return all
	case *parse.CommandNode:
		if r := c.index(n); r != nil {
			return []reference{r}
		}
		var all []reference
		for _, arg := range n.Args {
			all = append(all, c.references(arg)...)
		}
		return all
	case *parse.DotNode, *parse.FieldNode, *parse.VariableNode:
		if r := c.path(n); r != nil {
			return []reference{r}
		}
	case *parse.ChainNode:
		return c.references(n.Node)
	}
	return nil
}

// path returns what a node names that is a path and nothing else.
func (c context) path(n parse.Node) reference {
	from, names := c.dot, []string(nil)
	switch n := n.(type) {
	case *parse.DotNode:
	case *parse.FieldNode:
		names = n.Ident
	case *parse.VariableNode:
		from, names = c.variables[n.Ident[0]], n.Ident[1:]
	default:
		return nil
	}
	if from == nil {
		return nil
	}
	r := slices.Clone(from)
	for _, name := range names {
		r = append(r, step{name, -1})
	}
	return r
}

// index returns what (index .Values.a "b" "c") and (get .Values.a "b") name.
func (c context) index(n *parse.CommandNode) reference {
	if len(n.Args) < 3 {
		return nil
	}
	name, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok || name.Ident != "index" && name.Ident != "get" {
		return nil
	}
	r := c.path(n.Args[1])
	if r == nil {
		return nil
	}
	for _, arg := range n.Args[2:] {
		switch arg := arg.(type) {
		case *parse.StringNode:
			r = append(r, step{arg.Text, -1})
		case *parse.NumberNode:
			r = append(r, step{arg.Text, -1})
		default:
			return nil
		}
	}
	return r
}
