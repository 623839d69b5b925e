package helm

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// values are the values files of a rendering.
type values struct {
	given  []*manifest.Document // those on top of the charts', the one that wins first
	charts map[*chart.Chart]*scope
}

// scope is where the values of one chart are looked up.
type scope struct {
	name  string
	above *scope // of the chart that depends on this one
	files []*manifest.Document
}

// openValues reads the given values files. The charts' own follow with scope.
func (r *renderer) openValues(given []*source.File) {
	r.values = &values{charts: map[*chart.Chart]*scope{}}
	for _, f := range slices.Backward(given) {
		own := source.NewFile(f.Path, f.Rel, f.Data) // other charts hide other secrets of it
		r.sources = append(r.sources, own)
		r.values.given = append(r.values.given, documents(own)...)
	}
}

// scope makes the scope of a chart. own is its values.yaml, nil if it has none.
func (v *values) scope(c *chart.Chart, above *scope, own *source.File) *scope {
	s := &scope{name: c.Name(), above: above}
	v.charts[c] = s
	if above == nil {
		s.files = slices.Clone(v.given)
	}
	if own != nil {
		s.files = append(s.files, documents(own)...)
	}
	return s
}

// documents returns the documents of a values file, the one that wins first.
func documents(f *source.File) []*manifest.Document {
	parsed := manifest.ParseAny(f).Documents
	slices.Reverse(parsed)
	for _, d := range parsed {
		d.HideSecrets(d.Root, false)
	}
	return parsed
}

// checkValues returns the error of a values file that is no YAML. Helm's does
// not say where.
func checkValues(f *source.File) error {
	for _, d := range manifest.ParseAny(f).Documents {
		if d.Role == manifest.Template {
			return nil // filled in by another tool; Helm's loader judges it
		}
		for _, p := range d.Problems {
			if p.Kind == manifest.SyntaxError {
				return &NotRendered{At: source.Location{File: f, Span: p.Span}, Reason: p.Message, Broken: true}
			}
		}
	}
	return nil
}

// found is a value as it stands in a values file.
type found struct {
	manifest.Place
	node *manifest.Node
}

// find returns the values at a path, the one that counts first. Those of the
// charts above come before a chart's own, and globals stand at the top of any.
func (s *scope) find(path []string) []found {
	var all []found
	own := slices.Clone(path)
	for at := s; at != nil; at = at.above {
		there := at.lookup(own)
		if len(path) > 0 && path[0] == "global" && at != s {
			there = append(at.lookup(path), there...)
		}
		all = append(there, all...)
		own = append([]string{at.name}, own...)
	}
	return all
}

func (s *scope) lookup(path []string) []found {
	var all []found
	for _, d := range s.files {
		if n := get(d.Root, path); n != nil {
			all = append(all, found{manifest.Place{Document: d, Node: d.Root, Path: path}, n})
		}
	}
	return all
}

// get is manifest.Get that returns null values too.
func get(n *manifest.Node, path []string) *manifest.Node {
	for _, step := range path {
		switch n = manifest.Resolve(n); {
		case n == nil:
			return nil
		case n.Kind == manifest.SequenceNode:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(n.Content) {
				return nil
			}
			n = &n.Content[i]
		default:
			n = manifest.Field(n, step).Value
		}
	}
	return manifest.Resolve(n)
}

// resolve turns a reference of a segment into a path of values. ok is false if
// it is none of values.
func (s *scope) resolve(r reference, at []int) (path []string, ok bool) {
	if len(r) == 0 || r[0].key != "Values" {
		return nil, false
	}
	for _, step := range r[1:] {
		if step.loop < 0 {
			path = append(path, step.key)
			continue
		}
		element, ok := s.element(path, at[step.loop])
		if !ok {
			return nil, false
		}
		path = append(path, element)
	}
	return path, true
}

// element returns the index or key of an element in the order of range: maps
// are sorted by key.
func (s *scope) element(path []string, n int) (string, bool) {
	keys := map[string]bool{}
	for _, f := range s.find(path) {
		if f.node.Kind != manifest.MappingNode {
			return strconv.Itoa(n), n >= 0 && f.node.Kind == manifest.SequenceNode
		}
		for key := range manifest.Fields(f.node) {
			keys[key] = true
		}
	}
	sorted := slices.Sorted(maps.Keys(keys))
	if n < 0 || n >= len(sorted) {
		return "", false
	}
	return sorted[n], true
}

// same reports whether a template has put out a value as it stands.
func same(rendered, value *manifest.Node) bool {
	rendered, value = manifest.Resolve(rendered), manifest.Resolve(value)
	switch {
	case rendered == nil || value == nil || rendered.Kind != value.Kind:
		return false
	case rendered.Kind != manifest.ScalarNode:
		return true
	case strings.TrimSpace(rendered.Value) == strings.TrimSpace(value.Value):
		return true
	}
	a, ok := manifest.Int(rendered) // 010, 8 and 8.0 are one number
	b, other := manifest.Int(value)
	return ok && other && a == b
}
