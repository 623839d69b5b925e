package kustomize

import (
	"iter"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// hideSecrets marks the values of the Secrets that a kustomization makes, and
// the inline patches of Secrets.
func (k *Kustomization) hideSecrets() {
	for n := range k.secrets() {
		k.Document.File.Hide(k.Document.SpanOf(n))
	}
}

// secrets are the nodes that hold values of Secrets.
func (k *Kustomization) secrets() iter.Seq[*manifest.Node] {
	root := k.Document.Root
	return func(yield func(*manifest.Node) bool) {
		for _, n := range manifest.Items(manifest.Get(root, "secretGenerator")) {
			if literals := manifest.Get(n, "literals"); literals != nil && !yield(literals) {
				return
			}
		}
		for _, field := range []string{"patches", "patchesJson6902"} {
			for _, n := range manifest.Items(manifest.Get(root, field)) {
				patch := manifest.Get(n, "patch")
				ofSecret := manifest.String(n, "target", "kind") == "Secret" || manifest.DefinesSecret([]byte(manifest.String(n, "patch")))
				if patch != nil && ofSecret && !yield(patch) {
					return
				}
			}
		}
		for _, field := range []string{"patchesStrategicMerge", "transformers", "generators"} {
			for _, n := range manifest.Items(manifest.Get(root, field)) {
				if n != nil && n.Kind == manifest.ScalarNode && manifest.DefinesSecret([]byte(n.Value)) && !yield(n) {
					return
				}
			}
		}
	}
}

// names are the keys of a patch that say what it is for.
var names = []string{"apiVersion", "kind", "metadata", "name", "namespace"}

// secrets are what an error of kustomize may quote: the values of Secrets that
// stand in the kustomizations, and the variables that Secrets are made of.
func (b *Build) secrets() []string {
	var all []string
	lines := func(text string) {
		for line := range strings.Lines(text) {
			all = append(all, strings.TrimSpace(line))
			if i := strings.IndexAny(line, ":="); i >= 0 && !slices.Contains(names, strings.TrimSpace(line[:i])) {
				all = append(all, strings.Trim(line[i+1:], " \t\r\n\"',}]"))
			}
		}
	}
	for _, k := range b.Parts {
		for n := range k.secrets() {
			for _, value := range manifest.Secrets(n, true) {
				lines(value)
			}
		}
		for _, m := range b.tree.secretMakers(k) {
			if n := manifest.Get(m.entry(), "literals"); n != nil {
				for _, value := range manifest.Secrets(n, true) {
					lines(value)
				}
			}
			for _, g := range k.inputsOf(m) {
				if data, err := b.tree.Read(g.Path); g.variables && g.Path != "" && err == nil {
					lines(string(data))
				}
			}
		}
	}
	return all
}

// secretMakers returns the generators of Secrets of a kustomization.
func (t *Tree) secretMakers(k *Kustomization) []maker {
	return slices.DeleteFunc(t.readMakers(k), func(m maker) bool { return m.kind() != "Secret" })
}

// hideSecrets marks the values of the Secrets that were made, wherever they come
// from: a patch need not say that it is one of a Secret.
func (b *Build) hideSecrets() {
	for _, k := range b.Parts {
		for _, m := range b.tree.secretMakers(k) {
			if n := manifest.Get(m.entry(), "literals"); n != nil {
				m.Document.File.Hide(m.Document.SpanOf(n))
			}
		}
	}
	for _, r := range b.Resources {
		if !r.IsSecret() {
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			for key := range manifest.Fields(r.Get(field)) {
				at := r.Location(field, key)
				at.File.Hide(at.Span)
			}
		}
	}
}
