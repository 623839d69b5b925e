package apiserver

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"
	kjson "sigs.k8s.io/json"

	"github.com/kubeknot/kubeknot/analyzer/quantity"
)

// judge does what the server does to a custom resource when kubectl asks for
// strict validation: it reads the metadata, drops unknown fields and nulls,
// fills in defaults (unstructuredSchemaCoercer and unstructuredDefaulter of
// k8s.io/apiextensions-apiserver pkg/apiserver) and runs the strategy.
func (c *customKind) judge(data []byte, v *Verdict) {
	var content map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &content); err != nil {
		v.refuse(Refusal{Family: WrongType, Message: err.Error()})
		return
	}
	m := mender{root: reflect.TypeFor[metav1.PartialObjectMetadata](), content: content, verdict: v}
	if !m.value(content["metadata"], reflect.TypeFor[metav1.ObjectMeta](), []string{"metadata"}) {
		delete(content, "metadata")
	}
	m.move()
	if quantity.MayHold(data) && c.schema != nil {
		dropAbsurd(content, c.schema, false, nil, v)
	}
	c.prune(content, v)
	defaulting.PruneNonNullableNullsWithoutDefaults(content, c.schema)
	if err, unknown := objectmeta.CoerceWithOptions(nil, content, c.schema, false, objectmeta.CoerceOptions{ReturnUnknownFieldPaths: true}); err != nil {
		v.refuse(Refusal{Family: WrongType, Path: v.Written(c.path(content, err.Field)), Field: err.Field, Message: err.Detail})
		return
	} else {
		for _, text := range unknown {
			v.refuse(Refusal{Family: UnknownField, Path: v.Written(splitPath(text)), Field: text, Message: fmt.Sprintf("unknown field %q", text)})
		}
	}
	defaulting.Default(content, c.schema)
	u := &unstructured.Unstructured{Object: content}
	u.SetGroupVersionKind(c.gvk)
	c.prepare(u)
	rest.FillObjectMetaSystemFields(u)
	err := rest.BeforeCreate(c.strategy, c.contextFor(u, "create", v), u)
	first := len(v.Refusals)
	v.addErrors(err, func(text string) []string { return c.path(content, text) })
	v.Refusals = slices.Concat(v.Refusals[:first], plain(v.Refusals[first:]))
}

// maxMoves ends the search for fields that are misplaced inside of misplaced
// ones.
const maxMoves = 3

