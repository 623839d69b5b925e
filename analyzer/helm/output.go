package helm

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// output is what a template has made, with its marks taken out.
type output struct {
	*template
	text     string
	segments []segment
	origins  []*origin // of all objects, in order
}

// segment is a stretch of an output that one piece has made.
type segment struct {
	source.Span
	*piece
	at []int // the element that each range action was at
}

// marks finds the marks in what a template has made. A template can make the byte
// that encloses them too: what is no mark is text.
var marks = regexp.MustCompile(markByte + `([lip])(\d{1,9})` + markByte)

// read takes the marks out of what a template has made.
func (t *template) read(marked string) *output {
	o := &output{template: t}
	var text strings.Builder
	at := make([]int, t.loops)
	done := 0
	for _, m := range marks.FindAllStringSubmatchIndex(marked, -1) {
		text.WriteString(marked[done:m[0]])
		done = m[1]
		n, _ := strconv.Atoi(marked[m[4]:m[5]])
		switch kind := marked[m[2]]; {
		case kind == 'p' && n < len(t.pieces):
			o.end(text.Len())
			o.segments = append(o.segments, segment{source.Span{Start: text.Len(), End: text.Len()}, &t.pieces[n], slices.Clone(at)})
		case kind == 'l' && n < t.loops:
			at[n] = -1
		case kind == 'i' && n < t.loops:
			at[n]++
		}
	}
	text.WriteString(marked[done:])
	o.end(text.Len())
	o.text = text.String()
	return o
}

// end ends the last segment.
func (o *output) end(at int) {
	if len(o.segments) > 0 {
		o.segments[len(o.segments)-1].End = at
	}
}

// made returns the segment that holds an offset, nil for one before the first.
func (o *output) made(offset int) *segment {
	i, _ := slices.BinarySearchFunc(o.segments, offset, func(s segment, offset int) int {
		if s.Start <= offset {
			return -1
		}
		return 1
	})
	if i == 0 {
		return nil
	}
	return &o.segments[i-1]
}

// origin returns the span of the template that has made a span of the output.
func (o *output) origin(s source.Span) source.Span {
	from, to := o.made(s.Start), o.made(max(s.Start, s.End-1))
	if from == nil || to == nil {
		return o.file.Line(1)
	}
	if s.Start == s.End {
		from = o.silent(s.Start, from)
		to = from
	}
	span := source.Span{Start: from.source(s.Start).Start, End: to.source(s.End).End}
	if span.End < span.Start { // the end is of a later turn of a loop
		span.End = from.span.End
	}
	return span
}

// silent returns the action that has made an empty text at an offset, or the
// segment that holds it.
func (o *output) silent(offset int, held *segment) *segment {
	for i := range o.segments {
		s := &o.segments[i]
		if s.Start > offset+1 {
			break
		}
		if !s.literal && s.Start == s.End && s.Start >= offset {
			return s
		}
	}
	return held
}

// source returns where an offset of the segment comes from: the very place for
// text, the whole action for what it has made.
func (s *segment) source(offset int) source.Span {
	if !s.literal {
		return s.span
	}
	at := min(s.span.Start+offset-s.Start, s.span.End)
	return source.Span{Start: at, End: at}
}

// holds reports whether an action has made all of a span.
func (s *segment) holds(span source.Span) bool {
	return s != nil && !s.literal && s.Start <= span.Start && span.End <= s.End
}
