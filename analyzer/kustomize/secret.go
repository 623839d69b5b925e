package kustomize

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/secret"
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
				text := manifest.String(n, "patch")
				ofSecret := maySelectSecrets(manifest.Get(n, "target"), text) || manifest.DefinesSecret([]byte(text))
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

// maySelectSecrets reports whether a patch may be one of Secrets: its target says
// so, with a regular expression (api/types/selector.go), or leaves out the kind
// and the patch is one of data.
func maySelectSecrets(target *manifest.Node, patch string) bool {
	kind := manifest.String(target, "kind")
	if target == nil || kind == "" {
		return target != nil && strings.Contains(patch, "/data")
	}
	pattern, err := regexp.Compile("^(?:" + kind + ")$")
	return err != nil || pattern.MatchString("Secret")
}

// secrets are what an error of kustomize may quote: the values of Secrets that
// stand in the kustomizations, and the variables that Secrets are made of.
func (b *Build) secrets() []string {
	var all []string
	lines := func(text string) { all = append(all, secret.Lines(text)...) }
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