// prune drops the fields that the schema does not have and reports them. One
// that is misspelt or stands a level too high or too low is judged where it
// belongs.
func (c *customKind) prune(content map[string]any, v *Verdict) {
	for range maxMoves {
		before := runtime.DeepCopyJSON(content)
		unknown := pruning.PruneWithOptions(content, c.schema, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
		again := false
		for _, text := range unknown {
			path := c.path(before, text)
			if len(path) == 0 {
				path = []string{text} // a key without letters
			}
			r := Refusal{Family: UnknownField, Path: v.Written(path), Field: text, Message: fmt.Sprintf("unknown field %q", text)}
			target := c.home(path)
			if target != nil {
				r.Home = target
			} else if r.Near = c.near(path); r.Near != "" {
				target = at(path[:len(path)-1], r.Near)
			}
			v.refuse(r)
			if target != nil && put(content, target, valueAt(before, path)) {
				v.moved = append(v.moved, moved{r.Path, target})
				again = true
			} else {
				v.dropped = append(v.dropped, r.Path)
			}
		}
		if !again {
			return
		}
	}
	pruning.Prune(content, c.schema, true)
}

// near returns the field that a misspelt one probably means, "" if there is
// none.
func (c *customKind) near(path []string) string {
	known := map[string]reflect.Type{}
	for name := range schemaAt(c.schema, path[:len(path)-1]).Properties {
		known[name] = nil
	}
	return nearest(path[len(path)-1], known)
}

// home looks for the field of that very name one level up, and in the spec one
// level down: where a slip of the indentation may have taken it from.
func (c *customKind) home(path []string) []string {
	key, parent := path[len(path)-1], path[:len(path)-1]
	if _, ok := schemaAt(c.schema, at(parent, "spec")).Properties[key]; ok {
		return at(at(parent, "spec"), key)
	}
	if len(parent) == 0 {
		return nil
	}
	if _, ok := schemaAt(c.schema, parent[:len(parent)-1]).Properties[key]; ok {
		return at(parent[:len(parent)-1], key)
	}
	return nil
}

// schemaAt returns the schema at a path, an empty one where there is none.
func schemaAt(s *structuralschema.Structural, path []string) *structuralschema.Structural {
	for _, step := range path {
		if s == nil {
			break
		}
		_, err := strconv.Atoi(step)
		switch property, ok := s.Properties[step]; {
		case ok:
			s = &property
		case s.AdditionalProperties != nil:
			s = s.AdditionalProperties.Structural
		case err == nil:
			s = s.Items
		default:
			s = nil
		}
	}
	if s == nil {
		return &structuralschema.Structural{}
	}
	return s
}

// put sets a value at a path of objects and reports whether it did: not where
// something stands already, or the way to it is missing. Only a spec is made.
func put(content map[string]any, path []string, value any) bool {
	last := len(path) - 1
	if last > 0 && path[last-1] == "spec" && valueAt(content, path[:last]) == nil && !put(content, path[:last], map[string]any{}) {
		return false
	}
	parent, ok := valueAt(content, path[:last]).(map[string]any)
	if !ok || parent[path[last]] != nil {
		return false
	}
	parent[path[last]] = value
	return true
}

// valueAt returns the value at a path, nil if there is none.
func valueAt(value any, path []string) any {
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// path takes a field path apart. Keys of custom resources hold dots and
// brackets that the server does not mark, so the object itself says where one
// ends.
func (c *customKind) path(content map[string]any, text string) []string {
	if path, ok := walk(content, strings.TrimPrefix(text, ".")); ok {
		return path
	}
	return splitPath(text)
}

// walk finds the steps of a path. The last one may be missing in the object.
func walk(value any, text string) (path []string, ok bool) {
	if text == "" {
		return nil, true
	}
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Backward(slices.Sorted(maps.Keys(v))) {
			for _, spelt := range []string{key, "[" + key + "]"} {
				rest, found := strings.CutPrefix(text, spelt)
				if !found || rest != "" && rest[0] != '.' && rest[0] != '[' {
					continue
				}
				if path, ok := walk(v[key], strings.TrimPrefix(rest, ".")); ok {
					return append([]string{key}, path...), true
				}
			}
		}
		return []string{text}, !strings.ContainsAny(text, ".[")
	case []any:
		index, rest, _ := strings.Cut(strings.TrimPrefix(text, "["), "]")
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		path, ok := walk(v[i], strings.TrimPrefix(rest, "."))
		return append([]string{index}, path...), ok
	}
	return nil, false
}

// unchecked is what the server adds when it stops before the rules of CEL.
const unchecked = "some validation rules were not checked"

// mistyped is what the schema validator says of a value of the wrong type.
var mistyped = regexp.MustCompile(`must be of type ([\w,]+): "(\w+)"$`)

// plain says what the server says of a custom resource as it speaks of its own
// kinds, and once.
func plain(refusals []Refusal) []Refusal {
	var all []Refusal
	for _, r := range refusals {
		r.Message = strings.ReplaceAll(r.Message, r.Field+" in body ", "")
		if m := mistyped.FindStringSubmatch(r.Message); m != nil && r.Family == WrongType {
			name := strings.NewReplacer("boolean", "bool", ",", " or ")
			wants, is := name.Replace(m[1]), name.Replace(m[2])
			r.Message, r.Cause = fmt.Sprintf("must be %s, not %s", article(wants), article(is)), Mistyped
			if !strings.Contains(wants, " ") {
				r.Wants = wants
			}
		}
		same := func(o Refusal) bool { return o.Message == r.Message && slices.Equal(o.Path, r.Path) }
		if !strings.Contains(r.Message, unchecked) && !slices.ContainsFunc(all, same) {
			all = append(all, r)
		}
	}
	return all
}
