package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// jsonVersion changes when a reader of the shape below would break. A new
// field does not change it.
const jsonVersion = 1

// jsonReporter writes one indented JSON document. It holds no times and no
// source text: the same manifests give the same bytes, and no Secret's value.
type jsonReporter struct{}

// jsonDocument is the whole report. Arrays are never null, and every field is
// always there.
type jsonDocument struct {
	Version   int             `json:"version"`
	Findings  []jsonFinding   `json:"findings"`
	NotJudged []jsonNotJudged `json:"notJudged"`
	Summary   jsonSummary     `json:"summary"`
}

// jsonFinding is an analyzer.Finding.
type jsonFinding struct {
	Rule     string            `json:"rule"`
	Claim    analyzer.Claim    `json:"claim"`
	Severity analyzer.Severity `json:"severity"`
	Evidence analyzer.Evidence `json:"evidence"`
	// Reading is left out unless the evidence is a near miss.
	Reading string `json:"reading,omitempty"`
	Message string `json:"message"`
	// Consequence is "" if the message says it, Help if there is none.
	Consequence string   `json:"consequence"`
	Notes       []string `json:"notes"`
	Help        string   `json:"help"`
	jsonPlace
	// Resource is null if no object is at fault, as in a file of bad syntax.
	Resource *jsonResource `json:"resource"`
	// Unit is "" if the fault is the file's own.
	Unit string `json:"unit"`
	// Builds are the kustomizations in whose builds it shows, by directory.
	Builds  []string      `json:"builds"`
	Related []jsonRelated `json:"related"`
	// Fingerprint stays the same while lines move, see analyzer.Finding.
	Fingerprint string `json:"fingerprint"`
}

// jsonPlace is a source.Location: lines and columns count from 1, columns in
// code points, the end lies just behind the last character. Of an unknown
// place the file is "" and the numbers are 0.
type jsonPlace struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
}

// jsonResource names an object as it is written: Namespace and Name are "" if
// it has none.
type jsonResource struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// jsonRelated is a secondary place of a finding.
type jsonRelated struct {
	jsonPlace
	Message string `json:"message"`
}

// jsonNotJudged is what was passed over. File is "" for what concerns the run
// as a whole.
type jsonNotJudged struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// jsonSummary is an analyzer.Summary without its time.
type jsonSummary struct {
	Files     int `json:"files"`
	Resources int `json:"resources"`
	Units     int `json:"units"`
	Errors    int `json:"errors"`
	Warnings  int `json:"warnings"`
	Infos     int `json:"infos"`
	// Suppressed and Known count the findings that are not listed, Stale the
	// entries of a baseline that match nothing any more.
	Suppressed int `json:"suppressed"`
	Known      int `json:"known"`
	Stale      int `json:"stale"`
}

// Report implements Reporter. The findings are written one by one: those of a large
// tree, all encoded at once, would take as much memory as judging it.
func (jsonReporter) Report(w io.Writer, r *analyzer.Result) error {
	doc := jsonDocument{
		Version:   jsonVersion,
		Findings:  []jsonFinding{},
		NotJudged: make([]jsonNotJudged, len(r.NotJudged)),
		Summary:   newJSONSummary(r),
	}
	for i, n := range r.NotJudged {
		doc.NotJudged[i] = jsonNotJudged(n)
	}
	var frame, finding bytes.Buffer
	if err := writeJSON(&frame, doc); err != nil {
		return err
	}
	before, after, _ := strings.Cut(frame.String(), "[]") // the first are the findings
	out := bufio.NewWriter(w)
	out.WriteString(before + "[") // it keeps its error for Flush
	e := newEncoder(&finding)
	e.SetIndent("    ", "  ")
	for i := range r.Findings {
		finding.Reset()
		if err := e.Encode(newJSONFinding(&r.Findings[i])); err != nil {
			return err
		}
		if i > 0 {
			out.WriteString(",")
		}
		out.WriteString("\n    ")
		out.Write(bytes.TrimSuffix(finding.Bytes(), []byte("\n")))
	}
	if len(r.Findings) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteString("]" + after)
	return out.Flush()
}

// writeJSON writes an indented document.
func writeJSON(w io.Writer, doc any) error {
	e := newEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(doc)
}

func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(escaping{w, `\u%04x`})
	e.SetEscapeHTML(false) // messages hold <, > and & of placeholders and YAML
	return e
}

func newJSONSummary(r *analyzer.Result) jsonSummary {
	s := r.Summary
	return jsonSummary{
		Files: s.Files, Resources: s.Resources, Units: s.Units,
		Errors: s.Errors, Warnings: s.Warnings, Infos: s.Infos,
		Suppressed: s.Suppressed, Known: len(r.Known), Stale: len(r.Stale),
	}
}

func newJSONFinding(f *analyzer.Finding) jsonFinding {
	related := make([]jsonRelated, len(f.Related))
	for i, r := range f.Related {
		related[i] = jsonRelated{newJSONPlace(r.Location), r.Message}
	}
	return jsonFinding{
		Rule: f.Rule, Claim: f.Claim, Severity: severity(f), Evidence: f.Evidence, Reading: f.Reading,
		Message: f.Message, Consequence: f.Consequence,
		Notes:       append([]string{}, f.Notes...),
		Help:        f.Help,
		jsonPlace:   newJSONPlace(f.Location),
		Resource:    newJSONResource(f.Resource),
		Unit:        f.Unit,
		Builds:      buildNames(f),
		Related:     related,
		Fingerprint: f.Fingerprint(),
	}
}

func buildNames(f *analyzer.Finding) []string {
	names := make([]string, len(f.Builds))
	for i, b := range f.Builds {
		names[i] = b.Name
	}
	return names
}

func newJSONPlace(loc source.Location) jsonPlace {
	if loc.IsZero() {
		return jsonPlace{}
	}
	start, end := loc.Start(), loc.End()
	return jsonPlace{loc.File.Path, start.Line, start.Column, end.Line, end.Column}
}

func newJSONResource(r *manifest.Resource) *jsonResource {
	if r == nil {
		return nil
	}
	return &jsonResource{r.APIVersion, r.Kind, r.Namespace, r.Name}
}
