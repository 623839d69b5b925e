package helm

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// collect turns what the templates have made into objects.
func (r *renderer) collect(texts map[string]string) (*Rendering, error) {
	result := &Rendering{Name: r.chart.Name(), Sources: r.sources, Missing: r.missing, Local: r.local}
	for _, crd := range r.chart.CRDObjects() {
		result.Files = append(result.Files, manifest.Parse(r.files[crd.File]))
	}
	byFile := map[*source.File]*manifest.File{}
	for _, name := range sorted(texts) {
		o := r.templates[name].read(texts[name])
		r.outputs[name] = o
		documents, err := o.documents(result)
		if err != nil {
			return nil, err
		}
		f := byFile[o.file]
		if f == nil {
			f = &manifest.File{File: o.file}
			byFile[o.file] = f
			result.Files = append(result.Files, f)
		}
		f.Documents = append(f.Documents, documents...)
	}
	result.Files = slices.DeleteFunc(result.Files, func(f *manifest.File) bool { return len(f.Documents) == 0 })
	return result, nil
}

// separator is where Helm cuts documents (pkg/release/v1/util SplitManifests):
// unlike in YAML, text may follow on the line.
var separator = regexp.MustCompile(`(?m)^---[ \t]*`)

// documents parses what a template has made.
func (o *output) documents(result *Rendering) ([]*manifest.Document, error) {
	rendered := source.NewFile(o.file.Path, o.file.Rel, []byte(o.text))
	var all []*manifest.Document
	start := 0
	for _, cut := range append(separator.FindAllStringIndex(o.text, -1), []int{len(o.text), len(o.text)}) {
		part := source.Span{Start: start, End: cut[0]}
		start = cut[1]
		for _, d := range manifest.ParsePart(rendered, part).Documents {
			if err := o.refused(d); err != nil {
				return nil, err
			}
			if made := o.document(d, result); len(made.Resources) > 0 {
				all = append(all, made)
			}
		}
	}
	return all, nil
}

// refused returns the error of a document that Helm, which parses them all,
// does not accept.
func (o *output) refused(d *manifest.Document) error {
	first := source.Span{Start: d.Span.Start, End: d.Span.Start + 1}
	e := &NotRendered{At: source.Location{File: o.file, Span: o.origin(first)}}
	switch {
	case d.Role == manifest.Broken, d.Role == manifest.Template:
		e.Reason = "what the template makes is no YAML"
		for _, p := range d.Problems {
			e.Reason += ": " + p.Message
			e.At.Span = o.origin(p.Span)
			e.Broken = !o.emptyNear(p.Span.Start)
		}
	case d.Root != nil && !manifest.IsMapping(d.Root) && !manifest.IsNull(d.Root):
		e.Reason = "what the template makes is no object"
	default:
		return nil
	}
	return e
}

// emptyNear reports whether an action has made nothing on the line of an offset
// of the output or beside it: then a value may be wanted that is not there.
func (o *output) emptyNear(offset int) bool {
	offset = min(offset, len(o.text))
	start := strings.LastIndexByte(o.text[:offset], '\n')
	start = strings.LastIndexByte(o.text[:max(start, 0)], '\n')
	end := len(o.text)
	if i := strings.IndexByte(o.text[offset:], '\n'); i >= 0 {
		end = offset + i
	}
	return slices.ContainsFunc(o.segments, func(s segment) bool {
		return !s.literal && strings.TrimSpace(o.text[s.Start:s.End]) == "" && start <= s.Start && s.Start <= end
	})
}

// document makes the document of a template that stands for one of its output.
func (o *output) document(d *manifest.Document, result *Rendering) *manifest.Document {
	made := &manifest.Document{File: o.file, Span: source.Span{End: len(o.file.Data)}, Role: d.Role}
	objects := map[*manifest.Resource]*manifest.Resource{}
	for _, r := range d.Resources {
		at := &origin{output: o, document: made, rendered: d, resource: r}
		at.hideSecret()
		o.origins = append(o.origins, at)
		switch installed, test := hook(r.Node); {
		case test:
			result.Tests++
		case installed:
			objects[r] = manifest.Made(r.Node, at)
			made.Resources = append(made.Resources, objects[r])
		}
	}
	for _, p := range d.Problems {
		if p.Resource = objects[p.Resource]; p.Resource != nil {
			p.Span = o.origin(p.Span)
			p.First = source.Location{File: o.file, Span: o.origin(p.First.Span)}
			made.Problems = append(made.Problems, p)
		}
	}
	return made
}

// events are the hooks that belong to a release (helm pkg/release/v1/hook.go).
// An object of any other is never created.
var events = []string{
	"pre-install", "post-install", "pre-delete", "post-delete",
	"pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback",
}

// hook reports whether an object is created with the release, and whether it is
// one that "helm test" creates.
func hook(n *manifest.Node) (installed, test bool) {
	kinds := manifest.Get(n, "metadata", "annotations", "helm.sh/hook")
	if kinds == nil {
		return true, false
	}
	installed = true
	for kind := range strings.SplitSeq(kinds.Value, ",") {
		switch kind = strings.ToLower(strings.TrimSpace(kind)); {
		case kind == "test" || kind == "test-success":
			test = true
		case !slices.Contains(events, kind):
			installed = false
		}
	}
	return installed, test && installed
}
