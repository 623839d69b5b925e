package main

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// stage is where an object stops on its way into the cluster.
type stage string

const (
	accepted   stage = "accepted"
	unsent     stage = "refused by kubectl itself"
	decoding   stage = "cannot be decoded"
	strict     stage = "unknown field"
	validation stage = "invalid"
	other      stage = "refused otherwise"
)

// cause is one reason of a refusal.
type cause struct{ field, message string }

// answer is what one side says to a document.
type answer struct {
	stage    stage
	causes   []cause
	warnings []string
	// verdict is what kubeknot's side has found, nil on the server's.
	verdict *apiserver.Verdict
}

// uid matches what the server makes up anew for every object.
var uid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

func (a answer) sorted() answer {
	slices.SortFunc(a.causes, func(x, y cause) int {
		return cmp.Or(cmp.Compare(x.field, y.field), cmp.Compare(x.message, y.message))
	})
	for i := range a.causes {
		a.causes[i].message = uid.ReplaceAllString(a.causes[i].message, "UID")
	}
	a.causes = slices.Compact(a.causes)
	return a
}

func (a answer) refused() bool { return a.stage != accepted }

// String shows an answer in one line.
func (a answer) String() string {
	var parts []string
	for _, c := range a.causes {
		parts = append(parts, strings.TrimPrefix(c.field+": "+c.message, ": "))
	}
	if len(parts) == 0 {
		return string(a.stage)
	}
	return string(a.stage) + ": " + strings.Join(parts, "; ")
}

// read returns a document as kubeknot reads it, with its own parser and
// encoder.
func read(text []byte) (apiserver.Object, bool) {
	f := manifest.Parse(source.NewFile("a.yaml", "a.yaml", text))
	resources := f.Resources()
	if len(resources) != 1 {
		return apiserver.Object{}, false
	}
	r := resources[0]
	data, ok := manifest.AppendJSON(nil, r.Node)
	return apiserver.Object{APIVersion: r.APIVersion, Kind: r.Kind, JSON: data}, ok
}

// inProcess is kubeknot's answer to a document.
func inProcess(text []byte) answer {
	o, ok := read(text)
	if !ok {
		return answer{stage: unsent, causes: []cause{{message: "kubeknot finds no object in it"}}}
	}
	if l, ok := apiserver.LifecycleOf(o.APIVersion, o.Kind); ok && l.Removed != (apiserver.Version{}) && apiserver.Served.AtLeast(l.Removed) {
		return answer{stage: unsent, causes: []cause{{message: "removed in " + l.Removed.String()}}}
	}
	return answerIn(apiserver.Create(o))
}

// inProcessUpdate is kubeknot's answer to a document that is applied over
// another one.
func inProcessUpdate(before, after []byte) answer {
	old, ok := read(before)
	o, known := read(after)
	if !ok || !known {
		return answer{stage: unsent}
	}
	if a := answerIn(apiserver.Create(o)); a.refused() {
		return a
	}
	return answerIn(apiserver.Update(old, o))
}

// answerIn keeps of a verdict what the server would say first: it stops at the
// first thing it cannot decode, then at unknown fields. kubeknot says what
// stands behind as well.
func answerIn(v apiserver.Verdict) answer {
	a := answer{stage: accepted, verdict: &v}
	order := []stage{accepted, validation, strict, decoding}
	for _, r := range v.Refusals {
		if s := stageOf(r.Family); slices.Index(order, s) > slices.Index(order, a.stage) && !isBehind(r, v) {
			a.stage = s
		}
	}
	for _, r := range slices.Concat(v.Refusals, v.Folded) {
		if stageOf(r.Family) == a.stage && !isBehind(r, v) {
			a.causes = append(a.causes, cause{r.Field, r.Message})
		}
	}
	for _, w := range v.Warnings {
		a.warnings = append(a.warnings, w.Message)
	}
	return a.sorted()
}

// isBehind reports whether a refusal is about something inside a field that
// the server does not know, and so does not look into.
func isBehind(r apiserver.Refusal, v apiserver.Verdict) bool {
	return slices.ContainsFunc(v.Refusals, func(u apiserver.Refusal) bool {
		n := len(u.Path)
		inside := len(r.Path) > n || len(r.Path) == n && r.Family != apiserver.UnknownField
		return u.Family == apiserver.UnknownField && inside && slices.Equal(r.Path[:n], u.Path)
	})
}

func stageOf(f apiserver.Family) stage {
	switch f {
	case apiserver.WrongType, apiserver.NotServed:
		return decoding
	case apiserver.UnknownField:
		return strict
	}
	return validation
}

// difference says how two answers differ.
type difference string

const (
	same          difference = ""
	acceptedHere  difference = "accepted by kubeknot, refused by the server"
	refusedHere   difference = "refused by kubeknot, accepted by the server"
	otherStage    difference = "refused at another stage"
	otherFields   difference = "other fields"
	otherWords    difference = "other words for the same fields"
	otherWarnings difference = "other warnings"
)

// compare returns the gravest difference.
func compare(here, there answer) difference {
	switch {
	case !here.refused() && there.refused():
		return acceptedHere
	case here.refused() && !there.refused():
		return refusedHere
	case !here.refused():
		if !slices.Equal(warned(here.warnings), warned(there.warnings)) {
			return otherWarnings
		}
		return same
	case here.stage != there.stage:
		return otherStage
	case there.stage == decoding:
		return compareDecoding(here, there)
	case !slices.Equal(fields(here), fields(there)):
		return otherFields
	case there.stage == validation && !slices.Equal(here.causes, there.causes):
		return otherWords
	}
	return same
}

// compareDecoding compares with an answer that names one wrong type, and that
// without indices and keys of maps; of quantities and times it names not even
// the field.
func compareDecoding(here, there answer) difference {
	field := there.causes[0].field
	if field == "" {
		return same
	}
	for _, c := range here.causes {
		if c.field == "" || isWithin(steps(c.field), steps(field)) {
			return same
		}
	}
	return otherFields
}

var index = regexp.MustCompile(`\[[^\]]*\]`)

func steps(field string) []string { return strings.Split(index.ReplaceAllString(field, ""), ".") }

// isWithin reports whether the steps of a decoder's path stand in a full path,
// in that order. The decoder names embedded structs too, by their Go type.
func isWithin(full, path []string) bool {
	path = slices.DeleteFunc(path, func(step string) bool { return step != "" && unicode.IsUpper(rune(step[0])) })
	for _, step := range full {
		if len(path) > 0 && path[0] == step {
			path = path[1:]
		}
	}
	return len(path) == 0
}

func fields(a answer) []string {
	var all []string
	for _, c := range a.causes {
		all = append(all, c.field)
	}
	return slices.Compact(all)
}

// warned cuts the path from warnings, as kubeknot does, and sorts them.
func warned(texts []string) []string {
	var all []string
	for _, text := range texts {
		path, message, ok := strings.Cut(text, ": ")
		if !ok || strings.Contains(path, " ") {
			message = text
		}
		all = append(all, message)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
