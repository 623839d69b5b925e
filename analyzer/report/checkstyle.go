package report

import (
	"encoding/xml"
	"io"

	"github.com/kubeknot/kubeknot/analyzer"
)

// checkstyleReporter writes the XML of Checkstyle's XMLLogger, which many
// services read.
type checkstyleReporter struct{}

type checkstyleDocument struct {
	XMLName xml.Name `xml:"checkstyle"`
	// Version is that of the format, not of kubeknot.
	Version string           `xml:"version,attr"`
	Files   []checkstyleFile `xml:"file"`
}

type checkstyleFile struct {
	Name   string            `xml:"name,attr"`
	Errors []checkstyleError `xml:"error"`
}

// checkstyleError has no line for a finding without a place.
type checkstyleError struct {
	Line     int               `xml:"line,attr,omitempty"`
	Column   int               `xml:"column,attr,omitempty"`
	Severity analyzer.Severity `xml:"severity,attr"`
	Message  string            `xml:"message,attr"`
	Source   string            `xml:"source,attr"`
}

// Report implements Reporter.
func (checkstyleReporter) Report(w io.Writer, r *analyzer.Result) error {
	doc := checkstyleDocument{Version: "4.3"}
	for _, g := range byFile(r.Findings) {
		file := checkstyleFile{Name: g.path}
		for i := range g.findings {
			f := &g.findings[i]
			at := newJSONPlace(f.Location)
			file.Errors = append(file.Errors, checkstyleError{
				Line: at.Line, Column: at.Column, Severity: severity(f),
				Message: Printable(everything(f)), Source: "kubeknot." + f.Rule,
			})
		}
		doc.Files = append(doc.Files, file)
	}
	return writeXML(w, doc)
}

// fileFindings are the findings of one file; path is "" for those without a
// place.
type fileFindings struct {
	path     string
	findings []analyzer.Finding
}

// byFile cuts findings, which are sorted by file, at its changes.
func byFile(findings []analyzer.Finding) []fileFindings {
	var groups []fileFindings
	for _, f := range findings {
		name := newJSONPlace(f.Location).File
		if len(groups) == 0 || groups[len(groups)-1].path != name {
			groups = append(groups, fileFindings{path: name})
		}
		g := &groups[len(groups)-1]
		g.findings = append(g.findings, f)
	}
	return groups
}
