package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
)

// githubReporter writes workflow commands of GitHub Actions, the most severe
// findings first, no more than GitHub shows
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
type githubReporter struct{}

// githubShown is how many annotations of a level GitHub shows of one step; it
// drops the rest without a word
// (https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations).
const githubShown = 10

// githubLevels are the workflow commands of severities.
var githubLevels = map[analyzer.Severity]string{
	analyzer.Error:   "error",
	analyzer.Warning: "warning",
	analyzer.Info:    "notice",
}

// Report implements Reporter.
func (githubReporter) Report(w io.Writer, r *analyzer.Result) error {
	out := bufio.NewWriter(w) // keeps the first error for Flush
	var more []string
	for _, level := range levels {
		findings := ofSeverity(r.Findings, level)
		shown := min(len(findings), githubShown)
		for _, f := range findings[:shown] {
			out.WriteString(annotation(f) + "\n")
		}
		if n := len(findings) - shown; n > 0 {
			more = append(more, count(n, string(level)))
		}
	}
	if len(more) > 0 {
		fmt.Fprintf(out, "not annotated: %s more, because GitHub shows %d of each level\n", strings.Join(more, ", "), githubShown)
	}
	return out.Flush()
}

// annotation returns the command of a finding. Columns are for what stands on
// one line: that is what GitHub's check runs take.
func annotation(f *analyzer.Finding) string {
	var properties []string
	add := func(name string, value any) {
		properties = append(properties, name+"="+githubProperty.Replace(fmt.Sprint(value)))
	}
	if loc := f.Location; !loc.IsZero() {
		start, end := loc.Start(), lastLine(loc)
		add("file", clean(loc.File.Path))
		add("line", start.Line)
		add("endLine", end)
		if end == start.Line && loc.End().Line == end {
			add("col", start.Column)
			add("endColumn", loc.End().Column)
		}
	}
	add("title", f.Rule)
	var lines []string
	for line := range strings.SplitSeq(everything(f), "\n") {
		lines = append(lines, clean(strings.TrimSuffix(line, "\r"))) // logs are read on terminals too
	}
	text := githubData.Replace(strings.Join(lines, "\n"))
	return "::" + githubLevels[severity(f)] + " " + strings.Join(properties, ",") + "::" + text
}

// What would end a command or one of its properties is escaped.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
