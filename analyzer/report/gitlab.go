package report

import (
	"io"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
)

// gitlabReporter writes a Code Quality report for GitLab
// (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
type gitlabReporter struct{}

type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

// gitlabLocation is line 1 of "." for a finding without a place: GitLab takes
// none without.
type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end"`
}

// gitlabSeverities leaves critical and blocker to those who know what runs.
var gitlabSeverities = map[analyzer.Severity]string{
	analyzer.Error:   "major",
	analyzer.Warning: "minor",
	analyzer.Info:    "info",
}

// Report implements Reporter.
func (gitlabReporter) Report(w io.Writer, r *analyzer.Result) error {
	issues := make([]gitlabIssue, len(r.Findings))
	ids := identities(r.Findings)
	for i := range r.Findings {
		f := &r.Findings[i]
		issues[i] = gitlabIssue{
			Description: gitlabDescription(f),
			CheckName:   f.Rule,
			Fingerprint: ids[i],
			Severity:    gitlabSeverities[severity(f)],
			Location:    gitlabLocation{".", gitlabLines{1, 1}},
		}
		if loc := f.Location; !loc.IsZero() {
			issues[i].Location = gitlabLocation{loc.File.Path, gitlabLines{loc.Start().Line, lastLine(loc)}}
		}
	}
	return writeJSON(w, issues)
}

// gitlabDescription is one line: that is how merge requests show it.
func gitlabDescription(f *analyzer.Finding) string {
	return clean(strings.Join(strings.Split(fullMessage(f), "\n"), "; "))
}
