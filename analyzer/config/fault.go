package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Fault is something wrong with a configuration file.
type Fault struct {
	Location source.Location
	Message  string
}

// Error returns the fault behind its place: "kubeknot.yaml:3:1: ...".
func (f Fault) Error() string {
	at := f.Location.Start()
	return fmt.Sprintf("%s:%d:%d: %s", f.Location.File.Path, at.Line, at.Column, f.Message)
}

// Faults is all that is wrong with the configuration, in order. It is never
// returned empty.
type Faults []Fault

// Error returns one line for each fault below a heading.
func (f Faults) Error() string {
	lines := []string{"the configuration cannot be used:"}
	for _, fault := range f {
		lines = append(lines, fault.Error())
	}
	return strings.Join(lines, "\n")
}

func (f *Faults) add(at source.Location, format string, args ...any) {
	*f = append(*f, Fault{Location: at, Message: fmt.Sprintf(format, args...)})
}

// sorted returns the faults in the order of their places, each once: what an
// alias repeats is wrong in one place.
func (f Faults) sorted() Faults {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Location.File.Path, b.Location.File.Path), cmp.Compare(a.Location.Span.Start, b.Location.Span.Start))
	})
	return slices.CompactFunc(f, func(a, b Fault) bool {
		return a.Location.File == b.Location.File && a.Location.Span == b.Location.Span && a.Message == b.Message
	})
}
