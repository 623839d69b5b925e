package report

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// markdownReporter writes a summary of a run in GitHub's Markdown, as jobs show
// it: a table for each severity, and what belongs to its findings folded away.
type markdownReporter struct {
	browse string
}

// markdownRows is how many findings of a severity are listed: GitHub takes no
// summary above 1 MiB
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#job-summaries).
const markdownRows = 200

// Report implements Reporter.
func (m markdownReporter) Report(w io.Writer, r *analyzer.Result) error {
	out := bufio.NewWriter(w) // keeps the first error for Flush
	plain := textReporter{newPalette(false)}
	summary := r.Summary
	summary.Elapsed = 0
	fmt.Fprintf(out, "## kubeknot\n\n%s", plain.closing(summary, len(r.Known)))
	for _, level := range levels {
		if findings := ofSeverity(r.Findings, level); len(findings) > 0 {
			fmt.Fprintf(out, "\n### %s\n", count(len(findings), string(level)))
			m.table(out, findings[:min(len(findings), markdownRows)])
			if more := len(findings) - markdownRows; more > 0 {
				fmt.Fprintf(out, "\n%d more are not listed.\n", more)
			}
		}
	}
	if groups := byReason(r.NotJudged); len(groups) > 0 {
		out.WriteString("\n<details>\n<summary>Not judged</summary>\n\n")
		for _, g := range groups {
			out.WriteString("- " + markdownText(g.String()) + "\n")
		}
		out.WriteString("\n</details>\n")
	}
	return out.Flush()
}

// table writes one row for each finding, and below it what there is to say of
// each.
func (m markdownReporter) table(out *bufio.Writer, findings []*analyzer.Finding) {
	out.WriteString("\n| Where | Finding | Rule |\n|---|---|---|\n")
	var details strings.Builder
	for _, f := range findings {
		where := m.link(f.Location)
		fmt.Fprintf(out, "| %s | %s | %s |\n", where, markdownText(f.Message), markdownText(f.Rule))
		lines := m.details(f)
		if len(lines) > 0 {
			fmt.Fprintf(&details, "- %s\n", strings.TrimSpace(where+" "+markdownText(f.Message)))
		}
		for _, line := range lines {
			fmt.Fprintf(&details, "  - %s\n", line)
		}
	}
	if details.Len() > 0 {
		fmt.Fprintf(out, "\n<details>\n<summary>Why, and what to change</summary>\n\n%s\n</details>\n", details.String())
	}
}

func (m markdownReporter) details(f *analyzer.Finding) []string {
	var lines []string
	for _, r := range remarks(f) {
		lines = append(lines, markdownText(r.String()))
	}
	for _, r := range f.Related {
		if !r.Location.IsZero() {
			lines = append(lines, strings.TrimSpace(m.link(r.Location)+" "+markdownText(r.Message)))
		}
	}
	return lines
}

// link leads to the lines of a location; "" for an unknown place.
func (m markdownReporter) link(loc source.Location) string {
	if loc.IsZero() {
		return ""
	}
	start, end := loc.Start().Line, lastLine(loc)
	lines := fmt.Sprintf("L%d", start)
	if end > start {
		lines += fmt.Sprintf("-L%d", end)
	}
	// Escaping leaves ( and ), which end the target of a link.
	target := strings.NewReplacer("(", "%28", ")", "%29").Replace((&url.URL{Path: loc.File.Path}).String())
	return fmt.Sprintf("[%s:%d](%s%s#%s)", markdownText(loc.File.Path), start, m.browse, strings.TrimPrefix(target, "./"), lines)
}

// markdownText shows a text as it is, on one line: nothing in it is read as
// Markdown, as HTML or as the end of a cell.
func markdownText(s string) string {
	s = markdownEscapes.Replace(flat(s))
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") { // a list
		s = `\` + s
	}
	return s
}

var markdownEscapes = strings.NewReplacer(
	"<", "&lt;", ">", "&gt;", "&", "&amp;",
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "#", `\#`,
)
