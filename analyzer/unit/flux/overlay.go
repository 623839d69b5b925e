package flux

import (
	"path"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// overlayOf returns what the controller builds for a Kustomization: the
// kustomization of its path with what its spec sets.
func (f *finder) overlayOf(a *applied, k *kustomize.Kustomization) *kustomize.Overlay {
	o := &kustomize.Overlay{Kustomization: k}
	spec := a.Get("spec")
	if components := f.componentsOf(a); len(components) > 0 {
		with := *k
		with.Targets = append(append([]kustomize.Reference(nil), k.Targets...), components...)
		o.Kustomization = &with
	}
	o.Edit = func(text []byte) ([]byte, error) { return edit(text, spec, f.componentsOf(a)) }
	if place := a.writtenSpec(); place.Document != nil {
		o.Settings = &kustomize.Kustomization{Dir: a.dir, Document: place.Document}
	}
	return o
}

// writtenSpec returns the spec as a document, so that values lead to their lines;
// without a document if nobody has written it as a whole.
func (a *applied) writtenSpec() manifest.Place {
	place := manifest.Place{Document: a.Document, Node: a.Node, Path: []string{"spec"}}
	if a.Origin != nil {
		place = a.Origin.Trace([]string{"spec"})
	}
	if place.Node == nil {
		return manifest.Place{}
	}
	n := manifest.Get(place.Node, place.Path...)
	if !manifest.IsMapping(n) {
		return manifest.Place{}
	}
	return manifest.Place{Document: place.Document.Below(n), Node: n}
}

// componentsOf returns the components of a Kustomization that exist. Their paths
// are relative to spec.path.
func (f *finder) componentsOf(a *applied) []kustomize.Reference {
	var all []kustomize.Reference
	for i, n := range manifest.Items(a.Get("spec", "components")) {
		text := manifest.String(n)
		if rel := path.Join(a.dir, text); f.Kustomizations[rel] != nil {
			all = append(all, kustomize.Reference{Field: []string{"components", index(i)}, Text: text, Path: rel})
		}
	}
	return all
}

// edit sets in a kustomization what the spec of a Kustomization of Flux says, in
// the way of github.com/fluxcd/pkg/kustomize: targetNamespace, namePrefix and
// nameSuffix replace what is there, patches and components come behind it, images
// replace those of their name. Common metadata is set on the objects and nothing
// else, which for kustomize are labels without selectors.
func edit(text []byte, spec *manifest.Node, components []kustomize.Reference) ([]byte, error) {
	root, err := yaml.Parse(string(text))
	if err != nil {
		return nil, err
	}
	for from, to := range map[string]string{"targetNamespace": "namespace", "namePrefix": "namePrefix", "nameSuffix": "nameSuffix"} {
		if value := manifest.String(spec, from); value != "" {
			if err := root.PipeE(yaml.SetField(to, yaml.NewStringRNode(value))); err != nil {
				return nil, err
			}
		}
	}
	lists := map[string][]*yaml.RNode{}
	for _, field := range []string{"patches", "images"} {
		for _, n := range manifest.Items(manifest.Get(spec, field)) {
			entry, err := toYAML(n)
			if err != nil {
				return nil, err
			}
			lists[field] = append(lists[field], entry)
		}
	}
	for _, c := range components {
		lists["components"] = append(lists["components"], yaml.NewStringRNode(c.Text))
	}
	if err := metadata(lists, spec); err != nil {
		return nil, err
	}
	if err := replaceImages(root, lists["images"]); err != nil {
		return nil, err
	}
	for _, field := range []string{"patches", "images", "components", "labels", "transformers"} {
		if len(lists[field]) == 0 {
			continue
		}
		list, err := root.Pipe(yaml.LookupCreate(yaml.SequenceNode, field))
		if err != nil {
			return nil, err
		}
		for _, entry := range lists[field] {
			list.YNode().Content = append(list.YNode().Content, entry.YNode())
		}
	}
	out, err := root.String()
	return []byte(out), err
}

// metadata adds spec.commonMetadata.
func metadata(lists map[string][]*yaml.RNode, spec *manifest.Node) error {
	if labels := manifest.StringMap(spec, "commonMetadata", "labels"); len(labels) > 0 {
		entry := yaml.NewMapRNode(nil)
		if err := entry.PipeE(yaml.SetField("pairs", yaml.NewMapRNode(&labels))); err != nil {
			return err
		}
		lists["labels"] = append(lists["labels"], entry)
	}
	annotations := manifest.StringMap(spec, "commonMetadata", "annotations")
	if len(annotations) == 0 {
		return nil
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "builtin", "kind": "AnnotationsTransformer", "metadata": map[string]string{"name": "common-metadata"},
		"annotations": annotations, "fieldSpecs": []map[string]any{{"path": "metadata/annotations", "create": true}},
	})
	if err != nil {
		return err
	}
	lists["transformers"] = append(lists["transformers"], yaml.NewStringRNode(string(text)))
	return nil
}

// replaceImages removes the entries of a kustomization whose names the new ones
// have.
func replaceImages(root *yaml.RNode, images []*yaml.RNode) error {
	list := root.Field("images")
	if list == nil || len(images) == 0 {
		return nil
	}
	names := map[string]bool{}
	for _, e := range images {
		names[e.Field("name").Value.YNode().Value] = true
	}
	items := list.Value.YNode()
	var left []*yaml.Node
	for _, n := range items.Content {
		if name := yaml.NewRNode(n).Field("name"); name == nil || !names[name.Value.YNode().Value] {
			left = append(left, n)
		}
	}
	items.Content = left
	return nil
}

// toYAML returns a node for kustomize.
func toYAML(n *manifest.Node) (*yaml.RNode, error) {
	data, ok := manifest.AppendJSON(nil, n)
	if !ok {
		return yaml.NewMapRNode(nil), nil
	}
	return yaml.Parse(string(data))
}
