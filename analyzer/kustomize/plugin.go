package kustomize

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// configuration is what a kustomization says by its own fields and by the
// builtin plugins that its generators and transformers fields configure.
// Those need no plugin binary (api/internal/plugins/loader makeBuiltinPlugin).
type configuration struct {
	// patches are in the order in which they are applied.
	patches []patchEntry
	// makers are the entries that generate objects.
	makers []maker
	// transformers are the documents that configure transformers, in the order
	// in which they run, which is after all fields of the kustomization
	// (api/internal/target runTransformers).
	transformers []*manifest.Document
	// replacements are the single replacements.
	replacements []manifest.Place
}

// configuration returns what a kustomization says, read once for all builds.
func (t *Tree) configuration(k *Kustomization) *configuration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.configurations[k]; c != nil {
		return c
	}
	if t.configurations == nil {
		t.configurations = map[*Kustomization]*configuration{}
	}
	c := &configuration{}
	t.configurations[k] = c
	for _, n := range manifest.Items(manifest.Get(k.Document.Root, "transformers")) {
		c.transformers = append(c.transformers, t.plugins(k, n, 0)...)
	}
	c.patches = t.readPatches(k, c.transformers)
	c.makers = t.readMakers(k)
	c.replacements = t.readReplacements(k, c.transformers)
	return c
}

// plugins returns the documents that an entry of generators or transformers
// configures plugins with: its text, a file, or what the kustomization of a
// directory lists. Of an inline text that is quoted or folded the places are
// unknown, so it has none.
func (t *Tree) plugins(k *Kustomization, n *manifest.Node, depth int) []*manifest.Document {
	if n == nil || n.Kind != manifest.ScalarNode || depth > maxDepth {
		return nil
	}
	base := t.Kustomizations[k.reference(n.Value).Path]
	if base == nil || strings.Contains(n.Value, "\n") {
		return slices.DeleteFunc(slices.Clone(t.patchText(k, n)), func(d *manifest.Document) bool { return d.Root == nil })
	}
	var all []*manifest.Document
	for _, target := range base.Targets {
		all = append(all, t.plugins(base, find(base.Document.Root, target.Field), depth+1)...)
	}
	return all
}

// maker is an entry of a kustomization that generates objects.
type maker struct {
	manifest.Place // the entry
	// plugin is the kind of the generator, "" if that is unknown.
	plugin string
	// name is the path of the name below the entry; nil if it says none.
	name []string
}

// kind is that of the one object that the generator makes; "" if it may be any.
func (m maker) kind() string {
	switch m.plugin {
	case "ConfigMapGenerator":
		return "ConfigMap"
	case "SecretGenerator":
		return "Secret"
	}
	return ""
}

// entry is the node that configures the generator.
func (m maker) entry() *manifest.Node { return find(m.Node, m.Path) }

// called is the name in the entry, "" if there is none.
func (m maker) called() string { return manifest.String(m.entry(), m.name...) }

// at returns the place of a field of the entry.
func (m maker) at(path ...string) manifest.Place {
	return manifest.Place{Document: m.Document, Node: m.Node, Path: slices.Concat(m.Path, path)}
}

// named returns the place of the name, or of the entry if it says none.
func (m maker) named() manifest.Place { return m.at(m.name...) }

// makerFields are the fields of a kustomization that generate objects.
var makerFields = []struct{ field, plugin string }{
	{"configMapGenerator", "ConfigMapGenerator"},
	{"secretGenerator", "SecretGenerator"},
	{"helmCharts", helmPlugin},
	{"helmChartInflationGenerator", helmPlugin},
}

const helmPlugin = "HelmChartInflationGenerator"

// fieldMakers returns what the fields of the kustomization generate.
func (k *Kustomization) fieldMakers() []maker {
	var all []maker
	root := k.Document.Root
	for _, f := range makerFields {
		for i, n := range manifest.Items(manifest.Get(root, f.field)) {
			m := maker{Place: manifest.Place{Document: k.Document, Node: root, Path: []string{f.field, index(i)}}, plugin: f.plugin}
			all = append(all, m.withName(n, "name"))
		}
	}
	return all
}

