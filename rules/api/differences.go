package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// difference is a value that two versions of an object have otherwise. before
// or after is nil if that version does not set it.
type difference struct {
	path          []string
	before, after any
}

// maxDifferences bounds how many the server is asked about.
const maxDifferences = 16

// refusedDifferences returns what below the path of a refusal makes the server
// refuse a later version. Of a path that stands for a whole spec, in which some
// fields may change, each difference is tried alone over the earlier version.
// It is nil if none is refused by itself.
func refusedDifferences(v version, r apiserver.Refusal) []difference {
	before, after := plain(v.before), plain(v.after)
	all := appendDifferences(nil, nil, before, after)
	all = slices.DeleteFunc(all, func(d difference) bool {
		if d.path[0] == "stringData" { // the server moves it into data
			return !slices.Equal(r.Path, []string{"data"})
		}
		return len(d.path) < len(r.Path) || !slices.Equal(d.path[:len(r.Path)], r.Path)
	})
	if len(r.Path) > 1 || r.Path != nil && r.Path[0] != "spec" || len(all) > maxDifferences {
		return all
	}
	old, ok := verdict.Builtin(v.before)
	if !ok {
		return nil
	}
	return slices.DeleteFunc(all, func(d difference) bool {
		text, err := json.Marshal(with(before, d.path, d.after))
		if err != nil {
			return true
		}
		alone := apiserver.Update(old, apiserver.Object{APIVersion: v.before.APIVersion, Kind: v.before.Kind, JSON: text})
		return !slices.ContainsFunc(alone.Refusals, func(a apiserver.Refusal) bool { return a.Field == r.Field })
	})
}

// plain returns a resource as JSON has it.
func plain(r *manifest.Resource) (object any) {
	data, ok := manifest.AppendJSON(nil, r.Node)
	if !ok {
		return nil
	}
	numbers := json.NewDecoder(bytes.NewReader(data))
	numbers.UseNumber() // as they are written
	if numbers.Decode(&object) != nil {
		return nil
	}
	return object
}

// appendDifferences adds what differs between two values at a path, as deep as
// both have it.
func appendDifferences(all []difference, path []string, before, after any) []difference {
	at := func(step string) []string { return append(slices.Clip(path), step) }
	switch a := before.(type) {
	case map[string]any:
		b, ok := after.(map[string]any)
		if !ok {
			break
		}
		both := maps.Clone(a)
		maps.Copy(both, b)
		for _, key := range slices.Sorted(maps.Keys(both)) {
			all = appendDifferences(all, at(key), a[key], b[key])
		}
		return all
	case []any:
		b, ok := after.([]any)
		if !ok || len(a) != len(b) {
			break
		}
		for i := range a {
			all = appendDifferences(all, at(strconv.Itoa(i)), a[i], b[i])
		}
		return all
	}
	if !reflect.DeepEqual(before, after) {
		all = append(all, difference{path, before, after})
	}
	return all
}

// with returns a value in which another one stands at a path, or none if that
// is nil; the rest is shared.
func with(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	switch in := in.(type) {
	case map[string]any:
		changed := maps.Clone(in)
		changed[path[0]] = with(in[path[0]], path[1:], value)
		return changed
	case []any:
		changed := slices.Clone(in)
		if i, err := strconv.Atoi(path[0]); err == nil && i < len(changed) {
			changed[i] = with(in[i], path[1:], value)
		}
		return changed
	}
	return value
}

// maxNamed is how many differences a message names.
const maxNamed = 3

// mayNot says what may not change: "spec.x may not change from 1 to 2". Of
// secrets no value is shown.
func mayNot(differences []difference, secret bool) string {
	var said []string
	for _, d := range differences[:min(len(differences), maxNamed)] {
		before, after := shown(d.before), shown(d.after)
		text := manifest.FieldPath(d.path) + " may not "
		switch {
		case d.before == nil:
			text += "be added"
		case d.after == nil:
			text += "be removed"
		case secret || before == "" || after == "":
			text += "change"
		default:
			text += fmt.Sprintf("change from %s to %s", before, after)
		}
		said = append(said, text)
	}
	if more := len(differences) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("nor may %d more", more))
	}
	return strings.Join(said, "; ")
}

// shown is a value as a message shows it, "" if it is too long for one.
func shown(value any) string {
	switch value := value.(type) {
	case map[string]any, []any:
		return ""
	case string:
		if value == "" {
			return `""`
		}
		if len(value) > verdict.MaxQuoted || strings.ContainsAny(value, "\n\r\t") {
			return ""
		}
		return value
	}
	return fmt.Sprint(value)
}
