// Package report writes what a run found: text for people, concise for editors
// and grep, json and json-lines for programs, the rest for services that show
// findings; one file per format behind one interface. Of kubeknot it imports
// analyzer, and source and manifest for the places and objects of findings. It
// decides nothing about findings: what it is given, it prints, in the order
// given.
package report

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
)

// Reporter writes a result in one format.
type Reporter interface {
	// Report writes the whole result. Its only errors are those of w.
	Report(w io.Writer, r *analyzer.Result) error
}

// Options are the choices that a format leaves to its caller.
type Options struct {
	// Color puts ANSI colours into formats made for people. Whether a terminal
	// reads them is the caller's to know.
	Color bool
	// Rules are those that ran, for formats that explain them; nil if they are
	// not known.
	Rules []*analyzer.Rule
	// Version is that of kubeknot, "" if it is not known.
	Version string
	// FailOn is the lowest severity that fails the run, "" if none does.
	FailOn analyzer.Severity
	// Browse is the URL of the working directory in a web view of the
	// repository, with a slash at its end; "" makes relative links.
	Browse string
}

// formats holds every format, the default first.
var formats = [...]struct {
	name string
	make func(Options) Reporter
}{
	{"text", func(o Options) Reporter { return textReporter{newPalette(o.Color)} }},
	{"concise", func(Options) Reporter { return conciseReporter{} }},
	{"json", func(Options) Reporter { return jsonReporter{} }},
	{"json-lines", func(Options) Reporter { return jsonLinesReporter{} }},
	{"sarif", func(o Options) Reporter { return sarifReporter{o.Rules, o.Version} }},
	{"junit", func(o Options) Reporter { return junitReporter{o.FailOn} }},
	{"github", func(Options) Reporter { return githubReporter{} }},
	{"gitlab", func(Options) Reporter { return gitlabReporter{} }},
	{"checkstyle", func(Options) Reporter { return checkstyleReporter{} }},
	{"markdown", func(o Options) Reporter { return markdownReporter{o.Browse} }},
	{"html", func(o Options) Reporter { return htmlReporter{o.Rules} }},
}

// New returns the reporter of a format. The error for an unknown format names
// those that exist.
func New(format string, o Options) (Reporter, error) {
	for _, f := range formats {
		if f.name == format {
			return f.make(o), nil
		}
	}
	names := Formats()
	last := len(names) - 1
	return nil, fmt.Errorf("no format %q: use %s or %s", format, strings.Join(names[:last], ", "), names[last])
}

// Formats returns the names of all formats, the default first.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

// severity returns how loud a finding is: what is set, or else what follows
// from its claim and evidence.
func severity(f *analyzer.Finding) analyzer.Severity {
	return cmp.Or(f.Severity, analyzer.SeverityOf(f.Claim, f.Evidence))
}

// firstLines returns what a run failed at, a line for each rule that did; nil
// if it did not. The stack behind the first line of a panic is for terminals.
func firstLines(failure error) []string {
	switch f := failure.(type) {
	case nil:
		return nil
	case interface{ Unwrap() []error }:
		var lines []string
		for _, err := range f.Unwrap() {
			lines = append(lines, firstLines(err)...)
		}
		return lines
	}
	line, _, _ := strings.Cut(failure.Error(), "\n")
	return []string{line}
}

// builds says in which builds of kustomizations a finding shows; "" if that
// goes without saying, because it stands in the only one.
func builds(f *analyzer.Finding) string {
	if len(f.Builds) == 1 && !f.Location.IsZero() && path.Dir(f.Location.File.Path) == path.Dir(f.Builds[0].File.Path) {
		return ""
	}
	return strings.Join(buildNames(f), ", ")
}
