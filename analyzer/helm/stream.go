package helm

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// sourceComment is what "helm template" prints before each document.
var sourceComment = regexp.MustCompile(`^# Source: (([^/\s]+)/\S+)\s*$`)

// Source returns the template that a document of a stream was made of, as "helm
// template" says in a comment before it, and the chart, its first part. Both
// are "" if there is no such comment.
func Source(d *manifest.Document) (template, chart string) {
	text := string(d.File.Data[d.Span.Start:d.Span.End])
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if m := sourceComment.FindStringSubmatch(line); m != nil {
			return m[1], m[2]
		}
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "---") {
			break
		}
	}
	return "", ""
}

// Retraced is what became known of a stream.
type Retraced struct {
	// Sources are the files that its objects now lead to, as in Rendering.
	Sources []*source.File
	// Missing are the templates that are not there, sorted: what was made of
	// those keeps its place in the stream.
	Missing []string
}

// Retrace gives the objects of a stream that "helm template" has printed an
// Origin in the templates and values of their charts, which find returns by
// name.
//
// The stream does not say what values it was made with. The chart is rendered
// again with those of o, and a field leads to where the same field of the same
// object comes from then; to a values file only if that holds what the stream
// does. Of an object that the chart does not make with these values the
// template is known, and nothing closer.
func Retrace(f *manifest.File, o Options, find func(chart string) (Chart, bool)) Retraced {
	o.ReleaseName, o.Namespace = cmp.Or(o.ReleaseName, "release-name"), cmp.Or(o.Namespace, "default") // those of helm template
	var result Retraced
	charts := map[string]*renderer{}
	streams := map[string][]**manifest.Resource{}
	for _, d := range f.Documents {
		name, chart := Source(d)
		if name == "" || len(d.Resources) == 0 {
			continue
		}
		if _, known := charts[chart]; !known {
			charts[chart] = rendered(chart, o, find)
			if charts[chart] != nil {
				result.Sources = append(result.Sources, charts[chart].sources...)
			}
		}
		if r := charts[chart]; r == nil || r.templates[name] == nil && r.crds[name] == nil {
			result.Missing = append(result.Missing, name)
			continue
		}
		for i := range d.Resources {
			streams[name] = append(streams[name], &d.Resources[i])
		}
	}
	for name, stream := range streams {
		chart, _, _ := strings.Cut(name, "/")
		charts[chart].retrace(name, stream)
	}
	for _, d := range f.Documents {
		reattach(d)
	}
	slices.Sort(result.Missing)
	result.Missing = slices.Compact(result.Missing)
	return result
}

// reattach gives the problems of a document the objects that now stand for
// theirs.
func reattach(d *manifest.Document) {
	for i, p := range d.Problems {
		for _, r := range d.Resources {
			if p.Resource != nil && r.Node == p.Resource.Node {
				d.Problems[i].Resource = r
			}
		}
	}
}

// rendered renders a chart as far as it can be. It is nil if it is not there.
func rendered(chart string, o Options, find func(string) (Chart, bool)) *renderer {
	c, ok := find(chart)
	if !ok {
		return nil
	}
	r, err := open(c)
	if r == nil || r.chart.Name() != chart {
		return nil
	}
	if err == nil {
		var texts map[string]string
		if texts, err = r.render(o); err == nil {
			_, err = r.collect(texts)
		}
	}
	if err != nil && len(r.templates) == 0 {
		r.openValues(o.Values)
		r.scopes(r.chart, nil)
	}
	for _, crd := range r.chart.CRDObjects() {
		r.crds[crd.Filename] = manifest.Parse(r.files[crd.File])
	}
	return r
}

// retrace gives the objects of one template an Origin.
func (r *renderer) retrace(name string, stream []**manifest.Resource) {
	t := r.templates[name]
	if t == nil {
		retraceAsItStands(r.crds[name], stream)
		return
	}
	document := &manifest.Document{File: t.file, Span: source.Span{End: len(t.file.Data)}}
	var again []*origin
	if o := r.outputs[name]; o != nil {
		again = o.origins
	}
	partners := pair(stream, again)
	for i, at := range stream {
		object := *at
		if partners[i] == nil {
			*at = manifest.Made(object.Node, &unknown{object, document})
			continue
		}
		partner := *partners[i]
		partner.document, partner.streamed = document, object.Node
		*at = manifest.Made(object.Node, &partner)
	}
}

// retraceAsItStands is retrace for a file that is no template.
func retraceAsItStands(f *manifest.File, stream []**manifest.Resource) {
	for _, at := range stream {
		for _, r := range f.Resources() {
			if r.ID() == (*at).ID() {
				*at = manifest.Made((*at).Node, copied{r})
				break
			}
		}
	}
}

// copied is the origin of an object that was only handed on.
type copied struct{ *manifest.Resource }

// Name returns the name of the object.
func (c copied) Name() string { return c.Resource.Name }

// Trace returns the place of the field in the file.
func (c copied) Trace(path []string) manifest.Place {
	return manifest.Place{Document: c.Document, Node: c.Node, Path: path}
}

// pair finds for each object of a stream the one that was made again: that of
// its kind and name; if names differ, as they do with another release, that of
// the same rank among as many of the kind.
func pair(stream []**manifest.Resource, again []*origin) []*origin {
	partners := make([]*origin, len(stream))
	kinds, rest := map[string][]int{}, map[string][]*origin{}
	for _, o := range again {
		rest[o.resource.Kind] = append(rest[o.resource.Kind], o)
	}
	for i, at := range stream {
		kind := (*at).Kind
		j := slices.IndexFunc(rest[kind], func(o *origin) bool { return o.resource.Name == (*at).Name })
		if j < 0 {
			kinds[kind] = append(kinds[kind], i)
			continue
		}
		partners[i] = rest[kind][j]
		rest[kind] = slices.Delete(rest[kind], j, j+1)
	}
	for kind, open := range kinds {
		if len(open) == len(rest[kind]) {
			for n, i := range open {
				partners[i] = rest[kind][n]
			}
		}
	}
	return partners
}

// unknown is the origin of an object of which nothing but the template is known.
type unknown struct {
	resource *manifest.Resource
	document *manifest.Document
}

// Name returns the name of the object.
func (u *unknown) Name() string { return u.resource.Name }

// Trace returns where the template says the object's kind, or its first line.
func (u *unknown) Trace([]string) manifest.Place {
	f := u.document.File
	kind := regexp.MustCompile(`(?m)^\s*kind:[ \t]*["']?(` + regexp.QuoteMeta(u.resource.Kind) + `)["']?\s*$`)
	if m := kind.FindSubmatchIndex(f.Data); m != nil {
		return manifest.Place{Document: u.document, Value: source.Span{Start: m[2], End: m[3]}}
	}
	return manifest.Place{Document: u.document, Value: f.Line(1)}
}
