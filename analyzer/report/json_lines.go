package report

import (
	"io"

	"github.com/kubeknot/kubeknot/analyzer"
)

// jsonLinesReporter writes one JSON object per line: the findings, what was not
// judged, and the summary as the last. Their fields are those of the json
// format, and the type says which one it is.
type jsonLinesReporter struct{}

// jsonTyped is the field that every line starts with: "finding", "notJudged"
// or "summary".
type jsonTyped struct {
	Type string `json:"type"`
}

// Report implements Reporter.
func (jsonLinesReporter) Report(w io.Writer, r *analyzer.Result) error {
	e := newEncoder(w)
	for i := range r.Findings {
		if err := e.Encode(struct {
			jsonTyped
			jsonFinding
		}{jsonTyped{"finding"}, newJSONFinding(&r.Findings[i])}); err != nil {
			return err
		}
	}
	for _, n := range r.NotJudged {
		if err := e.Encode(struct {
			jsonTyped
			jsonNotJudged
		}{jsonTyped{"notJudged"}, jsonNotJudged(n)}); err != nil {
			return err
		}
	}
	return e.Encode(struct {
		jsonTyped
		jsonSummary
	}{jsonTyped{"summary"}, newJSONSummary(r)})
}
