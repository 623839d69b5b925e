// Package suppress takes out of a result what people have decided to live
// with: findings that a comment, an annotation or an entry of the configuration
// silences, and those that a baseline knows of. It reports what of that is of
// no use any more. It imports analyzer and what stands before it.
package suppress

import (
	"slices"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Options say what is suppressed besides what stands in the manifests. The
// zero value is what holds without a configuration.
type Options struct {
	// Known are the ids of all rules there are; nil means those that ran.
	Known []string
	// ReasonOptional allows suppressions without a reason.
	ReasonOptional bool
	// Entries are those of the configuration.
	Entries []Entry
	// Baselines are asked in their order.
	Baselines []Baseline
	// Today is the day that expiry is compared with; the zero value is now.
	Today time.Time
}

// Run is what a run has read and found.
type Run struct {
	// Findings are sorted by analyzer.Sort.
	Findings []analyzer.Finding
	// Rules are those that ran.
	Rules []*analyzer.Rule
	// Texts are the files that were named and that people have written: not
	// what a chart makes, but its templates.
	Texts []*source.File
	// Files holds what was read of them, if it was; of a Markdown text there is
	// one for each block.
	Files []*manifest.File
	Units []*unit.Unit
	// Named reports whether a path inside the tree was asked for.
	Named func(rel string) bool
	// Judged reports whether a rule has judged all of a file, given by its path
	// inside the tree: without nodes some rules do not.
	Judged func(rule, rel string) bool
}

// Outcome is what is left of a run.
type Outcome struct {
	// Findings holds what is reported, with what is wrong with suppressions,
	// sorted by analyzer.Sort.
	Findings []analyzer.Finding
	// Suppressed counts the findings that are silenced.
	Suppressed int
	// Known and Stale are as in analyzer.Result.
	Known []analyzer.Finding
	Stale []string
}

// suppression silences one rule in one place.
type suppression struct {
	directive
	rule string
	// at is what has to be edited to remove it.
	at source.Location
	// scope is what a comment holds for. Of all others it is nil, and covers
	// reports whether a finding of the rule lies where they hold.
	scope  *scope
	covers func(*analyzer.Finding) bool
	// named reports whether its file was asked for, and judged whether the rule
	// has looked at all that it holds for.
	named, judged bool
	used          bool
}

// Apply takes out what is suppressed or known.
func Apply(o Options, r Run) Outcome {
	if o.Today.IsZero() {
		o.Today = time.Now()
	}
	all := slices.Concat(r.comments(), r.annotations(), r.entries(o.Entries))
	review := newReview(o, r)
	active := map[string]*index{}
	for _, s := range all {
		if review.valid(s) && !review.expired(s) {
			if active[s.rule] == nil {
				active[s.rule] = &index{}
			}
			active[s.rule].add(s)
		}
	}
	out := Outcome{Findings: make([]analyzer.Finding, 0, len(r.Findings))}
	for i := range r.Findings {
		f := &r.Findings[i]
		if active[f.Rule].cover(f) {
			out.Suppressed++
		} else {
			out.Findings = append(out.Findings, *f)
		}
	}
	for _, s := range all {
		review.report(s)
	}
	out.Findings = append(out.Findings, review.findings...)
	analyzer.Sort(out.Findings)
	for _, b := range o.Baselines {
		b.apply(&out, r)
	}
	return out
}

// ends returns the places of a finding: its own and the other ends of the tie.
func ends(f *analyzer.Finding) []source.Location {
	var all []source.Location
	if !f.Location.IsZero() {
		all = append(all, f.Location)
	}
	for _, r := range f.Related {
		if !r.Location.IsZero() {
			all = append(all, r.Location)
		}
	}
	return all
}
