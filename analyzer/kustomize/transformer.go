package kustomize

import (
	"path"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// transformer finds the entry of a kustomization that made a value, the
// outermost kustomization first: it had the last word.
func (o *origin) transformer(at []string, value *manifest.Node) (manifest.Place, bool) {
	for _, k := range o.chain {
		root := k.Document.Root
		if steps := o.madeBy(root, at, value); steps != nil {
			return manifest.Place{Document: k.Document, Node: root, Path: steps}, true
		}
	}
	return manifest.Place{}, false
}

// madeBy returns the path in a kustomization of what makes a value of that
// path; nil if nothing there does.
func (o *origin) madeBy(root *manifest.Node, at []string, value *manifest.Node) []string {
	if len(at) == 0 {
		return nil
	}
	text := manifest.String(value)
	last := at[len(at)-1]
	switch {
	case isLabel(at):
		return labelEntry(root, last, text)
	case last == "labels" || last == "matchLabels" || last == "selector":
		return firstField(root, "labels", "commonLabels")
	case last == "annotations":
		return firstField(root, "commonAnnotations")
	case last == "image":
		return imageEntry(root, text)
	case last == "replicas":
		return o.replicasEntry(root, text)
	case last == "namespace" && manifest.String(root, "namespace") == text:
		return []string{"namespace"}
	}
	return replacementEntry(root, at)
}

// isLabel reports whether a path leads to one label or annotation.
func isLabel(at []string) bool {
	return len(at) > 1 && slices.Contains([]string{"labels", "matchLabels", "selector", "annotations"}, at[len(at)-2])
}

func labelEntry(root *manifest.Node, key, value string) []string {
	for i, l := range manifest.Items(manifest.Get(root, "labels")) {
		if manifest.String(l, "pairs", key) == value {
			return []string{"labels", index(i), "pairs", key}
		}
	}
	for _, field := range []string{"commonLabels", "commonAnnotations"} {
		if manifest.Get(root, field, key) != nil && manifest.String(root, field, key) == value {
			return []string{field, key}
		}
	}
	return nil
}

// firstField returns the first of the fields that is there.
func firstField(root *manifest.Node, fields ...string) []string {
	for _, f := range fields {
		if manifest.Get(root, f) != nil {
			return []string{f}
		}
	}
	return nil
}

func imageEntry(root *manifest.Node, image string) []string {
	for i, e := range manifest.Items(manifest.Get(root, "images")) {
		name := manifest.String(e, "newName")
		if name == "" {
			name = manifest.String(e, "name")
		}
		if rest, ok := strings.CutPrefix(image, name); !ok || rest != "" && rest[0] != ':' && rest[0] != '@' {
			continue
		}
		for _, field := range []string{"newTag", "digest", "newName"} {
			if part := manifest.String(e, field); part != "" && strings.Contains(image, part) {
				return []string{"images", index(i), field}
			}
		}
	}
	return nil
}

func (o *origin) replicasEntry(root *manifest.Node, count string) []string {
	for i, e := range manifest.Items(manifest.Get(root, "replicas")) {
		if slices.Contains(o.names, manifest.String(e, "name")) && manifest.String(e, "count") == count {
			return []string{"replicas", index(i), "count"}
		}
	}
	return nil
}

// replacementEntry finds a replacement that targets the field, by the last
// step of its path.
func replacementEntry(root *manifest.Node, at []string) []string {
	for i, r := range manifest.Items(manifest.Get(root, "replacements")) {
		for j, target := range manifest.Items(manifest.Get(r, "targets")) {
			for k, f := range manifest.Items(manifest.Get(target, "fieldPaths")) {
				if steps := strings.Split(manifest.String(f), "."); steps[len(steps)-1] == at[len(at)-1] {
					return []string{"replacements", index(i), "targets", index(j), "fieldPaths", index(k)}
				}
			}
		}
	}
	return nil
}

// generated finds the generator's entry that made the resource of a name.
func (o *origin) generated(k *Kustomization, name string) bool {
	best := -1
	for _, g := range generators {
		if g.kind != o.kind {
			continue
		}
		for i, e := range manifest.Items(manifest.Get(k.Document.Root, g.field)) {
			if n := manifest.String(e, "name"); n != "" && strings.Contains(name, n) && len(n) > best {
				best = len(n)
				o.source = manifest.Place{Document: k.Document, Node: k.Document.Root}
				o.generator = []string{g.field, index(i)}
				o.names = []string{n}
			}
		}
	}
	return best >= 0
}

// entry finds the line of the generators that makes a value of a generated
// object: of its own, or of one that an overlay merges into it.
func (o *origin) entry(at []string) manifest.Place {
	own := manifest.Place{Document: o.source.Document, Node: o.source.Node, Path: append(slices.Clip(o.generator), "name")}
	if len(at) < 2 || at[0] != "data" && at[0] != "binaryData" {
		if place, ok := o.transformer(at, find(o.node, at)); ok {
			return place
		}
		return own
	}
	for _, k := range o.chain {
		for i, e := range manifest.Items(manifest.Get(k.Document.Root, o.generator[0])) {
			if !slices.Contains(o.names, manifest.String(e, "name")) {
				continue
			}
			if steps := keyEntry(e, at[1]); steps != nil {
				return manifest.Place{Document: k.Document, Node: k.Document.Root, Path: append([]string{o.generator[0], index(i)}, steps...)}
			}
		}
	}
	return own
}

// keyEntry finds what gives a generated object a key: a literal, a file, or,
// because only reading them would tell, the list of env files.
func keyEntry(e *manifest.Node, key string) []string {
	for i, l := range manifest.Items(manifest.Get(e, "literals")) {
		if strings.HasPrefix(manifest.String(l), key+"=") {
			return []string{"literals", index(i)}
		}
	}
	for i, f := range manifest.Items(manifest.Get(e, "files")) {
		name, _, ok := strings.Cut(manifest.String(f), "=")
		if ok && name == key || !ok && path.Base(name) == key {
			return []string{"files", index(i)}
		}
	}
	return firstField(e, "envs", "env")
}
