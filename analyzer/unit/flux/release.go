package flux

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// This file finds the HelmReleases whose chart lies in the tree. helm-controller
// renders it with valuesFrom in order, and then values
// (https://fluxcd.io/flux/components/helm/helmreleases/#values).

const helmGroup = "helm.toolkit.fluxcd.io"

func isRelease(r *manifest.Resource) bool { return r.Group == helmGroup && r.Kind == "HelmRelease" }

// releases returns what HelmReleases install of the tree.
func (f *finder) releases() []unit.Delivered {
	var all []unit.Delivered
	built := map[string]bool{}
	for _, a := range f.all {
		for _, r := range a.resources {
			if isRelease(r) {
				built[r.File().Rel] = true
				all = append(all, f.release(r, a.cluster)...)
			}
		}
	}
	for _, r := range f.installs {
		if !built[r.File().Rel] && f.rootOf(r.File().Rel) == nil {
			all = append(all, f.release(r, clusterOf(path.Dir(r.File().Rel)))...)
		}
	}
	return all
}

// release returns what one HelmRelease installs; nothing if its chart lies
// elsewhere, or if not all of its values are known.
func (f *finder) release(r *manifest.Resource, cluster string) []unit.Delivered {
	chart := manifest.String(r.Node, "spec", "chart", "spec", "chart")
	dir := path.Clean(strings.TrimPrefix(path.Clean("/"+chart), "/"))
	kind, namespace, name := sourceOf(r, "spec", "chart", "spec", "sourceRef")
	own := f.own[kind+" "+name] || name == bootstrap || f.definition(kind, namespace, name) == nil && strings.Contains(dir, "/")
	if kind != "GitRepository" || !own || !slices.Contains(f.Charts, dir) || r.Get("spec", "postRenderers") != nil {
		return nil
	}
	values, known := f.valuesOf(r, cluster)
	if !known {
		return nil
	}
	if file := unit.ValuesFile(r, "spec", "values"); file != nil {
		values = append(values, file)
	}
	target := manifest.String(r.Node, "spec", "targetNamespace")
	release := &unit.Release{Name: manifest.String(r.Node, "spec", "releaseName"), Namespace: cmp.Or(target, r.Namespace), Values: values}
	if release.Name == "" {
		release.Name = strings.TrimPrefix(target+"-"+r.Name, "-")
	}
	return []unit.Delivered{{Kind: unit.Chart, Dir: dir, Delivery: &unit.Delivery{By: r}, Release: release}}
}

// valuesOf returns the values files of valuesFrom. known is false if one of them
// cannot be read here: a Secret, or an object that is not in the tree.
func (f *finder) valuesOf(r *manifest.Resource, cluster string) (files []*source.File, known bool) {
	for _, from := range manifest.Items(r.Get("spec", "valuesFrom")) {
		kind, name := manifest.String(from, "kind"), manifest.String(from, "name")
		key := cmp.Or(manifest.String(from, "valuesKey"), "values.yaml")
		config := f.config(&applied{Resource: r, cluster: cluster}, kind, name)
		if config == nil || kind != "ConfigMap" || manifest.String(from, "targetPath") != "" {
			return nil, false
		}
		if file := unit.ValuesFile(config, "data", key); file != nil {
			files = append(files, file)
		}
	}
	return files, true
}
