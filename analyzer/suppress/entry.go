package suppress

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Entry is a suppression of the configuration.
type Entry struct {
	Rule, Reason string
	// Expires is the first day on which it no longer holds, as 2027-01-01; ""
	// for never.
	Expires string
	// At is its place in the configuration.
	At source.Location
	// Covers reports whether it holds for one end of a finding.
	Covers func(End) bool
	// Judged reports that all it can hold for was part of the run. Only then it
	// can be of no use.
	Judged bool
}

// End is one end of a finding.
type End struct {
	File *source.File
	// Resource is nil if it is not known.
	Resource *manifest.Resource
}

// entries returns the suppressions of the configuration.
func (r Run) entries(all []Entry) []*suppression {
	if len(all) == 0 {
		return nil
	}
	texts := map[string][]written{} // the objects by the files of their texts
	for _, u := range r.Units {
		for _, object := range slices.Concat(u.Resources, u.Context, u.Replaced) {
			text := textOf(object)
			texts[text.File.Path] = append(texts[text.File.Path], written{resource: object, text: text})
		}
	}
	endsOf := func(f *analyzer.Finding) []End {
		found := []End{{f.Location.File, f.Resource}}
		for _, related := range f.Related {
			at := related.Location
			if at.IsZero() {
				continue
			}
			end := End{File: at.File}
			if i := slices.IndexFunc(texts[at.File.Path], func(w written) bool { return w.holds(at) }); i >= 0 {
				end.Resource = texts[at.File.Path][i].resource
			}
			found = append(found, end)
		}
		return found
	}
	var out []*suppression
	for _, e := range all {
		out = append(out, &suppression{
			directive: directive{rules: []string{e.Rule}, reason: e.Reason, expires: e.Expires},
			rule:      e.Rule,
			at:        e.At,
			named:     true,
			judged:    e.Judged,
			covers:    func(f *analyzer.Finding) bool { return slices.ContainsFunc(endsOf(f), e.Covers) },
		})
	}
	return out
}
