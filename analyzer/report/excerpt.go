package report

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/kubeknot/kubeknot/analyzer/secret"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

const (
	// maxColumns is the widest source line that is shown whole.
	maxColumns = 160
	// leadColumns is what stays before the marked text when the line's start
	// is cut off.
	leadColumns = 40
	// maxBytes bounds what is looked at on either side of the marked text:
	// minified JSON puts megabytes on one line.
	maxBytes = 4096
)

// excerpt is a source line, or the part of it around the marked text, ready to
// print. column and width are display columns; width is never 0.
type excerpt struct {
	text          string
	column, width int
}

// newExcerpt returns the first line of a location whose File is not nil.
func newExcerpt(loc source.Location) excerpt {
	text, mark := markedLine(loc)
	text, mark = nearby(text, mark)
	before := clean(text[:mark.Start])
	marked := clean(text[mark.Start:mark.End])
	after := clean(strings.TrimRight(text[mark.End:], " \t"))
	return window(before, marked, after)
}

// markedLine returns the text of a location's first line and the bytes of that
// text to underline.
func markedLine(loc source.Location) (string, source.Span) {
	n := loc.Start().Line
	line, text := loc.File.Line(n), loc.File.LineText(n)
	start, end := loc.Span.Start-line.Start, loc.Span.End-line.Start
	if loc.Span.End > line.End {
		end = len(strings.TrimRight(text, " \t"))
	}
	if text != string(loc.File.Data[line.Start:line.End]) {
		// Marking all of the mask or nothing keeps the secret's length.
		secret := len(text) - len(secret.Mask)
		start = min(start, secret)
		if end > secret {
			end = len(text)
		}
	}
	start = min(max(start, 0), len(text))
	return text, source.Span{Start: start, End: min(max(end, start), len(text))}
}

// nearby cuts a line of very many bytes down to what can matter, and widens
// all bounds to whole characters.
func nearby(text string, mark source.Span) (string, source.Span) {
	from := floor(text, max(mark.Start-maxBytes, 0))
	to := ceil(text, min(mark.Start+maxBytes, len(text)))
	start, end := floor(text, mark.Start), ceil(text, min(mark.End, to))
	return text[from:to], source.Span{Start: start - from, End: end - from}
}

// floor and ceil return the character boundary at or before, at or behind i.
func floor(s string, i int) int {
	for 0 < i && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return i
}

func ceil(s string, i int) int {
	for i < len(s) && !utf8.RuneStart(s[i]) {
		i++
	}
	return i
}

// window puts the pieces of a line together, without its start if the marked
// text would not fit otherwise, and without its end if that does not fit.
// Widths are those of everything up to a bound, never of a piece alone: the
// bound may lie inside what is one character to the eye.
func window(before, marked, after string) excerpt {
	tooLong := displaywidth.String(before+marked+after) > maxColumns
	tooFar := displaywidth.String(before+marked) >= maxColumns // "…" needs the last column
	if tooLong && tooFar && displaywidth.String(before) > leadColumns {
		before = "…" + lastColumns(before, leadColumns-1)
	}
	text := displaywidth.TruncateString(before+marked+after, maxColumns, "…")
	column := displaywidth.String(before)
	end := min(displaywidth.String(before+marked), displaywidth.String(text))
	return excerpt{text: text, column: column, width: max(end-column, 1)}
}

// lastColumns returns the end of s that is at most n columns wide.
func lastColumns(s string, n int) string {
	surplus := displaywidth.String(s) - n
	for g := displaywidth.StringGraphemes(s); surplus > 0 && g.Next(); {
		surplus -= g.Width()
		s = s[len(g.Value()):]
	}
	return s
}

// firstColumns returns the start of s that is at most n columns wide.
func firstColumns(s string, n int) string {
	width, end := 0, 0
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		if width += g.Width(); width > n {
			break
		}
		end += len(g.Value())
	}
	return s[:end]
}
