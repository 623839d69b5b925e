package helm

import (
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// defines returns what the crds/ of the chart and of those it depends on add to
// the APIs of the cluster: Helm installs them before it renders the templates
// (helm pkg/action/install.go installCRDs).
func (r *renderer) defines() []string {
	var all []string
	for _, crd := range r.chart.CRDObjects() {
		if f := r.files[crd.File]; f != nil {
			all = append(all, Defines(manifest.Parse(f))...)
		}
	}
	return all
}

// Defines returns what the CustomResourceDefinitions of a file add to the APIs of
// a cluster, as "GROUP/VERSION" and "GROUP/VERSION/Kind".
func Defines(f *manifest.File) []string {
	var all []string
	for _, r := range f.Resources() {
		if r.Group != "apiextensions.k8s.io" || r.Kind != "CustomResourceDefinition" {
			continue
		}
		group, kind := manifest.String(r.Node, "spec", "group"), manifest.String(r.Node, "spec", "names", "kind")
		for _, version := range served(r) {
			gv := group + "/" + version
			all = append(all, gv, gv+"/"+kind)
		}
	}
	return all
}

// served returns the versions of a definition that are served. The v1beta1 of
// definitions may name a single one.
func served(r *manifest.Resource) []string {
	var all []string
	if versions := r.Get("spec", "versions"); versions != nil && versions.Kind == manifest.SequenceNode {
		for _, v := range versions.Children() {
			if strings.EqualFold(manifest.String(v, "served"), "true") {
				all = append(all, manifest.String(v, "name"))
			}
		}
		return all
	}
	if version := manifest.String(r.Node, "spec", "version"); version != "" {
		all = append(all, version)
	}
	return all
}
