package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// origin is where a value stands; the decoder fills in a field At.
type origin struct {
	At source.Location
}

// reader is a type that reads itself from a node, which is neither null nor
// an alias that leads nowhere. what names the value in messages.
type reader interface {
	read(d *decoder, n *manifest.Node, what string)
}

// ruleRef is a place that names a rule.
type ruleRef struct {
	id string
	at source.Location
}

// decoder reads the nodes of one file into Go values. It reports every fault
// and goes on; what is wrong is left as it was.
type decoder struct {
	doc    *manifest.Document
	dir    string // absolute and slash-separated, what paths are relative to
	exists func(path string) error
	faults *Faults

	levels   []*Level  // what the file says of rules
	ruleRefs []ruleRef // other places that name one
}

func (d *decoder) at(n *manifest.Node) source.Location { return d.doc.Location(n) }

func (d *decoder) fault(n *manifest.Node, format string, args ...any) {
	d.faults.add(d.at(n), format, args...)
}

// decode reads a node into a value that can be set.
func (d *decoder) decode(n *manifest.Node, v reflect.Value, what string) {
	if manifest.IsNull(n) {
		d.fault(n, "%s has no value: give it one or take it out", what)
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if r, ok := v.Addr().Interface().(reader); ok {
		r.read(d, n, what)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.fields(n, v, what)
	case reflect.Slice:
		d.items(n, v, what)
	case reflect.Map: // of strings
		v.Set(reflect.MakeMap(v.Type()))
		for _, e := range d.entries(n, what) {
			if text, ok := d.text(e.Raw, e.Key.Value); ok {
				v.SetMapIndex(reflect.ValueOf(e.Key.Value), reflect.ValueOf(text))
			}
		}
	case reflect.String:
		if text, ok := d.text(n, what); ok {
			v.SetString(text)
		}
	case reflect.Bool:
		if d.is(n, what, "true or false", manifest.BoolTag) {
			v.SetBool(manifest.Bool(n))
		}
	case reflect.Int:
		if number, ok := manifest.Int(n); ok {
			v.SetInt(int64(number))
		} else {
			d.is(n, what, "a whole number")
		}
	}
}

// fields reads a mapping into a struct.
func (d *decoder) fields(n *manifest.Node, v reflect.Value, what string) {
	if !d.is(n, what, "a mapping", manifest.MapTag) {
		return
	}
	if at := v.FieldByName("At"); at.IsValid() {
		at.Set(reflect.ValueOf(d.at(n)))
	}
	keys, need := keysOf(v.Type())
	for _, e := range d.entries(n, what) {
		index, ok := keys[e.Key.Value]
		if !ok {
			d.fault(e.Key, "%s has no key %q%s", what, e.Key.Value, suggestion(e.Key.Value, names(keys)))
			continue
		}
		d.decode(e.Raw, v.Field(index), e.Key.Value)
	}
	for _, key := range need {
		if manifest.Field(n, key).Key == nil {
			d.fault(n, "%s needs the key %s", what, key)
		}
	}
}

// keysOf returns the keys of a struct, by the index of their fields, and those
// that must be given.
func keysOf(t reflect.Type) (keys map[string]int, need []string) {
	keys = map[string]int{}
	for i := range t.NumField() {
		key, settings, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		if keys[key] = i; settings != "omitempty" {
			need = append(need, key)
		}
	}
	return keys, need
}

func names(keys map[string]int) []string {
	all := make([]string, 0, len(keys))
	for key := range keys {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}

// items appends the elements of a sequence to a slice, which is not nil
// afterwards.
func (d *decoder) items(n *manifest.Node, v reflect.Value, what string) {
	if !d.is(n, what, "a list", manifest.SeqTag) {
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	}
	for _, item := range manifest.Resolve(n).Children() {
		value := reflect.New(v.Type().Elem()).Elem()
		d.decode(item, value, "an entry of "+what)
		v.Set(reflect.Append(v, value))
	}
}

// entries returns the entries of a mapping; it reports anything else, and keys
// that stand twice.
func (d *decoder) entries(n *manifest.Node, what string) []manifest.Entry {
	if !d.is(n, what, "a mapping", manifest.MapTag) {
		return nil
	}
	seen := map[string]bool{}
	mapping := manifest.Resolve(n).Content
	for i := 0; i+1 < len(mapping); i += 2 {
		switch key := &mapping[i]; {
		case key.Kind != manifest.ScalarNode:
			d.fault(key, "%s has a key that is no text", what)
		case seen[key.Value] && key.Tag != manifest.MergeTag:
			d.fault(key, "%s has the key %q twice", what, key.Value)
		default:
			seen[key.Value] = true
		}
	}
	var all []manifest.Entry
	for _, e := range manifest.Fields(n) {
		all = append(all, e)
	}
	return all
}

// text returns the text of a string, or of a scalar of one of the other tags.
func (d *decoder) text(n *manifest.Node, what string, tags ...manifest.Tag) (text string, ok bool) {
	if !d.is(n, what, "a string", append(tags, manifest.StringTag)...) {
		return "", false
	}
	return manifest.Resolve(n).Value, true
}

// word returns one of a few words.
func (d *decoder) word(n *manifest.Node, what string, words []string) string {
	text, ok := d.text(n, what)
	if ok && !slices.Contains(words, text) {
		last := len(words) - 1
		d.fault(n, "%s cannot be %q: use %s or %s%s", what, text, strings.Join(words[:last], ", "), words[last], suggestion(text, words))
	}
	return text
}

// is reports whether a node has one of the tags, and the fault if not.
func (d *decoder) is(n *manifest.Node, what, want string, tags ...manifest.Tag) bool {
	tag := manifest.Resolve(n).Tag
	if slices.Contains(tags, tag) {
		return true
	}
	got, known := kinds[tag]
	switch {
	case tag == manifest.NullTag:
		d.fault(n, "%s has no value: it must be %s", what, want)
		return false
	case !known:
		got = "a value with a tag of its own"
	}
	hint := ""
	if slices.Contains(tags, manifest.StringTag) && manifest.Resolve(n).Kind == manifest.ScalarNode {
		hint = ": put it in quotes"
	}
	d.fault(n, "%s must be %s, not %s%s", what, want, got, hint)
	return false
}

// kinds name what YAML takes a value for.
var kinds = map[manifest.Tag]string{
	manifest.MapTag: "a mapping", manifest.SeqTag: "a list", manifest.StringTag: "a string",
	manifest.BoolTag: "true or false", manifest.IntTag: "a number", manifest.FloatTag: "a number", manifest.TimestampTag: "a date",
}

// suggestion completes a message about a mistyped name.
func suggestion(name string, candidates []string) string {
	if best := nearmiss.Closest(name, candidates); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return ""
}
