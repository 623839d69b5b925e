package helm

import (
	"slices"
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// origin leads from the fields of a rendered object to the template that has
// made it, and on to the values.
type origin struct {
	*output
	document *manifest.Document // of the template
	rendered *manifest.Document
	resource *manifest.Resource // as it stands in rendered

	// streamed is the object as somebody else has rendered it, maybe with other
	// values; nil unless Retrace is at work.
	streamed *manifest.Node
}

// Name returns the name of the object: Helm does not rename what it renders.
func (o *origin) Name() string { return o.resource.Name }

// Trace returns the value in a values file that a template has put out as it
// stands; else the place of the template that has made the field, or what comes
// closest to it.
func (o *origin) Trace(path []string) manifest.Place {
	steps := o.follow(path)
	whole := len(steps) == 0
	if whole {
		path = []string{"kind"}
		steps = o.follow(path)
	}
	if len(steps) == 0 {
		return manifest.Place{Document: o.document, Value: o.file.Line(1)}
	}
	if o.streamed != nil && !whole && !o.agrees(path[:len(steps)], steps[len(steps)-1]) {
		if steps = steps[:around(steps)]; len(steps) == 0 {
			return o.Trace(nil)
		}
	}
	if v, ok := o.value(path, steps); ok {
		return v
	}
	last, place := steps[len(steps)-1], manifest.Place{Document: o.document}
	switch {
	case last.key == nil:
		place.Value = o.output.origin(last.span)
	case len(steps) < len(path):
		place.Value = o.output.origin(*last.key)
	default:
		place.Key, place.Value = o.output.origin(*last.key), o.output.origin(last.span)
	}
	return place
}

// agrees reports whether a streamed object can have got a field as this one
// has: what a template fixes is the same with all values.
func (o *origin) agrees(path []string, last taken) bool {
	by := o.made(last.span.Start)
	return by == nil || !by.literal || same(last.node, get(o.streamed, path))
}

// around returns how far a path leads without its last step or, if that lies in
// an item of a list, without the item, which may be another one.
func around(steps []taken) int {
	for i := len(steps) - 1; i >= 0; i-- {
		if steps[i].key == nil {
			return i
		}
	}
	return len(steps) - 1
}

// taken is a step of a path that leads somewhere.
type taken struct {
	parent, node *manifest.Node
	key          *source.Span // nil for an item of a sequence
	span         source.Span  // of the value
}

// start is where a step begins to be written.
func (t taken) start() source.Span {
	if t.key != nil {
		return *t.key
	}
	return t.span
}

// follow takes the steps of a path as far as they lead.
func (o *origin) follow(path []string) []taken {
	var steps []taken
	n := o.resource.Node
	for _, step := range path {
		n = manifest.Resolve(n)
		if n != nil && n.Kind == manifest.SequenceNode {
			item := get(n, []string{step})
			if item == nil {
				break
			}
			steps = append(steps, taken{parent: n, node: item, span: o.rendered.SpanOf(item)})
			n = item
			continue
		}
		e := manifest.Field(n, step)
		if e.Key == nil {
			break
		}
		key := o.rendered.SpanOf(e.Key)
		steps = append(steps, taken{n, e.Raw, &key, o.rendered.SpanOf(e.Raw)})
		n = e.Raw
	}
	return steps
}

// value looks up what the last step holds in the values, if one action has made
// all of it and the values hold the same.
func (o *origin) value(path []string, steps []taken) (manifest.Place, bool) {
	last := steps[len(steps)-1]
	span := unquoted(last)
	by := o.made(span.Start)
	if span.Start == span.End || !by.holds(span) {
		return manifest.Place{}, false
	}
	node := last.node
	if o.streamed != nil {
		if node = get(o.streamed, path[:len(steps)]); len(steps) < len(path) && get(o.streamed, path) != nil {
			return manifest.Place{}, false // of other values
		}
	}
	inside := o.inside(path[:len(steps)], steps, by)
	for _, r := range by.values {
		from, ok := o.scope.resolve(r, by.at)
		if !ok {
			continue
		}
		for _, v := range slices.Concat(o.scope.find(slices.Concat(from, inside)), o.texts(from, inside)) {
			if same(node, v.node) {
				v.Path = append(v.Path, path[len(steps):]...)
				return v.Place, true
			}
		}
	}
	return manifest.Place{}, false
}

// texts returns what is at a path of the objects of this kind that the values
// hold as texts, which charts put out as they are.
func (o *origin) texts(from, inside []string) []found {
	var all []found
	for _, v := range o.scope.find(from) {
		for _, d := range manifest.ParseLiteral(v.Document, v.node) {
			if n := get(d.Root, inside); n != nil && manifest.String(d.Root, "kind") == o.resource.Kind {
				all = append(all, found{manifest.Place{Document: d, Node: d.Root, Path: inside}, n})
			}
		}
	}
	return all
}

// inside returns the end of a path that lies in what a segment has made.
func (o *origin) inside(path []string, steps []taken, by *segment) []string {
	for i, s := range steps {
		if !by.holds(s.start()) {
			continue
		}
		inside := append([]string(nil), path[i:]...)
		if s.key == nil { // items that stand before the segment do not count
			n, _ := strconv.Atoi(inside[0])
			for i := range s.parent.Content[:n] {
				if !by.holds(o.rendered.SpanOf(&s.parent.Content[i])) {
					n--
				}
			}
			inside[0] = strconv.Itoa(n)
		}
		return inside
	}
	return nil
}

// unquoted returns the span of a value without its quotes.
func unquoted(t taken) source.Span {
	if t.node.Kind == manifest.ScalarNode && t.node.Style&(manifest.DoubleQuotedStyle|manifest.SingleQuotedStyle) != 0 && t.span.End-t.span.Start >= 2 {
		return source.Span{Start: t.span.Start + 1, End: t.span.End - 1}
	}
	return t.span
}

// hideSecret hides what a Secret holds: the text of the template that it is
// made of, and the values that it is made with.
func (o *origin) hideSecret() {
	if o.resource.Kind != "Secret" || o.resource.Group != "" {
		return
	}
	for _, field := range []string{"data", "stringData"} {
		for _, e := range manifest.Fields(o.resource.Get(field)) {
			o.hide(o.rendered.SpanOf(e.Raw))
		}
	}
}

func (o *origin) hide(span source.Span) {
	for i := range o.segments {
		s := &o.segments[i]
		start, end := max(s.Start, span.Start), min(s.End, span.End)
		if start >= end {
			continue
		}
		if s.literal {
			o.file.Hide(source.Span{Start: s.source(start).Start, End: s.source(end).End})
		}
		for _, r := range s.values {
			if path, ok := o.scope.resolve(r, s.at); ok {
				for _, v := range o.scope.find(path) {
					v.Document.HideSecrets(v.node, true)
				}
			}
		}
	}
}
