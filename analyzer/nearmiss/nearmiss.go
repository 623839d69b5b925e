// Package nearmiss explains why a name or a selector finds nothing: it is the one
// engine that all rules with a dangling end ask. It weighs what speaks for a
// candidate, such as a slip of the pen, a prefix or a sibling of the label's key,
// and what speaks against it, such as a label that an operator sets, and returns
// the best explanation with both places. Of what it cannot explain the rules say
// that it is absent, or leave it open. It imports analyzer and what that imports.
package nearmiss

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Explanation says what a dangling reference or selector probably means. A nil
// one means that nothing explains it.
type Explanation struct {
	// Key is the label of the selector at fault, "" for all of it or for a
	// reference by name.
	Key string
	// Label stands under the dangling end, "" for the rule's own words.
	Label string
	// At is the other end, and What stands under it. Where At is zero the other
	// end has no place in the unit, and What is a note.
	At   source.Location
	What string
	// Help names the end to change, and why that end.
	Help string
	// Wanted and There are the two names that are compared; "" if the names do
	// not matter.
	Wanted, There string
	// Reading names what it rests on, see the lists of Object and explain.
	Reading string
	// Weak reports that it is likely and no more: then it is a warning.
	Weak bool
}

// reading is a way to explain a dangling end by what may have been meant.
type reading[T any] struct {
	name    string
	explain func([]T) *Explanation
}

// first returns the first explanation that the readings give, nil if there is
// none.
func first[T any](readings []reading[T], of []T) *Explanation {
	for _, r := range readings {
		if e := r.explain(of); e != nil {
			e.Reading = r.name
			return e
		}
	}
	return nil
}

// Explain writes an explanation into a finding. The place and path of the
// finding are the rule's.
func (e *Explanation) Explain(f *analyzer.Finding) {
	f.Evidence, f.Reading, f.Help = analyzer.NearMiss, e.Reading, e.Help
	if e.Weak {
		f.Severity = analyzer.Warning
	}
	if e.Label != "" {
		f.Label = e.Label
	}
	if e.At.IsZero() {
		f.Notes = append(f.Notes, e.What)
	} else {
		f.Related = []analyzer.Related{{Location: e.At, Message: e.What}}
	}
	f.Notes = append(f.Notes, Notes(e.Wanted, e.There)...)
}

// Notes returns a note that shows where two names differ, none if they are not
// alike.
func Notes(wanted, there string) []string {
	if Compare(wanted, there) == Unlike {
		return nil
	}
	a, b := Mark(wanted, there)
	return []string{fmt.Sprintf("the names differ in the part in brackets: %s, %s", a, b)}
}

// dataFields are the fields that hold the data of ConfigMaps and Secrets.
var dataFields = []string{"data", "binaryData", "stringData"}

// hasKey reports whether a ConfigMap or Secret has an entry.
func hasKey(r *manifest.Resource, key string) bool {
	return slices.ContainsFunc(dataFields, func(field string) bool { return manifest.Field(r.Get(field), key).Key != nil })
}
