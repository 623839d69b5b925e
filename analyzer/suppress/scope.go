package suppress

import (
	"cmp"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// scope is what a comment holds for: a line of a file, a span of it, or with
// neither the whole file.
type scope struct {
	file string
	line int
	span source.Span
}

// nowhere is the line of a comment that is about none.
const nowhere = -1

// index finds the suppressions of one rule that cover a finding. Comments are
// found by what they hold for, so that any number of them costs no more than
// they are; the others are asked one by one.
type index struct {
	places map[scope]*group
	spans  map[string][]scope // of places, those with a span, in order, by file
	others []*suppression
}

// group is suppressions that hold for the same.
type group struct {
	all  []*suppression
	used bool
}

func (x *index) add(s *suppression) {
	if s.scope == nil {
		x.others = append(x.others, s)
		return
	}
	if x.places == nil {
		x.places, x.spans = map[scope]*group{}, map[string][]scope{}
	}
	g := x.places[*s.scope]
	if g == nil {
		g = &group{}
		x.places[*s.scope] = g
		if s.scope.span != (source.Span{}) {
			x.spans[s.scope.file] = append(x.spans[s.scope.file], *s.scope)
		}
	}
	g.all = append(g.all, s)
}

// cover reports whether a finding is silenced, and notes what silences it: all
// that hold are of use.
func (x *index) cover(f *analyzer.Finding) (silent bool) {
	if x == nil {
		return false
	}
	for _, s := range x.others {
		if s.covers(f) {
			s.used, silent = true, true
		}
	}
	if x.places == nil {
		return silent
	}
	for _, end := range ends(f) {
		file := end.File.Path
		silent = x.use(scope{file: file}) || silent
		silent = x.use(scope{file: file, line: end.Start().Line}) || silent
		spans := x.spans[file] // of documents, so none holds a part of another
		behind, _ := slices.BinarySearchFunc(spans, end.Span.Start+1, func(s scope, offset int) int { return cmp.Compare(s.span.Start, offset) })
		if behind > 0 && contains(spans[behind-1].span, end.Span.Start) {
			silent = x.use(spans[behind-1]) || silent
		}
	}
	return silent
}

// use marks the suppressions that hold for a place, and reports whether there are
// any.
func (x *index) use(s scope) bool {
	g := x.places[s]
	if g == nil {
		return false
	}
	if !g.used {
		g.used = true
		for _, s := range g.all {
			s.used = true
		}
	}
	return true
}
