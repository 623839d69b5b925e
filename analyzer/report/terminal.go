package report

import (
	"fmt"
	"strings"

	"github.com/fatih/color"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// tab is what a tab is shown as. The same width at every column lets a line be
// cut anywhere without moving what follows.
const tab = "    "

// clean makes a string safe to print on a terminal: tabs become spaces, and
// characters that a terminal would obey instead of showing are spelled out
// (\x1b, \u202e). Manifests and file names are other people's input.
// It works character by character, so the pieces of a string may be cleaned
// one by one, and it comes before any measuring of width.
func clean(s string) string {
	var b strings.Builder
	for _, r := range s { // an invalid byte arrives as U+FFFD
		switch {
		case r == '\t':
			b.WriteString(tab)
		case !obeyed(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// Printable is clean for texts of several lines, which stay lines.
func Printable(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = clean(strings.TrimSuffix(line, "\r"))
	}
	return strings.Join(lines, "\n")
}

// obeyed reports whether a terminal or an editor may act on a character: C0
// and C1 controls, line and paragraph separators, byte order marks, and the
// marks, embeddings, overrides and isolates that reorder text (Unicode
// Standard Annex 9). Zero width joiners stay: emoji and scripts need them.
func obeyed(r rune) bool {
	switch {
	case r < 0x20, 0x7F <= r && r <= 0x9F:
		return true
	case r == 0x061C, r == 0x200E, r == 0x200F, r == 0xFEFF:
		return true
	}
	return 0x2028 <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069
}

// flat is clean for sentences: their line breaks become spaces.
func flat(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return clean(strings.Join(lines, " "))
}

// place returns "path:line:column" of the start of a location.
func place(loc source.Location) string {
	start := loc.Start()
	return fmt.Sprintf("%s:%d:%d", clean(loc.File.Path), start.Line, start.Column)
}

// palette holds the colours of the text format. Each is an instance with its
// own switch, because fatih/color's global one belongs to the whole process.
type palette struct {
	err, warning, info *color.Color
	strong             *color.Color // messages, words that start a line
	frame              *color.Color // gutter and arrows
	related            *color.Color // underlines of secondary places
	help               *color.Color
}

func newPalette(on bool) palette {
	paint := func(attributes ...color.Attribute) *color.Color {
		c := color.New(attributes...)
		if on {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c
	}
	return palette{
		err:     paint(color.FgRed, color.Bold),
		warning: paint(color.FgYellow, color.Bold),
		info:    paint(color.FgCyan, color.Bold),
		strong:  paint(color.Bold),
		frame:   paint(color.FgBlue),
		related: paint(color.FgBlue, color.Bold),
		help:    paint(color.FgGreen, color.Bold),
	}
}

// of returns the colour of a severity.
func (p palette) of(s analyzer.Severity) *color.Color {
	switch s {
	case analyzer.Error:
		return p.err
	case analyzer.Warning:
		return p.warning
	}
	return p.info
}
