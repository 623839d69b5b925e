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
)

//go:embed html/page.tmpl
var pageText string

//go:embed html/page.css
var pageStyle string

//go:embed html/page.js
var pageScript string

// page is parsed once: a mistake in it shows in every test. Whatever it is
// given is escaped for the place where it stands.
var page = template.Must(template.New("page").Funcs(template.FuncMap{"count": count, "sign": sign}).Parse(pageText))

// pagePolicy allows the page its own style and script and nothing else, least
// of all the network.
var pagePolicy = "default-src 'none'; img-src data:; style-src '" + digest(pageStyle) + "'; script-src '" + digest(pageScript) +
	"'; base-uri 'none'; form-action 'none'"

// htmlReporter writes one page that needs nothing else: no file beside it, no
// network, and no script for reading. It holds no times, so the same manifests
// give the same page.
type htmlReporter struct {
	rules []*analyzer.Rule
}

// htmlPage is what the template is given.
type htmlPage struct {
	Style      template.CSS
	Script     template.JS
	Policy     string
	Closing    string
	Failures   []string
	Findings   int
	Severities []htmlCount
	Rules      []htmlRule
	Units      []*htmlUnit // those with findings
	Clean      []*htmlUnit // those without, as far as there is something to draw
	Pictures   bool        // there is at least one
	NotJudged  []htmlGroup
}

type htmlCount struct {
	Severity analyzer.Severity
	Count    int
}

// htmlGroup is what was not judged for one reason. Files is empty for what
// concerns the run as a whole.
type htmlGroup struct {
	Reason string
	Files  []string
}

// htmlRule explains a rule that has findings. Explained is false if nothing
// but its id is known.
type htmlRule struct {
	ID, Title  string
	Count      int
	Why        []string
	References []htmlReference
	Explained  bool
}

// htmlReference is a page or a place in source; URL is "" for the latter.
type htmlReference struct{ Text, URL string }

// Report implements Reporter.
func (h htmlReporter) Report(w io.Writer, r *analyzer.Result) error {
	summary := r.Summary
	summary.Elapsed = 0
	p := htmlPage{
		Style: template.CSS(pageStyle), Script: template.JS(pageScript), Policy: pagePolicy,
		Closing:  strings.TrimSpace(textReporter{newPalette(false)}.closing(summary, len(r.Known))),
		Findings: len(r.Findings), Rules: h.explain(r.Findings),
	}
	for _, line := range firstLines(r.Failure) {
		p.Failures = append(p.Failures, flat(line))
	}
	for _, s := range levels {
		p.Severities = append(p.Severities, htmlCount{s, len(ofSeverity(r.Findings, s))})
	}
	for _, u := range htmlUnits(r) {
		p.Pictures = p.Pictures || len(u.Pictures) > 0
		if len(u.Findings) > 0 {
			p.Units = append(p.Units, u)
		} else {
			p.Clean = append(p.Clean, u)
		}
	}
	for _, g := range byReason(r.NotJudged) {
		p.NotJudged = append(p.NotJudged, htmlGroup{flat(g.reason), g.files})
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
	found := make([]htmlRule, 0, len(counts))
	for id, n := range counts {
		e := htmlRule{ID: id, Count: n}
		if i := slices.IndexFunc(h.rules, func(r *analyzer.Rule) bool { return r.ID == id }); i >= 0 {
			e.describe(h.rules[i])
		}
		found = append(found, e)
	}
	slices.SortFunc(found, func(a, b htmlRule) int { return strings.Compare(a.ID, b.ID) })
	return found
}

func (e *htmlRule) describe(r *analyzer.Rule) {
	e.Title, e.Explained = flat(r.Title), true
	if why := strings.TrimSpace(r.Why); why != "" {
		for _, paragraph := range strings.Split(why, "\n\n") {
			e.Why = append(e.Why, flat(paragraph))
		}
	}
	for _, ref := range r.References {
		known := htmlReference{Text: flat(ref)}
		if strings.HasPrefix(ref, "https://") {
			known.URL = ref
		}
		e.References = append(e.References, known)
	}
}

// sign is how a severity looks in one character.
func sign(s analyzer.Severity) string {
	switch s {
	case analyzer.Error:
		return "✕"
	case analyzer.Warning:
		return "▲"
	}
	return "●"
}
