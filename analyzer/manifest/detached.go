package manifest

import "strings"

// Detached returns a resource that knows who it is and where it stands, without
// its nodes and those of its document, which need not stay in memory for it.
func (r *Resource) Detached() *Resource {
	d := &Document{File: r.File(), Span: r.Document.Span, Role: Object}
	detached := &Resource{
		Document: d, Path: r.Path, APIVersion: strings.Clone(r.APIVersion), Group: strings.Clone(r.Group), Version: strings.Clone(r.Version),
		Kind: strings.Clone(r.Kind), Namespace: strings.Clone(r.Namespace), Name: strings.Clone(r.Name),
	}
	if r.Origin != nil {
		detached.Origin = forgotten{d, strings.Clone(r.WrittenName())}
	}
	return detached
}

// Forgotten returns the origin of a made object of which nothing is known any more
// but its document and its name there.
func Forgotten(d *Document, name string) Origin { return forgotten{d, name} }

type forgotten struct {
	document *Document
	name     string
}

func (o forgotten) Trace([]string) Place { return Place{Document: o.document, Value: o.document.Span} }

func (o forgotten) Name() string { return o.name }
