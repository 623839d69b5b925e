// Package argocd finds what Argo CD applies of a tree: the Applications whose
// repository is the tree, also those that ApplicationSets make. It imports unit
// and what unit imports.
package argocd

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Find returns what Argo CD applies of a tree. It is nil where no file holds an
// Application. The error is that of the context.
func Find(ctx context.Context, w unit.Workspace) ([]unit.Delivered, error) {
	f := &finder{Workspace: w}
	var all []unit.Delivered
	var overlays []*kustomize.Overlay
	var building []int
	for _, a := range f.applications() {
		for _, d := range f.deliver(a) {
			if d.Kustomization != nil {
				overlays, building = append(overlays, overlay(a, d.Kustomization)), append(building, len(all))
			}
			all = append(all, d)
		}
	}
	if len(overlays) == 0 {
		return all, nil
	}
	builds, err := f.Build(ctx, overlays)
	if err != nil {
		return nil, err
	}
	for i, b := range builds {
		all[building[i]].Build = b
	}
	return all, nil
}

// finder is the state of finding.
type finder struct{ unit.Workspace }

// application is one Application, written or made by an ApplicationSet.
type application struct {
	*manifest.Resource
	spec *manifest.Node
	name string
	// made reports that an ApplicationSet makes it, so that its values stand in no
	// file.
	made bool
}

// applications returns the Applications of the tree, in the order of its files.
func (f *finder) applications() []application {
	listed := map[string]bool{} // a kustomization may change what it lists
	for _, k := range f.Kustomizations {
		if len(k.Inputs) == 0 && k.Rewritten == 0 {
			continue
		}
		for _, t := range slices.Concat(k.Targets, k.Inputs) {
			listed[t.Path] = true
		}
	}
	var all []application
	for _, rel := range f.Files {
		if text := string(f.Text(rel)); listed[rel] || !strings.Contains(text, "argoproj.io/") || !strings.Contains(text, "Application") {
			continue
		}
		file := f.Parse(rel)
		if file == nil {
			continue
		}
		for _, r := range file.Resources() {
			switch {
			case r.Group != "argoproj.io":
			case r.Kind == "Application":
				all = append(all, application{Resource: r, spec: r.Get("spec"), name: r.Name})
			case r.Kind == "ApplicationSet":
				all = append(all, f.generate(r)...)
			}
		}
	}
	return all
}

// deliver returns what one Application applies of the tree. What has several
// sources, or depends on plugins, is left out.
func (f *finder) deliver(a application) []unit.Delivered {
	src := manifest.Get(a.spec, "source")
	dir := path.Clean(strings.TrimPrefix(path.Clean("/"+manifest.String(src, "path")), "/"))
	if src == nil || manifest.Get(a.spec, "sources") != nil || manifest.Get(src, "plugin") != nil || manifest.String(src, "chart") != "" ||
		manifest.String(src, "path") == "" || !f.isOwn(manifest.String(src, "repoURL")) || !f.IsDir(dir) || f.overridden(dir, a.name) {
		return nil
	}
	namespace := manifest.String(a.spec, "destination", "namespace")
	d := unit.Delivered{Kind: unit.Application, Dir: dir, Delivery: &unit.Delivery{By: a.Resource, Namespace: namespace}}
	switch k := f.Kustomizations[dir]; {
	case slices.Contains(f.Charts, dir):
		values, known := f.values(a, src, dir)
		if !known {
			return nil
		}
		d.Kind = unit.Chart
		name := manifest.String(src, "helm", "releaseName")
		if name == "" {
			name = a.name
		}
		d.Release = &unit.Release{Name: name, Namespace: namespace, Values: values}
	case k != nil:
		if manifest.Get(src, "kustomize", "images") != nil || manifest.Get(src, "kustomize", "components") != nil {
			return nil
		}
		d.Kustomization = k
	default:
		d.Files = f.directory(dir, manifest.Get(src, "directory"))
		if len(d.Files) == 0 {
			return nil
		}
	}
	return []unit.Delivered{d}
}

// isOwn reports whether a repository is this tree: it has the URL of a git remote,
// or the name of a repository that was forked. Without a remote every repository
// may be.
func (f *finder) isOwn(url string) bool {
	if len(f.Remotes) == 0 {
		return true
	}
	name := func(url string) string { return strings.TrimSuffix(path.Base(strings.TrimSuffix(url, "/")), ".git") }
	return slices.ContainsFunc(f.Remotes, func(remote string) bool { return name(remote) == name(url) })
}

// overridden reports whether a file changes the source where it lies
// (https://argo-cd.readthedocs.io/en/stable/user-guide/parameters/#store-overrides-in-git).
func (f *finder) overridden(dir, name string) bool {
	return f.Text(path.Join(dir, ".argocd-source.yaml")) != nil || f.Text(path.Join(dir, ".argocd-source-"+name+".yaml")) != nil
}

// directory returns the files that a directory source applies
// (https://argo-cd.readthedocs.io/en/stable/user-guide/directory/).
func (f *finder) directory(dir string, options *manifest.Node) []string {
	include, exclude := patterns(manifest.String(options, "include")), patterns(manifest.String(options, "exclude"))
	matches := func(all []string, way string) bool {
		return slices.ContainsFunc(all, func(p string) bool { ok, err := path.Match(p, way); return ok && err == nil })
	}
	var files []string
	for _, rel := range f.Files {
		way, below := strings.CutPrefix(rel, dir+"/")
		if dir == "." {
			way, below = rel, true
		}
		if !below || strings.Contains(way, "/") && !manifest.Bool(options, "recurse") || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(rel)) {
			continue
		}
		if matches(exclude, way) || len(include) > 0 && !matches(include, way) || strings.Contains(string(f.Text(rel)), "+argocd:skip-file-rendering") {
			continue
		}
		files = append(files, rel)
	}
	return files
}

// patterns splits "{a,b}" into its parts.
func patterns(text string) []string {
	if text == "" {
		return nil
	}
	if inner, ok := strings.CutPrefix(text, "{"); ok && strings.HasSuffix(inner, "}") {
		return strings.Split(strings.TrimSuffix(inner, "}"), ",")
	}
	return []string{text}
}

// values returns the values files of an Application, of which a later one wins:
// valueFiles, values, valuesObject
// (https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#helm-value-precedence).
// known is false if not all of them can be known.
func (f *finder) values(a application, src *manifest.Node, dir string) (files []*source.File, known bool) {
	helm := manifest.Get(src, "helm")
	for _, field := range []string{"parameters", "fileParameters"} {
		if manifest.Get(helm, field) != nil {
			return nil, false
		}
	}
	for _, n := range manifest.Items(manifest.Get(helm, "valueFiles")) {
		name := manifest.String(n)
		rel := path.Join(dir, name)
		if strings.HasPrefix(name, "/") {
			rel = strings.TrimPrefix(path.Clean(name), "/")
		}
		text := f.Text(rel)
		switch {
		case strings.ContainsAny(name, "$*{") || strings.Contains(name, "://"):
			return nil, false
		case text == nil && manifest.Bool(helm, "ignoreMissingValueFiles"):
		case text == nil:
			return nil, false
		default:
			files = append(files, source.NewFile(f.Show(rel), rel, text))
		}
	}
	for _, field := range []string{"values", "valuesObject"} {
		if manifest.Get(helm, field) == nil {
			continue
		}
		if a.made {
			return nil, false
		}
		if file := unit.ValuesFile(a.Resource, "spec", "source", "helm", field); file != nil {
			files = append(files, file)
		}
	}
	return files, true
}
