package suppress

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Annotation suppresses rules for an object, where comments do not survive
// because a tool writes it: "rule-id -- reason; rule-id -- reason".
const Annotation = "kubeknot.io/ignore"

// written is an object and what a person has written of it.
type written struct {
	resource *manifest.Resource
	// build is the kustomization in whose build the object is, nil if it is
	// applied as it is written.
	build *source.File
	// text is what it is made of.
	text source.Location
}

// annotations returns the suppressions in the annotations of the objects that
// were judged, and of those that they lean on.
func (r Run) annotations() []*suppression {
	type key struct {
		at   source.Location
		text string
	}
	objects := map[key][]written{}
	var order []key
	for _, u := range r.Units {
		for _, object := range slices.Concat(u.Resources, u.Context, u.Replaced) {
			text := manifest.String(object.Node, "metadata", "annotations", Annotation)
			if text == "" {
				continue
			}
			w := written{resource: object, text: textOf(object)}
			if u.Build != nil && u.Build.Built() && object.Origin != nil {
				w.build = u.Build.Kustomization.Document.File
			}
			k := key{object.Location("metadata", "annotations", Annotation), text}
			if objects[k] == nil {
				order = append(order, k)
			}
			objects[k] = append(objects[k], w)
		}
	}
	named := map[string]bool{}
	for _, f := range r.Texts {
		named[f.Path] = true
	}
	var all []*suppression
	for _, k := range order {
		covers := coversAll(objects[k])
		for _, text := range strings.Split(k.text, ";") {
			if strings.TrimSpace(text) == "" {
				continue
			}
			d := parseDirective(text)
			for _, rule := range d.rules {
				all = append(all, &suppression{
					directive: d, rule: rule, at: k.at, covers: covers,
					named: named[k.at.File.Path], judged: r.Judged(rule, k.at.File.Rel),
				})
			}
		}
	}
	return all
}

// textOf returns the place of all that a person has written of an object.
func textOf(r *manifest.Resource) source.Location {
	d, n := r.Document, r.Node
	if r.Origin != nil {
		place := r.Origin.Trace(nil)
		d, n = place.Document, place.Node
	}
	if n == nil { // a template: what else is in the document is made with it
		return source.Location{File: d.File, Span: d.Span}
	}
	return d.Location(n)
}

// coversAll reports whether a finding has an end in one of the objects; of a
// finding that shows in several builds, in each of them.
func coversAll(objects []written) func(*analyzer.Finding) bool {
	return func(f *analyzer.Finding) bool {
		in := func(build *source.File) bool {
			return slices.ContainsFunc(objects, func(w written) bool {
				return w.build == build && (w.resource == f.Resource || slices.ContainsFunc(ends(f), w.holds))
			})
		}
		for _, b := range f.Builds {
			if !in(b.File) {
				return false
			}
		}
		return len(f.Builds) > 0 || in(nil)
	}
}

// holds reports whether a place is in the text.
func (w written) holds(at source.Location) bool {
	return at.File.Path == w.text.File.Path && contains(w.text.Span, at.Span.Start)
}
