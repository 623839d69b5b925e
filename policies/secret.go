package policies

import (
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/secret"
)

// hidden stands for each value of a Secret in the input of a policy. All other
// values are true, as in the engines whose policies kubeknot evaluates: that
// the name of a variable sounds like a credential says nothing of its value.
// What is secret among them is masked in what a policy says, see masks.
const hidden = "(hidden)"

// lastApplied is where kubectl keeps a copy of the whole object.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// hide returns the term of a Secret without its values: all fields but those that say what
// it is. Their keys stay, and so do nulls, which are no values.
func hide(term *ast.Term) *ast.Term {
	object, ok := term.Value.(ast.Object)
	if !ok {
		return mask(term)
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

// masks are the secret values of objects that a policy was told of, in the forms
// in which it may quote them.
type masks struct{ *secret.Values }

func masksOf(resources []*manifest.Resource) masks {
	var all []string
	for _, r := range resources {
		all = append(all, r.Secrets()...)
	}
	return masks{secret.NewValues(all)}
}

// text masks the values in a text that a policy has written.
func (m masks) text(s string) string { return m.Mask(s) }

// err masks the values in an error, whose text may quote what a built-in function
// was given.
func (m masks) err(err error) error {
	if err == nil {
		return nil
	}
	if masked := m.text(err.Error()); masked != err.Error() {
		return errors.New(masked)
	}
	return err
}
