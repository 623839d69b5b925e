package report

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/kubeknot/kubeknot/analyzer"
)

// junitReporter writes the XML of JUnit as build servers read it: a suite for
// each file, a test case for each finding. What fails the run is a failure;
// quieter findings, and what was not judged, are skipped. A run without any of
// them is one case that passes, because servers take no cases for a mistake.
type junitReporter struct {
	failOn analyzer.Severity
}

type junitDocument struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Skipped int         `xml:"skipped,attr"`
	Cases   []junitCase `xml:"testcase"`
}

// junitCounts counts test cases; those that are skipped have no count in all
// suites together. Nothing here is an error, JUnit's word for a test that could
// not run.
type junitCounts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Failure   *junitFailure `xml:"failure"`
	Skipped   *junitSkipped `xml:"skipped"`
}

type junitFailure struct {
	Message string            `xml:"message,attr"`
	Type    analyzer.Severity `xml:"type,attr"`
	Text    string            `xml:",chardata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

// Report implements Reporter.
func (j junitReporter) Report(w io.Writer, r *analyzer.Result) error {
	doc := junitDocument{Name: "kubeknot"}
	for _, g := range byFile(r.Findings) {
		suite := junitSuite{Name: g.path}
		if suite.Name == "" {
			suite.Name = doc.Name
		}
		for i := range g.findings {
			suite.Cases = append(suite.Cases, j.testCase(suite.Name, &g.findings[i]))
		}
		doc.add(suite)
	}
	if len(r.NotJudged) > 0 {
		doc.add(notJudgedSuite(r.NotJudged))
	}
	if len(doc.Suites) == 0 {
		name := fmt.Sprintf("no problems in %s of %s", count(r.Summary.Resources, "object"), count(r.Summary.Files, "file"))
		doc.add(junitSuite{Name: doc.Name, Cases: []junitCase{{Name: name, ClassName: doc.Name}}})
	}
	return writeXML(w, doc)
}

// testCase is named by the rule and the line, so that no two of a file that are
// read by a person look the same.
func (j junitReporter) testCase(class string, f *analyzer.Finding) junitCase {
	text := Printable(everything(f))
	c := junitCase{Name: f.Rule, ClassName: class}
	if !f.Location.IsZero() {
		start := f.Location.Start()
		c.Name = fmt.Sprintf("%s:%d:%d", f.Rule, start.Line, start.Column)
		text = place(f.Location) + ": " + text
	}
	if s := severity(f); j.failOn != "" && s.AtLeast(j.failOn) {
		c.Failure = &junitFailure{Message: Printable(f.Message), Type: s, Text: text}
	} else {
		c.Skipped = &junitSkipped{Message: fmt.Sprintf("%s: %s", s, text)}
	}
	return c
}

func notJudgedSuite(entries []analyzer.NotJudged) junitSuite {
	suite := junitSuite{Name: "not judged"}
	for _, n := range entries {
		c := junitCase{Name: n.File, ClassName: suite.Name, Skipped: &junitSkipped{Message: Printable(n.Reason)}}
		if c.Name == "" {
			c.Name = n.Reason
		}
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

// add counts a suite and appends it.
func (d *junitDocument) add(s junitSuite) {
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	d.Tests += s.Tests
	d.Failures += s.Failures
	d.Suites = append(d.Suites, s)
}
