package kustomize

import (
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

func TestChanges(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Aspects{
		"resources: [a.yaml]": 0,
		"namespace: a":        Namespace,
		"namePrefix: a-\nimages: [{name: a, newTag: b}]":                     Names | Images,
		"labels: [{pairs: {a: b}}]":                                          Labels,
		"labels: [{pairs: {a: b}}, {pairs: {c: d}, includeSelectors: true}]": Labels | Selectors,
		"labels: [{pairs: {a: b}, includeTemplates: true}]":                  Labels | Selectors,
		"commonLabels: {a: b}\ncommonAnnotations: {c: d}":                    Labels | Selectors | Annotations,
		"patches: [{path: a.yaml}]":                                          Everything,
	} {
		d := manifest.Parse(source.NewFile("f", "f", []byte("apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\n"+text))).Documents[0]
		if got := changes(d.Root); got != want {
			t.Errorf("%q changes %b, not %b", text, got, want)
		}
	}
}

func TestAspectOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Aspects{
		"metadata.namespace":                      Namespace,
		"subjects.0.namespace":                    Namespace,
		"metadata.name":                           Names,
		"metadata.labels.app":                     Labels,
		"metadata.annotations.a":                  Annotations,
		"spec.selector.matchLabels.app":           Selectors,
		"spec.template.metadata.labels":           Selectors,
		"spec.template.spec.containers.0.image":   Images,
		"spec.replicas":                           Replicas,
		"spec.template.spec.containers.0.ports.0": Fields,
	} {
		if got := AspectOf(strings.Split(text, ".")); got != want {
			t.Errorf("%s is %b, not %b", text, got, want)
		}
	}
}
