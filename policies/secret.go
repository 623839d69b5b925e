package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// hidden stands for each value of a Secret in the input of a policy, and for
// that of a variable whose name says that it holds a credential.
const hidden = "(hidden)"

// lastApplied is where kubectl keeps a copy of the whole object.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// hide returns a Secret without its values: all fields but those that say what
// it is. Their keys stay, and so do nulls, which are no values.
func hide(secret *ast.Term) *ast.Term {
	object, ok := secret.Value.(ast.Object)
	if !ok {
		return mask(secret)
	}
	return mapped(object, func(key string, value *ast.Term) *ast.Term {
		switch key {
		case "apiVersion", "kind":
			return value
		case "type", "immutable":
			return maskUnless(key, value)
		case "metadata":
			return hideLastApplied(value)
		}
		if fields, ok := value.Value.(ast.Object); ok {
			return mapped(fields, func(_ string, v *ast.Term) *ast.Term { return mask(v) })
		}
		return mask(value)
	})
}

// maskUnless masks what is no type, or does not say whether it is immutable.
func maskUnless(key string, value *ast.Term) *ast.Term {
	switch value.Value.(type) {
	case ast.String:
		if key == "type" {
			return value
		}
	case ast.Boolean:
		if key == "immutable" {
			return value
		}
	}
	return mask(value)
}

func hideLastApplied(metadata *ast.Term) *ast.Term {
	return within(metadata, "annotations", func(annotations *ast.Term) *ast.Term {
		return within(annotations, lastApplied, mask)
	})
}

// within applies f to one field of an object; anything else stays as it is.
func within(term *ast.Term, field string, f func(*ast.Term) *ast.Term) *ast.Term {
	object, ok := term.Value.(ast.Object)
	if !ok {
		return term
	}
	return mapped(object, func(key string, value *ast.Term) *ast.Term {
		if key == field {
			return f(value)
		}
		return value
	})
}

// mapped returns an object with the same keys and the values that f makes.
func mapped(object ast.Object, f func(key string, value *ast.Term) *ast.Term) *ast.Term {
	pairs := make([][2]*ast.Term, 0, object.Len())
	object.Foreach(func(key, value *ast.Term) {
		name, _ := key.Value.(ast.String)
		pairs = append(pairs, ast.Item(key, f(string(name), value)))
	})
	return ast.ObjectTerm(pairs...)
}

func mask(value *ast.Term) *ast.Term {
	if _, null := value.Value.(ast.Null); null {
		return value
	}
	return ast.StringTerm(hidden)
}

// hideVariable masks what a variable holds, given as the entries of its mapping,
// if its name says that it is a credential. Where it comes from stays.
func (c *converter) hideVariable(pairs [][2]*ast.Term) {
	credential := slices.ContainsFunc(pairs, func(p [2]*ast.Term) bool {
		name, ok := p[1].Value.(ast.String)
		return ok && isKey(p, "name") && c.isCredential(string(name))
	})
	if !credential {
		return
	}
	for i, p := range pairs {
		if !isKey(p, "name") && !isKey(p, "valueFrom") {
			pairs[i][1] = mask(p[1])
		}
	}
}

// isCredential asks source.IsCredentialVariable, of each name once.
func (c *converter) isCredential(name string) bool {
	is, asked := c.credentials[name]
	if !asked {
		is = source.IsCredentialVariable(name)
		c.credentials[name] = is
	}
	return is
}

func isKey(pair [2]*ast.Term, key string) bool {
	name, ok := pair[0].Value.(ast.String)
	return ok && string(name) == key
}
