package report

import (
	"bufio"
	"fmt"
	"io"

	"github.com/kubeknot/kubeknot/analyzer"
)

// conciseReporter writes one line per finding and nothing else:
//
//	file:line:col: severity: message [rule]
//
// Without a known place the line starts at the severity.
type conciseReporter struct{}

// Report implements Reporter.
func (conciseReporter) Report(w io.Writer, r *analyzer.Result) error {
	out := bufio.NewWriter(w) // keeps the first error for Flush
	for i := range r.Findings {
		f := &r.Findings[i]
		if !f.Location.IsZero() {
			out.WriteString(place(f.Location) + ": ")
		}
		message := flat(f.Message)
		if in := builds(f); in != "" {
			message += " (in " + flat(in) + ")"
		}
		fmt.Fprintf(out, "%s: %s [%s]\n", clean(string(severity(f))), message, clean(f.Rule))
	}
	return out.Flush()
}
