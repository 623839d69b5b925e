package report

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// htmlUnit is a unit with its findings and its picture, of which one may be
// missing. Name is "" for the findings of files that no unit could read.
type htmlUnit struct {
	Name     string
	Number   int
	Pictures []*picture // several if units share a name
	Findings []htmlFinding
}

type htmlFinding struct {
	Anchor, Rule, Message string
	Severity              analyzer.Severity
	Claim                 analyzer.Claim
	Evidence              analyzer.Evidence
	Snippets              []htmlSnippet
	Remarks               []htmlRemark
}

// htmlRemark has no word where it is a plain fact.
type htmlRemark struct {
	Word, Text string
	Help       bool
}

// htmlSnippet is a line of source with its place; Fault tells the place at fault
// from the other ends of the tie.
type htmlSnippet struct {
	Fault                 bool
	Place                 string
	Line                  int
	Before, Marked, After string
	Label                 string
}

// htmlUnits returns the units, those with findings in the order of these, then
// the others.
func htmlUnits(r *analyzer.Result) []*htmlUnit {
	var units []*htmlUnit
	byName := map[string]*htmlUnit{}
	named := func(name string) *htmlUnit {
		u := byName[name]
		if u == nil {
			u = &htmlUnit{Name: flat(name), Number: len(units) + 1}
			byName[name] = u
			units = append(units, u)
		}
		return u
	}
	for i := range r.Findings {
		u := named(r.Findings[i].Unit)
		u.Findings = append(u.Findings, newHTMLFinding(i, &r.Findings[i]))
	}
	for _, t := range r.Ties {
		if p := draw(t, r.Findings); p != nil {
			u := named(t.Unit)
			u.Pictures = append(u.Pictures, p)
		}
	}
	return units
}

func newHTMLFinding(index int, f *analyzer.Finding) htmlFinding {
	x := htmlFinding{Anchor: anchor(index), Rule: f.Rule, Message: flat(f.Message), Severity: severity(f), Claim: f.Claim, Evidence: f.Evidence}
	if !f.Location.IsZero() {
		x.Snippets = append(x.Snippets, newHTMLSnippet(true, f.Location, f.Label))
	}
	for _, r := range f.Related {
		if !r.Location.IsZero() {
			x.Snippets = append(x.Snippets, newHTMLSnippet(false, r.Location, r.Message))
		}
	}
	for _, r := range remarks(f) {
		x.Remarks = append(x.Remarks, htmlRemark{flat(r.word), flat(r.text), r.word == helpWord})
	}
	return x
}

// newHTMLSnippet shows the same part of the same line as text does.
func newHTMLSnippet(fault bool, loc source.Location, label string) htmlSnippet {
	e := newExcerpt(loc)
	before := firstColumns(e.text, e.column)
	rest := e.text[len(before):]
	marked := firstColumns(rest, e.width)
	return htmlSnippet{fault, place(loc), loc.Start().Line, before, marked, rest[len(marked):], flat(label)}
}
