package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"

	"github.com/kubeknot/kubeknot/analyzer/quantity"
)

// decode reads an object as the server does when kubectl asks for strict
// validation. What hides behind an error is judged too: unknown fields are
// reported and then dropped, or moved to where they belong, values of a wrong
// type are reported and then dropped. It returns nil if nothing can be made of
// the object.
func (k *kind) decode(o Object, v *Verdict) runtime.Object {
	object, err := k.scheme.New(k.gvk)
	if err != nil {
		v.refuse(Refusal{Family: NotServed, Message: err.Error()})
		return nil
	}
	data := o.JSON
	if o.Source != nil {
		if o.Source.Decode(object) {
			object.GetObjectKind().SetGroupVersionKind(k.gvk)
			return object
		}
		if data = o.text(); data == nil {
			v.Unread = true
			return nil
		}
		if object, err = k.scheme.New(k.gvk); err != nil {
			return nil
		}
	}
	if quantity.MayHold(data) && k.holdsAbsurd(data) {
		return k.mend(data, errAbsurd, v)
	}
	strict, err := kjson.UnmarshalStrict(data, object, kjson.DisallowUnknownFields)
	if err == nil && len(strict) == 0 {
		object.GetObjectKind().SetGroupVersionKind(k.gvk)
		return object
	}
	return k.mend(data, firstOf(strict, err), v)
}

// errAbsurd is said of a quantity with which the server's own code does not
// come to an end.
var errAbsurd = errors.New("the exponent is out of range: a quantity is at most 2^63-1 and has at most 3 decimal places")

// holdsAbsurd reports whether a quantity of an object, not just any string of
// it, has an absurd exponent.
func (k *kind) holdsAbsurd(data []byte) bool {
	var (
		content map[string]any
		v       Verdict
	)
	object, err := k.scheme.New(k.gvk)
	if err != nil || kjson.UnmarshalCaseSensitivePreserveInts(data, &content) != nil {
		return true
	}
	m := mender{kind: k, root: reflect.TypeOf(object).Elem(), content: content, verdict: &v}
	m.value(content, m.root, nil)
	m.move()
	return slices.ContainsFunc(v.Refusals, func(r Refusal) bool { return r.Message == errAbsurd.Error() })
}

// firstOf is what the server would say: it names all strict errors, or the one
// that ends the decoding.
func firstOf(strict []error, err error) error {
	if err != nil {
		return err
	}
	return strict[0]
}

// mend reports all that strict decoding refuses, and decodes what is left.
func (k *kind) mend(data []byte, cause error, v *Verdict) runtime.Object {
	var content map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &content); err != nil {
		v.refuse(Refusal{Family: WrongType, Message: cause.Error()})
		return nil
	}
	object, err := k.scheme.New(k.gvk)
	if err != nil {
		return nil
	}
	m := mender{kind: k, root: reflect.TypeOf(object).Elem(), content: content, verdict: v}
	m.value(content, m.root, nil)
	m.move()
	if len(v.Refusals) == 0 {
		v.refuse(Refusal{Family: WrongType, Message: cause.Error()})
	}
	rest, err := json.Marshal(content)
	if err != nil {
		return nil
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(rest, object); err != nil {
		return nil
	}
	object.GetObjectKind().SetGroupVersionKind(k.gvk)
	return object
}

// typeName says what a JSON value is.
func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case string:
		return "string"
	case bool:
		return "bool"
	}
	return "number"
}

// article puts "a" or "an" before what a value is.
func article(name string) string {
	switch name {
	case "null":
		return name
	case "array", "object", "integer", "integer or string":
		return "an " + name
	}
	return "a " + name
}

// wants says what a Go type is read from.
func wants(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Bool:
		return "bool"
	case reflect.String:
		return "string"
	}
	return "number"
}

// fits reports whether a leaf can be read as the type, and why not.
func fits(value any, t reflect.Type) error {
	if text, ok := value.(string); ok && t == reflect.TypeFor[resource.Quantity]() && quantity.Absurd(text) {
		return errAbsurd
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, reflect.New(t).Interface()); err != nil {
		if isBytes(t) {
			return errors.New("it is not base64")
		}
		if !custom(t) {
			if typeName(value) == "number" && wants(t) == "number" {
				return fmt.Errorf("must be a whole number of %d bits, not %v", t.Bits(), value)
			}
			return fmt.Errorf("must be %s, not %s", article(wants(t)), article(typeName(value)))
		}
		return err
	}
	return nil
}