// readMakers returns what the fields of a kustomization generate, then what its
// plugins do.
func (t *Tree) readMakers(k *Kustomization) []maker {
	all := k.fieldMakers()
	root := k.Document.Root
	for i, n := range manifest.Items(manifest.Get(root, "generators")) {
		documents := t.plugins(k, n, 0)
		for _, d := range documents {
			m := maker{Place: manifest.Place{Document: d, Node: d.Root}, plugin: manifest.String(d.Root, "kind")}
			all = append(all, m.withName(d.Root, "metadata", "name"))
		}
		if len(documents) == 0 {
			all = append(all, maker{Place: manifest.Place{Document: k.Document, Node: root, Path: []string{"generators", index(i)}}})
		}
	}
	return all
}

// NoteGenerated adds to Generated the ConfigMaps and Secrets that the builtin
// plugins make which the generators field of the kustomization configures.
func (t *Tree) NoteGenerated(k *Kustomization) {
	if manifest.Get(k.Document.Root, "generators") == nil {
		return
	}
	for _, m := range t.readMakers(k) {
		if g := (Generated{m.kind(), m.called()}); g.Kind != "" && g.Name != "" && !slices.Contains(k.Generated, g) {
			k.Generated = append(k.Generated, g)
		}
	}
}

// withName notes where the entry says its name, if it does.
func (m maker) withName(entry *manifest.Node, at ...string) maker {
	if manifest.String(entry, at...) != "" {
		m.name = at
	}
	return m
}

// merges reports whether the entry changes what another one generates.
func (m maker) merges() bool {
	b := manifest.String(m.entry(), "behavior")
	return b == "merge" || b == "replace"
}

// maker returns the generator of a kustomization that made an object of a kind
// and name: the one with the longest name in it. plugin is the kind of the
// generator, "" if that is unknown. Without any it is the kustomization itself.
func (t *Tree) maker(k *Kustomization, plugin, kind, name string) maker {
	best, length := maker{Place: manifest.Place{Document: k.Document, Node: k.Document.Root}}, -1
	for _, m := range t.configuration(k).makers {
		if plugin != "" && m.plugin != plugin || m.kind() != "" && m.kind() != kind {
			continue
		}
		fits := 0
		if n := m.called(); n != "" && strings.Contains(name, n) {
			fits = len(n)
		} else if m.kind() != "" {
			continue
		}
		if fits > length {
			best, length = m, fits
		}
	}
	return best
}

// makerIn returns the kustomization that runs a generator which a file of the
// tree configures; that of the build if none is known.
func (tr *tracer) makerIn(rel, plugin string) *Kustomization {
	for _, k := range tr.build.Parts {
		if slices.ContainsFunc(tr.tree.configuration(k).makers, func(m maker) bool {
			return m.Document.File.Rel == rel && (m.plugin == plugin || m.plugin == "")
		}) {
			return k
		}
	}
	return tr.build.Kustomization
}

// rename returns what a kustomization makes of the name of an object.
func (t *Tree) rename(k *Kustomization, name string) string {
	name = manifest.String(k.Document.Root, "namePrefix") + name + manifest.String(k.Document.Root, "nameSuffix")
	for _, d := range t.configuration(k).transformers {
		switch manifest.String(d.Root, "kind") {
		case "PrefixTransformer":
			name = manifest.String(d.Root, "prefix") + name
		case "SuffixTransformer":
			name += manifest.String(d.Root, "suffix")
		}
	}
	return name
}

// location returns the place of a field below a node of a document.
func location(p manifest.Place) source.Location {
	r := manifest.Resource{Document: p.Document, Node: p.Node}
	return r.Location(p.Path...)
}
