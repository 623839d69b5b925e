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
	if len(at) == 0 {
		return manifest.Place{}, false
	}
	for _, k := range o.chain {
		c := o.tree.configuration(k)
		for _, d := range slices.Backward(c.transformers) {
			if steps := o.madeByPlugin(d.Root, at, value); steps != nil {
				return manifest.Place{Document: d, Node: d.Root, Path: steps}, true
			}
		}
		if place, ok := o.replacement(c.replacements, at); ok {
			return place, true
		}
		if steps := o.madeBy(k.Document.Root, at, value); steps != nil {
			return manifest.Place{Document: k.Document, Node: k.Document.Root, Path: steps}, true
		}
	}
	return manifest.Place{}, false
}

// madeBy returns the path in a kustomization of what makes a value of that
// path; nil if nothing there does.
func (o *origin) madeBy(root *manifest.Node, at []string, value *manifest.Node) []string {
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
	case last == "namespace":
		for _, field := range []string{"namespace", "targetNamespace"} { // the one of kustomize, that of Flux
			if manifest.String(root, field) == text {
				return []string{field}
			}
		}
	}
	return nil
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
	for _, field := range [][]string{{"commonLabels", key}, {"commonAnnotations", key}, {"commonMetadata", "labels", key}, {"commonMetadata", "annotations", key}} {
		if manifest.Get(root, field...) != nil && manifest.String(root, field...) == value {
			return field
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
		if field := imageField(e, image); field != "" {
			return []string{"images", index(i), field}
		}
	}
	return nil
}

// imageField returns the field of an images entry that made an image; "" if
// another entry did.
func imageField(e *manifest.Node, image string) string {
	name := manifest.String(e, "newName")
	if name == "" {
		name = manifest.String(e, "name")
	}
	if rest, ok := strings.CutPrefix(image, name); !ok || rest != "" && rest[0] != ':' && rest[0] != '@' {
		return ""
	}
	for _, field := range []string{"newTag", "digest", "newName"} {
		if part := manifest.String(e, field); part != "" && strings.Contains(image, part) {
			return field
		}
	}
	return ""
}

func (o *origin) replicasEntry(root *manifest.Node, count string) []string {
	for i, e := range manifest.Items(manifest.Get(root, "replicas")) {
		if slices.Contains(o.names, manifest.String(e, "name")) && manifest.String(e, "count") == count {
			return []string{"replicas", index(i), "count"}
		}
	}
	return nil
}

// generated notes what made the resource of a name.
func (o *origin) generated(m maker, name string) {
	o.generator = &m
	o.source = manifest.Place{Document: m.Document, Node: m.Node}
	o.names = []string{name}
	if m.kind() != "" {
		o.names[0] = m.called()
	}
}

// entry finds the line of the generators that makes a value of a generated
// object: of its own, or of one that an overlay merges into it.
func (o *origin) entry(at []string) manifest.Place {
	if len(at) < 2 || at[0] != "data" && at[0] != "binaryData" || o.generator.kind() == "" {
		if place, ok := o.transformer(at, find(o.node, at)); ok {
			return place
		}
		return o.generator.named()
	}
	for _, k := range o.chain {
		for _, m := range o.tree.configuration(k).makers {
			if m.kind() != o.kind || !slices.Contains(o.names, m.called()) {
				continue
			}
			if steps := keyEntry(m.entry(), at[1]); steps != nil {
				return m.at(steps...)
			}
		}
	}
	return o.generator.named()
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

// madeByPlugin returns the path in the configuration of a transformer of what
// makes a value of that path; nil if it does not.
func (o *origin) madeByPlugin(root *manifest.Node, at []string, value *manifest.Node) []string {
	text := manifest.String(value)
	last := at[len(at)-1]
	is := func(path ...string) []string {
		if text != "" && manifest.String(root, path...) == text {
			return path
		}
		return nil
	}
	switch kind := manifest.String(root, "kind"); {
	case kind == "LabelTransformer" && isLabel(at):
		return is("labels", last)
	case kind == "AnnotationsTransformer" && isLabel(at):
		return is("annotations", last)
	case kind == "ImageTagTransformer" && last == "image":
		if field := imageField(manifest.Get(root, "imageTag"), text); field != "" {
			return []string{"imageTag", field}
		}
	case kind == "ReplicaCountTransformer" && last == "replicas" && slices.Contains(o.names, manifest.String(root, "replica", "name")):
		return is("replica", "count")
	case kind == "NamespaceTransformer" && last == "namespace":
		return is("metadata", "namespace")
	}
	return nil
}
