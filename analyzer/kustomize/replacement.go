package kustomize

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// readReplacements returns the replacements of a kustomization and of its
// transformers, in the order in which they are applied. An entry holds one, or
// names a file of one or several (api/types ReplacementField).
func (t *Tree) readReplacements(k *Kustomization, transformers []*manifest.Document) []manifest.Place {
	all := t.replacementsIn(k, k.Document)
	for _, d := range transformers {
		if manifest.String(d.Root, "kind") == "ReplacementTransformer" {
			all = append(all, t.replacementsIn(k, d)...)
		}
	}
	return all
}

// replacementsIn returns the replacements that the field of a document lists.
func (t *Tree) replacementsIn(k *Kustomization, d *manifest.Document) []manifest.Place {
	var all []manifest.Place
	for i, n := range manifest.Items(manifest.Get(d.Root, "replacements")) {
		file := manifest.Get(n, "path")
		if file == nil {
			all = append(all, manifest.Place{Document: d, Node: d.Root, Path: []string{"replacements", index(i)}})
			continue
		}
		for _, part := range t.patchText(k, file) {
			if manifest.IsMapping(part.Root) {
				all = append(all, manifest.Place{Document: part, Node: part.Root})
			}
			for j := range manifest.Items(part.Root) {
				all = append(all, manifest.Place{Document: part, Node: part.Root, Path: []string{index(j)}})
			}
		}
	}
	return all
}

// replacement finds the field path of a replacement that sets a field of the
// object, the last one first.
func (o *origin) replacement(all []manifest.Place, at []string) (manifest.Place, bool) {
	for _, r := range slices.Backward(all) {
		for j, target := range manifest.Items(manifest.Get(find(r.Node, r.Path), "targets")) {
			if !o.selected(manifest.Get(target, "select")) {
				continue
			}
			for l, f := range manifest.Items(manifest.Get(target, "fieldPaths")) {
				if setsField(manifest.String(f), at) {
					r.Path = slices.Concat(r.Path, []string{"targets", index(j), "fieldPaths", index(l)})
					return r, true
				}
			}
		}
	}
	return manifest.Place{}, false
}

// selected reports whether a selector takes the object by kind and name.
func (o *origin) selected(selector *manifest.Node) bool {
	return matches(selector, "kind", o.kind) && slices.ContainsFunc(o.names, func(name string) bool { return matches(selector, "name", name) })
}

// setsField reports whether a field path of a replacement leads to a field, or
// to what holds it. Its steps are separated by dots that no backslash or bracket
// protects, and "*" and "[key=value]" choose elements of lists
// (kyaml/utils PathSplitter; the replacements reference).
func setsField(fieldPath string, at []string) bool {
	steps := splitPath(fieldPath)
	if len(steps) == 0 || len(steps) > len(at) {
		return false
	}
	for i, step := range steps {
		if step != at[i] && step != "*" && step != "-" && !strings.HasPrefix(step, "[") {
			return false
		}
	}
	return true
}

// splitPath splits a field path into steps.
func splitPath(text string) []string {
	var steps []string
	var step strings.Builder
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && text[i+1] == '.':
			i++
			step.WriteByte('.')
		case c == '.' && depth == 0:
			steps = append(steps, step.String())
			step.Reset()
		default:
			switch c {
			case '[':
				depth++
			case ']':
				depth--
			}
			step.WriteByte(c)
		}
	}
	if step.Len() > 0 {
		steps = append(steps, step.String())
	}
	return steps
}
