package apiserver

import (
	"reflect"
	"strings"

	edlib "github.com/hbollon/go-edlib"
)

// This file finds out what is meant by a field that is none.

// AnyEntry is a step of a path that stands for one of the entries of a list.
const AnyEntry = "*"

// home looks for the field of that very name where a slip of the indentation
// may have taken it from: in the spec and the template below, in the only part
// of the object that has such a field, in the objects that hold the object, in
// parts of those that are called like the object, and in the containers. A schema
// holds schemas, whose keys are no fields astray.
func (m *mender) home(key string, object map[string]any, t reflect.Type, path []string) []string {
	if holdsItself(t) {
		return nil
	}
	for _, look := range []func(string, map[string]any, reflect.Type, []string) []string{
		func(key string, _ map[string]any, t reflect.Type, path []string) []string {
			return below(key, t, path, 3)
		},
		inside, m.above, m.aside, m.inContainers, labelOf,
	} {
		if home := look(key, object, t, path); home != nil && m.mayHold(home, object[key]) {
			return home
		}
	}
	return nil
}

// mayHold reports whether a field can be read from a value of that type at all:
// an object, a list, or a single value.
func (m *mender) mayHold(path []string, value any) bool {
	t := typeAt(m.root, path)
	if t == nil || value == nil {
		return t != nil
	}
	switch is := typeName(value); {
	case custom(t):
		return is != "array"
	case wants(t) == "object", wants(t) == "array":
		return is == wants(t)
	default:
		return is != "object" && is != "array"
	}
}

// above looks in the objects that hold the object, the closest first.
func (m *mender) above(key string, _ map[string]any, _ reflect.Type, path []string) []string {
	for up := len(path) - 1; up >= 0; up-- {
		parent := typeAt(m.root, path[:up])
		if parent == nil {
			continue
		}
		if _, ok := fieldsOf(parent)[key]; ok {
			return at(path[:up], key)
		}
	}
	return nil
}

// inside looks in the parts of the object: in the only one that is written there
// and has such a field, or else in the only one that can have it.
func inside(key string, object map[string]any, t reflect.Type, path []string) []string {
	var written, possible []string
	fields := fieldsOf(t)
	for _, name := range sortedKeys(fields) {
		if structOf(fields[name]) == nil {
			continue
		}
		if _, ok := fieldsOf(fields[name])[key]; !ok {
			continue
		}
		possible = append(possible, name)
		if object[name] != nil {
			written = append(written, name)
		}
	}
	switch {
	case len(written) == 1:
		return at(at(path, written[0]), key)
	case len(possible) == 1:
		return at(at(path, possible[0]), key)
	}
	return nil
}

// aside looks in parts of the objects that hold the object which are called like
// it: pods have a securityContext, and containers have another one.
func (m *mender) aside(key string, _ map[string]any, _ reflect.Type, path []string) []string {
	if len(path) == 0 {
		return nil
	}
	name := path[len(path)-1]
	for up := len(path) - 1; up >= 0; up-- {
		parent := typeAt(m.root, path[:up])
		if parent == nil {
			continue
		}
		if same := typeAt(parent, []string{name, key}); same != nil && up < len(path)-1 {
			return at(at(path[:up], name), key)
		}
		if home := m.entry(path[:up], name, key); home != nil {
			return home
		}
	}
	return nil
}

// inContainers looks in the containers of a pod.
func (m *mender) inContainers(key string, _ map[string]any, _ reflect.Type, path []string) []string {
	return m.entry(path, key)
}

// entry returns where a field belongs in the containers that an object has: in
// the only one, or in any of them; nil if they have no such field.
func (m *mender) entry(path []string, field ...string) []string {
	list := at(path, "containers")
	if t := typeAt(m.root, append(at(list, "0"), field...)); t == nil {
		return nil
	}
	index := AnyEntry
	if entries, ok := valueAt(m.content, list).([]any); ok && len(entries) == 1 {
		index = "0"
	}
	return append(at(list, index), field...)
}

// labelOf takes a field of a selector that is none for a label.
func labelOf(key string, _ map[string]any, t reflect.Type, path []string) []string {
	if _, ok := fieldsOf(t)["matchLabels"]; !ok {
		return nil
	}
	return at(at(path, "matchLabels"), key)
}

// wraps reports whether a value holds fields that all are those of the object
// around it: then its key is too much.
func wraps(value any, known map[string]reflect.Type) bool {
	inner, ok := value.(map[string]any)
	if !ok || len(inner) == 0 {
		return false
	}
	for key := range inner {
		if known[key] == nil {
			return false
		}
	}
	return true
}

// unwrap takes a key away that has no place in a map of single values, because
// what it holds belongs where it stands: the selector of a Service has no
// matchLabels.
func (m *mender) unwrap(object map[string]any, t reflect.Type, path []string) {
	if t.Elem().Kind() != reflect.String {
		return
	}
	inner, ok := object["matchLabels"].(map[string]any)
	if !ok {
		return
	}
	here := at(path, "matchLabels")
	m.verdict.refuse(Refusal{
		Family: WrongType, Path: m.written(here), Field: join(here), Wants: "string", Unwrap: true, Cause: Mistyped,
		Message: "must be a string, not an object",
	})
	delete(object, "matchLabels")
	for _, key := range sortedKeys(inner) {
		m.moves = append(m.moves, move{m.written(at(here, key)), at(path, key), inner[key]})
	}
}

// holdsItself reports whether a struct has fields of its own type.
func holdsItself(t reflect.Type) bool {
	for _, field := range fieldsOf(t) {
		for field.Kind() == reflect.Pointer || field.Kind() == reflect.Map || field.Kind() == reflect.Slice {
			field = field.Elem()
		}
		if field == structOf(t) {
			return true
		}
	}
	return false
}

// below looks for a field in the spec and the template that a struct holds, the
// closest first. Other structs are left out: that one of many volume types has
// a field of the name says nothing.
func below(key string, t reflect.Type, path []string, depth int) []string {
	if depth == 0 {
		return nil
	}
	fields := fieldsOf(t)
	for _, name := range []string{"spec", "template", "jobTemplate", "metadata"} {
		inner, ok := fields[name]
		if !ok || structOf(inner) == nil {
			continue
		}
		if _, ok := fieldsOf(inner)[key]; ok {
			return at(at(path, name), key)
		}
	}
	for _, name := range []string{"spec", "template", "jobTemplate"} {
		if inner, ok := fields[name]; ok && structOf(inner) != nil {
			if home := below(key, structOf(inner), at(path, name), depth-1); home != nil {
				return home
			}
		}
	}
	return nil
}

// nearest returns the field that a misspelt one probably means: one that
// differs in case alone, or by a slip of the pen.
func nearest(key string, known map[string]reflect.Type) string {
	best, limit := "", max(1, min(3, len(key)/4))+1
	for _, name := range sortedKeys(known) {
		if strings.EqualFold(name, key) || letters(name) == letters(key) {
			return name
		}
		if d := edlib.OSADamerauLevenshteinDistance(strings.ToLower(key), strings.ToLower(name)); d < limit {
			best, limit = name, d
		}
	}
	return best
}

// longerName returns the only field whose name ends in another one: strategy
// stands for updateStrategy; "" if there is none.
func longerName(key string, known map[string]reflect.Type) string {
	var found []string
	for _, name := range sortedKeys(known) {
		if len(key) >= minEnding && len(name) > len(key) && strings.HasSuffix(name, strings.ToUpper(key[:1])+key[1:]) {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// minEnding is the least length of a name that may stand for a longer one.
const minEnding = 6
