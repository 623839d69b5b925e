package kustomize

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// patch is a part of an object that a patch brings: a strategic merge patch as
// a whole, or the value of one JSON 6902 operation.
type patch struct {
	document *manifest.Document
	// from leads from the root of the document to the value.
	from []string
	// to is the path in the object at which the value is put.
	to []string
}

// reach walks a path of the made object in the patch. depth is how many steps
// of it lead there; 0 if the patch is about something else.
func (p patch) reach(made *manifest.Node, at []string) (place manifest.Place, n *manifest.Node, depth int) {
	if len(at) < len(p.to) || !samePath(p.to, at[:len(p.to)]) {
		return place, nil, 0
	}
	steps, n, d := follow(find(p.document.Root, p.from), find(made, at[:len(p.to)]), at[len(p.to):])
	place = manifest.Place{Document: p.document, Node: p.document.Root, Path: slices.Concat(p.from, steps)}
	return place, n, len(p.to) + d
}

// follow is reach for the whole path.
func (p patch) follow(made *manifest.Node, at []string) (place manifest.Place, n *manifest.Node, whole bool) {
	place, n, depth := p.reach(made, at)
	return place, n, depth == len(at) && n != nil && len(at) > 0
}

// samePath compares the path of an operation with one of the object; "-" is
// the end of a list, whichever element that became.
func samePath(to, at []string) bool {
	return slices.EqualFunc(to, at, func(a, b string) bool { return a == b || a == "-" })
}

// patchesOf returns what the patches of one kustomization bring to an object,
// the last one first: kustomize applies strategic merge patches, then
// "patches", then JSON patches (api/internal/target configureBuiltinTransformers).
func (t *Tree) patchesOf(k *Kustomization, o *origin) []patch {
	var all []patch
	for _, e := range t.configuration(k).patches {
		for _, d := range e.documents {
			if d.Root == nil || !e.aims(d, o) {
				continue
			}
			if d.Root.Kind != manifest.SequenceNode {
				all = append(all, patch{document: d})
				continue
			}
			for i, op := range manifest.Items(d.Root) {
				if name := manifest.String(op, "op"); name == "add" || name == "replace" {
					all = append(all, patch{document: d, from: []string{index(i), "value"}, to: pointer(manifest.String(op, "path"))})
				}
			}
		}
	}
	slices.Reverse(all)
	return all
}

// patchEntry is one entry of a kustomization that patches.
type patchEntry struct {
	manifest.Place                // the entry
	target         *manifest.Node // nil if the patch says itself what it patches
	documents      []*manifest.Document
}

// readPatches returns the patches of a kustomization and of its transformers in
// the order in which they are applied.
func (t *Tree) readPatches(k *Kustomization, transformers []*manifest.Document) []patchEntry {
	var all []patchEntry
	root := k.Document.Root
	at := func(path ...string) manifest.Place {
		return manifest.Place{Document: k.Document, Node: root, Path: path}
	}
	for i, n := range manifest.Items(manifest.Get(root, "patchesStrategicMerge")) {
		all = append(all, patchEntry{Place: at("patchesStrategicMerge", index(i)), documents: t.patchText(k, n)})
	}
	for _, field := range []string{"patches", "patchesJson6902"} {
		for i, n := range manifest.Items(manifest.Get(root, field)) {
			all = append(all, t.readPatch(k, k.Document, n, at(field, index(i))))
		}
	}
	for _, d := range transformers {
		switch manifest.String(d.Root, "kind") {
		case "PatchTransformer", "PatchJson6902Transformer", "PatchStrategicMergeTransformer":
			all = append(all, t.readPatch(k, d, d.Root, manifest.Place{Document: d, Node: d.Root}))
		}
	}
	return all
}

// readPatch reads an entry that patches. Its files stand below the directory of
// the kustomization, wherever the entry itself stands.
func (t *Tree) readPatch(k *Kustomization, in *manifest.Document, n *manifest.Node, at manifest.Place) patchEntry {
	e := patchEntry{Place: at, target: manifest.Get(n, "target")}
	for _, field := range []string{"patch", "jsonOp", "patches"} {
		e.documents = append(e.documents, manifest.ParseLiteral(in, manifest.Get(n, field))...)
	}
	e.documents = append(e.documents, t.patchText(k, manifest.Get(n, "path"))...)
	for _, name := range manifest.Items(manifest.Get(n, "paths")) {
		e.documents = append(e.documents, t.patchText(k, name)...)
	}
	return e
}

// patchText returns the documents of a patch that is written inline or in a
// file, which is parsed even if it does not look like an object. Of inline
// texts that are quoted or folded the places are unknown, so they have none.
func (t *Tree) patchText(k *Kustomization, n *manifest.Node) []*manifest.Document {
	switch {
	case n == nil || n.Kind != manifest.ScalarNode:
		return nil
	case n.Style&manifest.LiteralStyle != 0:
		return manifest.ParseLiteral(k.Document, n)
	}
	f := t.File(k.reference(n.Value).Path)
	switch {
	case f == nil:
		return nil
	case slices.ContainsFunc(f.Documents, func(d *manifest.Document) bool { return d.Role == manifest.Foreign }):
		return manifest.ParseAny(f.File).Documents
	}
	return f.Documents
}

// aims reports whether a document of the entry patches the object, under any
// of the names that it had.
func (e patchEntry) aims(d *manifest.Document, o *origin) bool {
	if e.target != nil {
		return matches(e.target, "kind", o.kind) && slices.ContainsFunc(o.names, func(name string) bool { return matches(e.target, "name", name) })
	}
	return manifest.String(d.Root, "kind") == o.kind && slices.Contains(o.names, manifest.String(d.Root, "metadata", "name"))
}

// matches reports whether a field of a target, which is an anchored regular
// expression, takes a value (api/resmap SelectorRegex). A missing one takes
// all.
func matches(target *manifest.Node, field, value string) bool {
	pattern := manifest.String(target, field)
	if pattern == "" {
		return true
	}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	return err == nil && re.MatchString(value)
}

// pointer splits a JSON pointer (RFC 6901).
func pointer(text string) []string {
	var steps []string
	for _, step := range strings.Split(strings.TrimPrefix(text, "/"), "/") {
		steps = append(steps, strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~"))
	}
	return steps
}
