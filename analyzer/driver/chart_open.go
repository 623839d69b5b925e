package driver

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// This file keeps what a chart leaves open from becoming a fault of it. The name
// and the namespace of the release are given by those who install the chart. It
// is judged under names of our own, and what the rules find is believed if they
// find it under other names too.

// shortRelease is the other name of a release: no name is too long because of
// it, and hardly anything else is called so.
const shortRelease = "r"

// maxNamespaces bounds in how many of the namespaces that a chart names it is
// judged again.
const maxNamespaces = 5

// dependsOnRelease is the topic of what is found under some names alone.
const dependsOnRelease = "objects: what is wrong with them depends on the name or the namespace of the release"

// confirm takes out what was found of a chart and is not found when it is
// installed otherwise.
func (r *run) confirm(t *task) {
	loud := func(p *analyzer.Pass) bool {
		return slices.ContainsFunc(p.Findings, func(f analyzer.Finding) bool { return f.Severity.AtLeast(analyzer.Warning) })
	}
	if t.Kind != unit.Chart || t.Release != nil || !slices.ContainsFunc(t.passes, loud) {
		return
	}
	for _, o := range r.otherReleases(t) {
		again := r.judgedAs(t, o)
		if again == nil {
			continue
		}
		for i, p := range t.passes {
			t.passes[i] = confirmed(p, again)
		}
	}
}

// otherReleases returns how a chart may be installed too.
func (r *run) otherReleases(t *task) []helm.Options {
	base, err := t.world.options.charts()
	if err == nil {
		base, err = t.world.withVariant(t, base)
	}
	if err != nil {
		return nil
	}
	var all []helm.Options
	if base.ReleaseName == "" {
		other := base
		other.ReleaseName = shortRelease
		all = append(all, other)
	}
	if base.Namespace != "" {
		return all
	}
	named := namespacesIn(slices.Concat(t.unit.Resources, t.unit.Context))
	for _, ns := range named[:min(len(named), maxNamespaces)] {
		other := base
		other.Namespace = ns
		all = append(all, other)
	}
	return all
}

// namespacesIn returns the namespaces that resources name, their own and those of
// references, such as the Service of a webhook, in order and once each.
func namespacesIn(resources []*manifest.Resource) []string {
	var named []string
	var look func(n *manifest.Node)
	look = func(n *manifest.Node) {
		if n == nil || n.Kind == manifest.AliasNode {
			return
		}
		for key, e := range manifest.Fields(n) {
			if ns := manifest.String(e.Value); key == "namespace" && ns != "" && ns != helm.ReleaseNamespace && !slices.Contains(named, ns) {
				named = append(named, ns)
			}
		}
		for _, c := range n.Children() {
			look(c)
		}
	}
	for _, r := range resources {
		look(r.Node)
	}
	slices.Sort(named)
	return named
}

// foundAt tells findings of two renderings of a chart apart, whose messages may
// name other objects.
type foundAt struct {
	rule, file string
	span       source.Span
}

// judgedAs returns what is found of a chart when it is installed otherwise, nil
// if it cannot be rendered so.
func (r *run) judgedAs(t *task, o helm.Options) map[foundAt]bool {
	w := t.world
	made, err := w.renderChart(t.Dir, o)
	if err != nil {
		return nil
	}
	again := &task{Spec: t.Spec, world: w}
	again.Made = w.resources(made)
	again.unit = unit.Assemble(again.Spec, t.shown(), cmp.Or(o.Namespace, helm.ReleaseNamespace), w.file)
	if r.askUnit(again) != nil {
		return nil
	}
	found := map[foundAt]bool{}
	for _, p := range again.passes {
		for _, f := range p.Findings {
			found[placeFound(f)] = true
		}
	}
	return found
}

func placeFound(f analyzer.Finding) foundAt {
	at := foundAt{rule: f.Rule, span: f.Location.Span}
	if f.Location.File != nil {
		at.file = f.Location.File.Rel
	}
	return at
}

// confirmed returns a pass without the findings that were not found again.
func confirmed(p *analyzer.Pass, again map[foundAt]bool) *analyzer.Pass {
	kept := *p
	kept.Findings = nil
	for _, f := range p.Findings {
		if again[placeFound(f)] {
			kept.Findings = append(kept.Findings, f)
		} else if f.Resource != nil {
			kept.Skip(f.Resource, dependsOnRelease)
		}
	}
	return &kept
}

// resources returns the objects of a chart that are judged with it: its
// definitions are judged as they are written.
func (w *world) resources(made *helm.Rendering) []*manifest.Resource {
	all := []*manifest.Resource{}
	for _, f := range made.Files {
		if w.layout.PassedOver[f.Rel] != "" {
			all = append(all, f.Resources()...)
		}
	}
	return all
}

// findDefinitions reads the files of the tree that define a kind.
func (w *world) findDefinitions() []string {
	var all []string
	for _, rel := range w.tree.files {
		if w.layout.PassedOver[rel] != "" {
			continue
		}
		text, err := w.source(rel)
		if err == nil && bytes.Contains(text.Data, []byte("CustomResourceDefinition")) {
			all = append(all, helm.Defines(manifest.Parse(source.NewFile(text.Path, text.Rel, text.Data)))...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// asksForCustom reports whether a template asks whether the cluster serves an API
// that Kubernetes itself does not have: what it makes then depends on the rest of
// the tree.
func asksForCustom(text []byte, known []string) bool {
	for rest := string(text); ; {
		_, after, ok := strings.Cut(rest, "APIVersions")
		if !ok {
			return false
		}
		end := min(len(after), 100)
		_, quoted, isQuoted := strings.Cut(after[:end], `"`)
		name, _, closed := strings.Cut(quoted, `"`)
		group, _, _ := strings.Cut(name, "/")
		builtIn := strings.HasSuffix(group, ".k8s.io") || !strings.Contains(group, ".")
		if !isQuoted || !closed || !slices.Contains(known, name) && !builtIn {
			return true
		}
		rest = after
	}
}
