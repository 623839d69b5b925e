package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// textReporter writes findings for people: what is wrong, both ends of the tie in their
// source, what Kubernetes will do and what to change. A summary follows.
type textReporter struct {
	palette
}

// Report implements Reporter.
func (t textReporter) Report(w io.Writer, r *analyzer.Result) error {
	out := bufio.NewWriter(w) // keeps the first error for Flush
	for i := range r.Findings {
		out.WriteString(t.finding(&r.Findings[i]) + "\n")
	}
	out.WriteString(t.notJudged(r.NotJudged))
	out.WriteString(t.stale(r.Stale))
	out.WriteString(t.closing(r.Summary, len(r.Known)))
	return out.Flush()
}

// finding returns the lines of one finding.
func (t textReporter) finding(f *analyzer.Finding) string {
	b := block{palette: t.palette, gutter: gutterWidth(f)}
	b.header(f)
	b.snippet(f.Location, '^', f.Label, t.of(severity(f)))
	for _, r := range f.Related {
		b.snippet(r.Location, '-', r.Message, t.related)
	}
	for _, r := range remarks(f) {
		switch {
		case r.word == "":
			b.remark(flat(r.text))
		case r.word == helpWord:
			b.remark(t.help.Sprint(r.word+":") + " " + flat(r.text))
		default:
			b.remark(t.strong.Sprint(clean(r.word)+":") + " " + flat(r.text))
		}
	}
	return b.String()
}

// gutterWidth returns the digits of the greatest line number of a finding, so
// that all its snippets stand in one column.
func gutterWidth(f *analyzer.Finding) int {
	line := 1
	if !f.Location.IsZero() {
		line = f.Location.Start().Line
	}
	for _, r := range f.Related {
		if !r.Location.IsZero() {
			line = max(line, r.Location.Start().Line)
		}
	}
	return len(fmt.Sprint(line))
}

// block builds the lines of one finding.
type block struct {
	strings.Builder
	palette
	gutter int // columns of the line numbers
}

func (b *block) header(f *analyzer.Finding) {
	s := severity(f)
	b.WriteString(b.of(s).Sprintf("%s[%s]", clean(string(s)), clean(f.Rule)))
	b.WriteString(b.strong.Sprint(": "+flat(f.Message)) + "\n")
}

// snippet shows the first line of a location with its text underlined and
// labelled; nothing for an unknown place.
func (b *block) snippet(loc source.Location, underline rune, label string, c *color.Color) {
	if loc.IsZero() {
		return
	}
	e := newExcerpt(loc)
	b.framed("", "┌─", place(loc))
	b.framed("", "│", "")
	b.framed(fmt.Sprint(loc.Start().Line), "│", e.text)
	mark := strings.Repeat(string(underline), e.width)
	if label != "" {
		mark += " " + flat(label)
	}
	b.framed("", "│", strings.Repeat(" ", e.column)+c.Sprint(mark))
}

// remark writes a line that belongs to the finding as a whole.
func (b *block) remark(s string) { b.framed("", "=", s) }

// framed writes a line behind the gutter. An empty one gets no trailing space.
func (b *block) framed(number, frame, s string) {
	b.WriteString(b.frame.Sprintf("%*s%s", b.gutter, number, frame))
	if s != "" {
		b.WriteString(" " + s)
	}
	b.WriteByte('\n')
}
