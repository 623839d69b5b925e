package kustomize

import (
	"regexp"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

var aSecret = regexp.MustCompile(`(?i)kind["']?\s*:\s*["']?secret`)

// hideSecrets marks the values of the Secrets that a kustomization makes, and
// the inline patches of Secrets.
func (k *Kustomization) hideSecrets() {
	for _, n := range manifest.Items(manifest.Get(k.Document.Root, "secretGenerator")) {
		k.hide(manifest.Get(n, "literals"))
	}
	for _, field := range []string{"patches", "patchesJson6902"} {
		for _, n := range manifest.Items(manifest.Get(k.Document.Root, field)) {
			if manifest.String(n, "target", "kind") == "Secret" || aSecret.MatchString(manifest.String(n, "patch")) {
				k.hide(manifest.Get(n, "patch"))
			}
		}
	}
	for _, field := range []string{"patchesStrategicMerge", "transformers", "generators"} {
		for _, n := range manifest.Items(manifest.Get(k.Document.Root, field)) {
			if n != nil && n.Kind == yaml.ScalarNode && aSecret.MatchString(n.Value) {
				k.hide(n)
			}
		}
	}
}

func (k *Kustomization) hide(n *yaml.Node) {
	if n != nil {
		k.Document.File.Hide(k.Document.SpanOf(n))
	}
}
