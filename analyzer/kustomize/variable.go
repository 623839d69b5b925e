package kustomize

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// variable returns the place of the value that "vars" puts into a field: the field
// of the object that the variable refers to
// (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/vars/).
func (o *origin) variable(at []string) (manifest.Place, bool) {
	text := o.writtenText(at)
	if !strings.Contains(text, "$(") {
		return manifest.Place{}, false
	}
	for _, k := range o.chain {
		for i, v := range manifest.Items(manifest.Get(k.Document.Root, "vars")) {
			if name := manifest.String(v, "name"); name == "" || !strings.Contains(text, "$("+name+")") {
				continue
			}
			if place, ok := o.build.refersTo(v); ok {
				return place, true
			}
			return manifest.Place{Document: k.Document, Node: k.Document.Root, Path: []string{"vars", index(i)}}, true
		}
	}
	return manifest.Place{}, false
}

// writtenText returns the text of a field before variables are put into it: as the
// last patch has it, or the object; "" if it is no text.
func (o *origin) writtenText(at []string) string {
	for _, p := range o.patches {
		if _, n, whole := p.follow(o.node, at); whole {
			return manifest.String(n)
		}
	}
	if _, n, depth := follow(o.source.Node, o.node, at); depth == len(at) {
		return manifest.String(n)
	}
	return ""
}

// refersTo returns the place of the field of the build's object that a variable
// refers to. A field that holds variables itself is none: they may go round.
func (b *Build) refersTo(variable *manifest.Node) (manifest.Place, bool) {
	field := []string{"metadata", "name"} // api/types Var: the default
	if text := manifest.String(variable, "fieldref", "fieldpath"); text != "" {
		field = splitPath(strings.NewReplacer("[", ".", "]", "").Replace(text))
	}
	object := manifest.Get(variable, "objref")
	for _, r := range b.Resources {
		o := r.Origin.(*origin)
		if o.kind == manifest.String(object, "kind") && slices.Contains(o.names, manifest.String(object, "name")) &&
			find(o.node, field) != nil && !strings.Contains(o.writtenText(field), "$(") {
			return o.Trace(field), true
		}
	}
	return manifest.Place{}, false
}
