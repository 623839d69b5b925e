package helm

import (
	"regexp"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Unquoted returns the action of a template that has made all of a plain scalar of
// an object, so that quotes in the values would change nothing. ok is false if
// the object is none of a chart, or the template does not write the value so.
func Unquoted(r *manifest.Resource, path []string) (action source.Location, ok bool) {
	o, made := r.Origin.(*origin)
	if !made {
		return source.Location{}, false
	}
	steps := o.follow(path)
	if len(steps) != len(path) || len(path) == 0 {
		return source.Location{}, false
	}
	last := steps[len(steps)-1]
	by := o.made(last.span.Start)
	if last.node.Kind != manifest.ScalarNode || unquoted(last) != last.span || !by.holds(last.span) || by.Start != last.span.Start {
		return source.Location{}, false
	}
	at := source.Location{File: o.file, Span: by.span}
	return at, !quoting.Match(o.file.Data[by.span.Start:by.span.End])
}

// quoting are the functions that put what reads like a number into quotes.
var quoting = regexp.MustCompile(`\b(?:s?quote|to(?:Raw|Pretty)?Json|toYaml(?:Pretty)?|printf "%q")`)
