package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the parts of the page
	"encoding/base64"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

//go:embed html/page.tmpl
var pageText string

//go:embed html/page.css
var pageStyle string

//go:embed html/page.js
var pageScript string

// page is parsed once: a mistake in it shows in every test. Whatever it is
// given is escaped for the place where it stands.
var page = template.Must(template.New("page").Parse(pageText))

// htmlReporter writes one page that needs nothing else: no file beside it, no
// network, and no script for reading.
type htmlReporter struct {
	rules []*analyzer.Rule
}

// htmlPage is what the template is given.
type htmlPage struct {
	Style       template.CSS
	Script      template.JS
	Policy      string
	Closing     string
	Severities  []htmlCount
	Rules       []htmlRule
	Units       []*htmlUnit
	NotJudged   []htmlGroup
	HasFindings bool
}

// htmlGroup is what was not judged for one reason. Files is empty for what
// concerns the run as a whole.
type htmlGroup struct {
	Reason string
	Files  []string
}

type htmlCount struct {
	Name  string
	Count int
}

// htmlRule explains a rule that has findings. Explained is false if nothing
// but its id is known.
type htmlRule struct {
	ID, Title  string
	Claim      analyzer.Claim
	Count      int
	Why        []string
	References []htmlReference
	Explained  bool
}

// htmlReference is a page or a place in source; URL is "" for the latter.
type htmlReference struct{ Text, URL string }

// htmlUnit is a unit with its picture and findings, either of which may be
// missing.
type htmlUnit struct {
	Name     string
	Number   int
	Pictures []*picture
	Findings []htmlFinding
}

type htmlFinding struct {
	ID                        string
	Severity, Rule, Message   string
	Claim                     analyzer.Claim
	Evidence                  analyzer.Evidence
	Snippets                  []htmlSnippet
	Consequence, Builds, Help string
	Notes                     []string
	Fingerprint               string
}

// htmlSnippet is a line of source. Class tells the place at fault from the
// related ones.
type htmlSnippet struct {
	Class, Place          string
	Line                  int
	Before, Marked, After string
	Label                 string
}

// Report implements Reporter.
func (h htmlReporter) Report(w io.Writer, r *analyzer.Result) error {
	s := r.Summary
	s.Elapsed = 0 // the same manifests give the same page
	p := htmlPage{
		Style: template.CSS(pageStyle), Script: template.JS(pageScript),
		Policy: "default-src 'none'; img-src data:; style-src '" + digest(pageStyle) + "'; script-src '" + digest(pageScript) +
			"'; base-uri 'none'; form-action 'none'",
		Closing:   textReporter{newPalette(false)}.closing(s, len(r.Known)),
		Rules:     h.explain(r.Findings),
		Units:     htmlUnits(r),
		HasFindings: len(r.Findings) > 0,
	}
	for _, g := range byReason(r.NotJudged) {
		p.NotJudged = append(p.NotJudged, htmlGroup{flat(g.reason), g.files})
	}
	for _, s := range []analyzer.Severity{analyzer.Error, analyzer.Warning, analyzer.Info} {
		c := htmlCount{Name: string(s)}
		for i := range r.Findings {
			if severity(&r.Findings[i]) == s {
				c.Count++
			}
		}
		p.Severities = append(p.Severities, c)
	}
	out := bufio.NewWriter(w) // keeps the first error for Flush
	if err := page.Execute(out, p); err != nil {
		return err
	}
	return out.Flush()
}

// digest is the source expression of an inline style or script in a
// Content-Security-Policy.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// explain returns the rules that have findings, by their ids.
func (h htmlReporter) explain(findings []analyzer.Finding) []htmlRule {
	counts := map[string]int{}
	for i := range findings {
		counts[findings[i].Rule]++
	}
	var found []htmlRule
	for _, r := range h.rules {
		if counts[r.ID] == 0 {
			continue
		}
		e := htmlRule{ID: r.ID, Title: flat(r.Title), Claim: r.Claim, Count: counts[r.ID], Why: paragraphs(r.Why), Explained: true}
		for _, ref := range r.References {
			known := htmlReference{Text: flat(ref)}
			if strings.HasPrefix(ref, "https://") {
				known.URL = ref
			}
			e.References = append(e.References, known)
		}
		found = append(found, e)
		delete(counts, r.ID)
	}
	for id, n := range counts {
		found = append(found, htmlRule{ID: id, Count: n})
	}
	slices.SortFunc(found, func(a, b htmlRule) int { return strings.Compare(a.ID, b.ID) })
	return found
}

// htmlUnits returns the units, those with findings first. Findings of files
// that no unit could read stand under "".
func htmlUnits(r *analyzer.Result) []*htmlUnit {
	var units []*htmlUnit
	byName := map[string]*htmlUnit{}
	named := func(name string) *htmlUnit {
		u := byName[name]
		if u == nil {
			u = &htmlUnit{Name: flat(name)}
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
	for i, u := range units {
		u.Number = i + 1
	}
	return units
}

func newHTMLFinding(index int, f *analyzer.Finding) htmlFinding {
	x := htmlFinding{
		ID: anchor(index)[1:], Severity: string(severity(f)), Rule: f.Rule, Message: flat(f.Message), Claim: f.Claim, Evidence: f.Evidence,
		Consequence: flat(f.Consequence), Builds: flat(builds(f)), Help: flat(f.Help), Fingerprint: f.Fingerprint(),
	}
	if !f.Location.IsZero() {
		x.Snippets = append(x.Snippets, newHTMLSnippet("fault", f.Location, f.Label))
	}
	for _, r := range f.Related {
		if !r.Location.IsZero() {
			x.Snippets = append(x.Snippets, newHTMLSnippet("related", r.Location, r.Message))
		} else if r.Message != "" {
			x.Notes = append(x.Notes, flat(r.Message))
		}
	}
	for _, n := range f.Notes {
		x.Notes = append(x.Notes, flat(n))
	}
	return x
}

// newHTMLSnippet shows the same part of the same line as text does.
func newHTMLSnippet(class string, loc source.Location, label string) htmlSnippet {
	e := newExcerpt(loc)
	before := firstColumns(e.text, e.column)
	rest := e.text[len(before):]
	marked := firstColumns(rest, e.width)
	return htmlSnippet{Class: class, Place: place(loc), Line: loc.Start().Line, Before: before, Marked: marked, After: rest[len(marked):], Label: flat(label)}
}

// paragraphs returns the paragraphs of a text.
func paragraphs(text string) []string {
	all := strings.Split(strings.TrimSpace(text), "\n\n")
	for i, p := range all {
		all[i] = flat(p)
	}
	return all
}
