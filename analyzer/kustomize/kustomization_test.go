package kustomize

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

func TestRead(t *testing.T) {
	t.Parallel()
	read := func(text string) *Kustomization {
		return Read("k", manifest.Parse(source.NewFile("f", "f", []byte("apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\n"+text))).Documents[0])
	}
	if c := read("resources: [a.yaml]"); c.Rewritten != 0 || len(c.Unbuilt) != 0 {
		t.Errorf("plain kustomization: %+v", c)
	}
	for _, text := range []string{"commonLabels: {a: b}", "labels: [{pairs: {a: b}}]", "patches: [{patch: x}]"} {
		if read(text).Rewritten == 0 {
			t.Errorf("%s changes resources", text)
		}
	}
	for _, text := range []string{"resources: ['https://example.com/x']", "resources: [../../x]", "helmCharts: [{name: x}]"} {
		if len(read(text).Unbuilt) == 0 {
			t.Errorf("%s can be built", text)
		}
	}
	c := read("patchesStrategicMerge: [p.yaml, \"kind: A\\nx: 1\"]\npatchesJson6902: [{path: j.json}]\nopenapi: {path: o.json}")
	var inputs []string
	for _, in := range c.Inputs {
		inputs = append(inputs, in.Path)
	}
	if diff := cmp.Diff([]string{"k/p.yaml", "k/j.json", "k/o.json"}, inputs); diff != "" {
		t.Error(diff)
	}
}
