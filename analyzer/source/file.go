// Package source holds the bytes of a file and the arithmetic between byte
// offsets and the lines and columns that people read. It imports nothing of
// kubeknot.
package source

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/kubeknot/kubeknot/analyzer/secret"
)

// BOM is the UTF-8 byte order mark. It is no character of the first line.
const BOM = "\xef\xbb\xbf"

// File is one manifest file, read once and never changed.
type File struct {
	// Path is what people are shown: slash-separated, relative to the working
	// directory when the file lies below it.
	Path string
	// Rel is the slash-separated path inside the tree that was loaded. It is
	// the same wherever the tool was started, so fingerprints use it.
	Rel string
	// Data is the whole content, as read.
	Data []byte

	once   sync.Once
	lines  []int32 // byte offset of the start of each line; no file is that large, see MaxSize
	hidden []Span  // secrets, see Hide
}

// NewFile returns the file of the given paths and content.
func NewFile(path, rel string, data []byte) *File {
	return &File{Path: path, Rel: rel, Data: data}
}

// Position is a place as an editor shows it.
type Position struct {
	Line   int // 1-based
	Column int // 1-based, counted in code points
}

// Span is a byte range of a file: Start is included, End is not.
type Span struct {
	Start, End int
}

// Location is a span of a certain file. A nil File means that the place is
// unknown.
type Location struct {
	File *File
	Span Span
}

// Start returns the position of the first character.
func (l Location) Start() Position { return l.File.Position(l.Span.Start) }

// End returns the position just behind the last character.
func (l Location) End() Position { return l.File.Position(l.Span.End) }

// IsZero reports whether the location names no file.
func (l Location) IsZero() bool { return l.File == nil }

// Text returns the bytes of the span.
func (l Location) Text() []byte { return l.File.Data[l.Span.Start:l.Span.End] }

// index finds the line starts. Lines end at LF, CR LF or a lone CR, as in
// YAML 1.2 (section 5.4).
func (f *File) index() {
	f.once.Do(func() {
		f.lines = append(make([]int32, 0, bytes.Count(f.Data, []byte("\n"))+2), 0)
		for i, c := range f.Data {
			if c == '\n' || c == '\r' && (i+1 == len(f.Data) || f.Data[i+1] != '\n') {
				f.lines = append(f.lines, int32(i+1))
			}
		}
	})
}

// Position returns the position of a byte offset. Offsets outside the file are
// moved to its nearest end; an invalid byte counts as one character.
func (f *File) Position(offset int) Position {
	f.index()
	offset = min(max(offset, 0), len(f.Data))
	line, _ := slices.BinarySearch(f.lines, int32(offset+1)) // the first line that starts behind offset
	start := int(f.lines[line-1])
	if line == 1 && bytes.HasPrefix(f.Data, []byte(BOM)) {
		start = min(len(BOM), offset)
	}
	return Position{Line: line, Column: utf8.RuneCount(f.Data[start:offset]) + 1}
}

// Lines returns the number of lines. A line break at the very end starts one
// more, empty line.
func (f *File) Lines() int {
	f.index()
	return len(f.lines)
}

// Line returns the span of a 1-based line without its line break and without a
// byte order mark. Lines that do not exist are empty.
func (f *File) Line(n int) Span {
	f.index()
	if n < 1 || n > len(f.lines) {
		return Span{len(f.Data), len(f.Data)}
	}
	start, end := int(f.lines[n-1]), len(f.Data)
	if n < len(f.lines) {
		end = int(f.lines[n])
	}
	if n == 1 && bytes.HasPrefix(f.Data, []byte(BOM)) {
		start = len(BOM)
	}
	for end > start && (f.Data[end-1] == '\n' || f.Data[end-1] == '\r') {
		end--
	}
	return Span{start, end}
}

// Hide marks a range as secret: LineText shows it as asterisks. It is meant
// for the time of parsing and not safe for concurrent use.
func (f *File) Hide(s Span) {
	if s.End > s.Start {
		f.hidden = append(f.hidden, s)
	}
}

// Hidden returns what Hide was given.
func (f *File) Hidden() []Span { return f.hidden }

// LineText returns the text of a 1-based line for showing to people: no line
// break, and cut at the first hidden byte, or where a credential begins, which
// is shown as secret.Mask. The length of a secret is a hint too, so nothing behind it
// is shown either.
func (f *File) LineText(n int) string {
	line := f.Line(n)
	cut := line.End
	for _, h := range f.hidden {
		if h.Start < cut && h.End > line.Start {
			cut = max(h.Start, line.Start)
		}
	}
	if start := f.credential(n); start >= 0 {
		cut = min(cut, line.Start+start)
	}
	if cut < line.End {
		return string(f.Data[line.Start:cut]) + secret.Mask
	}
	return string(f.Data[line.Start:line.End])
}
