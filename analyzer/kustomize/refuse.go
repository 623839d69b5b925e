package kustomize

import "github.com/kubeknot/kubeknot/analyzer/manifest"

// Refuse notes why kustomize cannot read a document of a kustomization file that
// is no mapping: it would be passed over as a file of somebody else. A document
// that nobody has rendered, or whose fault is known, is left alone.
func Refuse(d *manifest.Document) {
	if d.Root == nil || manifest.IsMapping(d.Root) || len(d.Problems) > 0 || d.Role == manifest.Template {
		return
	}
	d.Role = manifest.Broken
	d.Problems = []manifest.Problem{{
		Kind:    manifest.SyntaxError,
		Message: "a kustomization file holds a mapping of fields, as resources, and this is none",
		Span:    d.SpanOf(d.Root),
	}}
}
