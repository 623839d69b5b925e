package apiserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/client-go/kubernetes/scheme"
)

// mender walks an object and its Go type side by side.
type mender struct {
	kind    *kind
	root    reflect.Type
	content map[string]any
	verdict *Verdict
	moves   []move
}

// move is a field that stands at the wrong place and will be put at another.
type move struct {
	from, home []string
	value      any
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// custom reports whether a type reads its own JSON: quantities, times, ports.
func custom(t reflect.Type) bool { return reflect.PointerTo(t).Implements(unmarshaler) }

// isBytes reports whether a type is written as base64.
func isBytes(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// value checks a value against its type and reports whether it may stay.
func (m *mender) value(value any, t reflect.Type, path []string) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if value == nil {
		return true
	}
	object, isObject := value.(map[string]any)
	array, isArray := value.([]any)
	switch {
	case custom(t) || isBytes(t) || t.Kind() == reflect.Interface:
		return m.leaf(value, t, path)
	case t.Kind() == reflect.Struct && isObject:
		m.object(object, t, path)
	case t.Kind() == reflect.Map && isObject:
		m.unwrap(object, t, path)
		for _, key := range sortedKeys(object) {
			if !m.value(object[key], t.Elem(), at(path, key)) {
				delete(object, key)
			}
		}
	case t.Kind() == reflect.Slice && isArray:
		for i, item := range array {
			if !m.value(item, t.Elem(), at(path, strconv.Itoa(i))) {
				array[i] = nil
			}
		}
	default:
		return m.leaf(value, t, path)
	}
	return true
}

func (m *mender) leaf(value any, t reflect.Type, path []string) bool {
	if t.Kind() == reflect.Interface {
		return true
	}
	if err := fits(value, t); err != nil {
		r := Refusal{Family: WrongType, Path: m.written(path), Field: join(path), Message: err.Error()}
		switch {
		case errors.Is(err, errAbsurd):
			r.Family = Invalid
		case isBytes(t):
			r.Cause = NotBase64
		case !custom(t):
			r.Wants, r.Cause = wants(t), Mistyped
		}
		m.verdict.refuse(r)
		m.verdict.dropped = append(m.verdict.dropped, r.Path)
		return false
	}
	return true
}

// object checks the fields of a struct.
func (m *mender) object(object map[string]any, t reflect.Type, path []string) {
	known := fieldsOf(t)
	for _, key := range sortedKeys(object) {
		if field, ok := known[key]; ok {
			if !m.value(object[key], field, at(path, key)) {
				delete(object, key)
			}
			continue
		}
		r := Refusal{Family: UnknownField, Path: m.written(at(path, key)), Field: join(at(path, key)), Message: fmt.Sprintf("unknown field %q", join(at(path, key)))}
		r.Near = nearest(key, known)
		r.Of = m.kind.otherVersionWith(at(path, key))
		if r.Near == "" && r.Of == "" {
			r.Near = longerName(key, known)
		}
		switch home := m.home(key, object, t, path); {
		case home != nil:
			r.Home, r.Near = home, ""
			if !slices.Contains(home, AnyEntry) {
				m.moves = append(m.moves, move{m.written(at(path, key)), home, object[key]})
			}
		case r.Near != "" && object[r.Near] == nil:
			m.moves = append(m.moves, move{m.written(at(path, key)), at(path, r.Near), object[key]})
		case r.Near == "" && wraps(object[key], known):
			r.Unwrap = true
			inner := object[key].(map[string]any)
			for _, name := range sortedKeys(inner) {
				m.moves = append(m.moves, move{m.written(at(at(path, key), name)), at(path, name), inner[name]})
			}
		}
		m.verdict.refuse(r)
		if !r.Unwrap && (r.Home == nil && r.Near == "" || slices.Contains(r.Home, AnyEntry)) {
			m.verdict.dropped = append(m.verdict.dropped, r.Path)
		}
		delete(object, key)
	}
}

// otherVersionWith returns the apiVersion of the kind in which a field stands at
// a path, "" if there is none. Custom kinds, which are nil, have none.
func (k *kind) otherVersionWith(path []string) string {
	if k == nil {
		return ""
	}
	for _, gv := range scheme.Scheme.PrioritizedVersionsForGroup(k.gvk.Group) {
		if t := scheme.Scheme.KnownTypes(gv)[k.gvk.Kind]; t != nil && gv != k.gvk.GroupVersion() && typeAt(t, path) != nil {
			return gv.String()
		}
	}
	return ""
}

// move puts misplaced fields where they belong, unless something stands there.
func (m *mender) move() {
	for i := 0; i < len(m.moves); i++ { // moving one may find another inside it
		mv := m.moves[i]
		target := holder(m.content, mv.home[:len(mv.home)-1])
		last := mv.home[len(mv.home)-1]
		field := typeAt(m.root, mv.home)
		if target == nil || target[last] != nil || field == nil {
			continue
		}
		m.verdict.moved = append(m.verdict.moved, moved{mv.from, mv.home})
		if m.value(mv.value, field, mv.home) {
			target[last] = mv.value
		}
	}
}

// holder returns the object at a path, which it makes where there is none; nil if
// something else stands on the way.
func holder(content map[string]any, path []string) map[string]any {
	if len(path) == 0 {
		return content
	}
	if list, ok := content[path[0]].([]any); ok && len(path) > 1 {
		if i, err := strconv.Atoi(path[1]); err == nil && i >= 0 && i < len(list) {
			if entry, ok := list[i].(map[string]any); ok {
				return holder(entry, path[2:])
			}
		}
		return nil
	}
	next, ok := content[path[0]].(map[string]any)
	if !ok {
		if content[path[0]] != nil {
			return nil
		}
		next = map[string]any{}
		content[path[0]] = next
	}
	return holder(next, path[1:])
}

// written returns the path at which the author has written a value.
func (m *mender) written(path []string) []string { return m.verdict.Written(path) }

// typeAt returns the type at a path, nil if there is none.
func typeAt(t reflect.Type, path []string) reflect.Type {
	for _, step := range path {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		switch t.Kind() {
		case reflect.Struct:
			field, ok := fieldsOf(t)[step]
			if !ok {
				return nil
			}
			t = field
		case reflect.Map, reflect.Slice:
			t = t.Elem()
		default:
			return nil
		}
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// structOf returns the struct that a type is or points to, nil if it is none
// or reads its own JSON.
func structOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || custom(t) {
		return nil
	}
	return t
}

// fieldsOf returns the JSON fields of a struct, those of embedded ones
// included.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	t = structOf(t)
	if t == nil {
		return fields
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && f.Anonymous:
			for k, v := range fieldsOf(f.Type) {
				fields[k] = v
			}
		case name != "":
			fields[name] = f.Type
		}
	}
	return fields
}

// letters returns the letters of a name in order, to find swapped ones.
func letters(name string) string {
	b := []byte(strings.ToLower(name))
	slices.Sort(b)
	return string(b)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func at(path []string, step string) []string { return append(slices.Clone(path), step) }

// join writes a path as the server does.
func join(path []string) string {
	var b strings.Builder
	for i, step := range path {
		_, err := strconv.Atoi(step)
		switch {
		case err == nil:
			b.WriteString("[" + step + "]")
		case i > 0:
			b.WriteString("." + step)
		default:
			b.WriteString(step)
		}
	}
	return b.String()
}
