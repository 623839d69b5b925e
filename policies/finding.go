package policies

import (
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// finding reads an object that a policy yields. Its errors name the key at
// fault but quote no value, which may be a secret.
func (in *input) finding(term *ast.Term) (analyzer.Finding, error) {
	var f analyzer.Finding
	err := each(term, func(key string, v ast.Value) (err error) {
		switch key {
		case "resource":
			f.Resource, err = in.own(v)
		case "path":
			f.Path, err = pathOf(v)
		case "msg":
			f.Message, err = stringOf(v)
		case "label":
			f.Label, err = stringOf(v)
		case "consequence":
			f.Consequence, err = stringOf(v)
		case "notes":
			f.Notes, err = stringsOf(v)
		case "help":
			f.Help, err = stringOf(v)
		case "claim":
			f.Claim, err = claimOf(v)
		case "evidence":
			f.Evidence, err = evidenceOf(v)
		case "related":
			f.Related, err = in.related(v)
		default:
			err = errUnknownKey
		}
		return err
	})
	switch {
	case err != nil:
		return f, err
	case f.Resource == nil:
		return f, errors.New(`no "resource"`)
	case f.Message == "":
		return f, errors.New(`no "msg"`)
	}
	f.Location = place(f.Resource, f.Path)
	return f.Masked(in.masks().text), nil
}

var errUnknownKey = errors.New("unknown key")

// each calls f for the entries of an object and names the key of its error.
func each(term *ast.Term, f func(key string, v ast.Value) error) error {
	object, ok := term.Value.(ast.Object)
	if !ok {
		return wrong(term.Value, "an object")
	}
	return object.Iter(func(k, v *ast.Term) error {
		key, ok := k.Value.(ast.String)
		if !ok {
			return fmt.Errorf("a key: %w", wrong(k.Value, "a string"))
		}
		if err := f(string(key), v.Value); err != nil {
			return fmt.Errorf("%q: %w", string(key), err)
		}
		return nil
	})
}

// place is the field at the path with its key, or what stands for the object
// as a whole.
func place(r *manifest.Resource, path []string) source.Location {
	if len(path) == 0 {
		return r.Location()
	}
	return r.EntryLocation(path...)
}

func wrong(v ast.Value, want string) error {
	return fmt.Errorf("a value of type %s where %s belongs", ast.ValueName(v), want)
}

// resource returns the resource of a ref, and whether it is the unit's own.
func (in *input) resource(v ast.Value) (r *manifest.Resource, own bool, err error) {
	number, ok := v.(ast.Number)
	if !ok {
		return nil, false, wrong(v, "the ref of a resource")
	}
	ref, ok := number.Int()
	if !ok || ref < 0 || ref >= len(in.resources) {
		return nil, false, errors.New("not the ref of a resource")
	}
	return in.resources[ref], in.isOwn(ref), nil
}

func (in *input) own(v ast.Value) (*manifest.Resource, error) {
	r, own, err := in.resource(v)
	if err == nil && !own {
		err = fmt.Errorf("%s is not the unit's own but of %s: only those with \"own\" are judged", r, r.File().Path)
	}
	return r, err
}

func (in *input) related(v ast.Value) ([]analyzer.Related, error) {
	var all []analyzer.Related
	err := items(v, func(item *ast.Term) error {
		var (
			r       *manifest.Resource
			at      []string
			message string
		)
		err := each(item, func(key string, v ast.Value) (err error) {
			switch key {
			case "resource":
				r, _, err = in.resource(v)
			case "path":
				at, err = pathOf(v)
			case "msg":
				message, err = stringOf(v)
			default:
				err = errUnknownKey
			}
			return err
		})
		switch {
		case err != nil:
			return err
		case r == nil || message == "":
			return errors.New(`it needs "resource" and "msg"`)
		}
		all = append(all, analyzer.Related{Location: place(r, at), Message: message})
		return nil
	})
	return all, err
}
