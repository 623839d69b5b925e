package containers

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// defaultMode is the mode of files that neither the volume nor the item gives one
// (k8s.io/api/core/v1 ConfigMapVolumeSourceDefaultMode).
const defaultMode = 0o644

// content is what a volume made of ConfigMaps and Secrets holds.
type content struct {
	// modes are the modes of its files, by their paths in the volume. Without
	// known there may be others, of the mode of rest.
	modes map[string]int
	known bool
	rest  int
	// objects are the ConfigMaps and Secrets it is made of; names are how
	// messages call them.
	objects []*manifest.Resource
	names   []string
	// path leads to the volume in its resource.
	path []string
}

// mount is a read-only volume at a place in a container's files.
type mount struct {
	content
	dir, subPath string
	// entry leads to the volumeMounts entry.
	entry []string
}

// mountsOf returns the mounts of a container. The content is nil for volumes that
// are not made of ConfigMaps and Secrets alone.
func mountsOf(p *analyzer.Pass, w *graph.Workload, c graph.Container) []mount {
	var found []mount
	for i, n := range manifest.Items(manifest.Get(c.Node, "volumeMounts")) {
		m := mount{
			dir:     path.Clean(manifest.String(n, "mountPath")),
			subPath: manifest.String(n, "subPath"),
			entry:   slices.Concat(c.Path, []string{"volumeMounts", strconv.Itoa(i)}),
		}
		if manifest.Get(n, "subPathExpr") == nil && !manifest.IsPlaceholder(m.dir) && !manifest.IsPlaceholder(m.subPath) {
			m.content = contentOf(p, w, manifest.String(n, "name"))
		}
		found = append(found, m)
	}
	return found
}

// contentOf returns the content of a volume of the pods by its name.
func contentOf(p *analyzer.Pass, w *graph.Workload, name string) content {
	for i, v := range manifest.Items(w.PodField("spec", "volumes")) {
		if manifest.String(v, "name") != name || claimTemplate(w, name) {
			continue
		}
		all := content{modes: map[string]int{}, known: true, rest: defaultMode, path: w.At("spec", "volumes", strconv.Itoa(i))}
		projected := manifest.Get(v, "projected")
		sources := append([]*manifest.Node{v}, manifest.Items(manifest.Get(projected, "sources"))...)
		if mode, ok := manifest.Int(projected, "defaultMode"); ok {
			all.rest = mode
		}
		for _, s := range sources {
			all.addSource(p, w, "ConfigMap", manifest.Get(s, "configMap"), "name")
			all.addSource(p, w, "Secret", manifest.Get(s, "secret"), "secretName", "name")
		}
		if len(all.names) == 0 || len(sources)-1 > len(all.names) { // tokens and fields of the pod
			return content{}
		}
		return all
	}
	return content{}
}

// claimTemplate reports whether a claim of a StatefulSet takes the place of the
// volume (pkg/controller/statefulset/stateful_set_utils.go updateStorage).
func claimTemplate(w *graph.Workload, name string) bool {
	return w.Kind == "StatefulSet" && slices.ContainsFunc(manifest.Items(w.Get("spec", "volumeClaimTemplates")), func(t *manifest.Node) bool {
		return manifest.String(t, "metadata", "name") == name
	})
}

// addSource adds the files of one ConfigMap or Secret. Its name is in the first
// of the fields that is there.
func (all *content) addSource(p *analyzer.Pass, w *graph.Workload, kind string, source *manifest.Node, fields ...string) {
	if source == nil {
		return
	}
	name := ""
	for _, field := range fields {
		if name == "" {
			name = manifest.String(source, field)
		}
	}
	all.names = append(all.names, kind+" "+name)
	if mode, ok := manifest.Int(source, "defaultMode"); ok {
		all.rest = mode
	}
	keys, known := keysOf(p, w, graph.Target{Kind: kind, Name: name}, all)
	items := manifest.Items(manifest.Get(source, "items"))
	for _, item := range items {
		mode, ok := manifest.Int(item, "mode")
		if !ok {
			mode = all.rest
		}
		all.modes[path.Clean(manifest.String(item, "path"))] = mode
	}
	if len(items) > 0 {
		all.known = all.known && !manifest.IsPlaceholder(strings.Join(slices.Collect(maps.Keys(all.modes)), " "))
		return
	}
	all.known = all.known && known
	for _, k := range keys {
		all.modes[k.Name] = all.rest
	}
}

// keysOf returns the keys of a ConfigMap or Secret of the unit; known is false if
// there may be others.
func keysOf(p *analyzer.Pass, w *graph.Workload, target graph.Target, all *content) (keys []missing.DataKey, known bool) {
	ref := &graph.Reference{From: w.Resource, Own: true, Workload: w, Use: graph.Volume, Target: target, Namespace: p.Graph.Namespace(w.Resource)}
	objects := p.Graph.Resolve(ref)
	if len(objects) != 1 || missing.FilledInLater(objects[0]) || missing.Generated(p, ref) || len(p.Graph.Makers(ref)) > 0 {
		return nil, false
	}
	all.objects = append(all.objects, objects[0])
	return missing.DataKeys(objects[0]), true
}

// has reports whether a path in the volume is a file or a directory.
func (c *content) has(name string) bool {
	name = path.Clean(name)
	if _, ok := c.modes[name]; ok || name == "." || strings.HasPrefix(name, "..") {
		return true
	}
	for file := range c.modes {
		if strings.HasPrefix(file, name+"/") {
			return true
		}
	}
	return false
}

// files lists the files of the volume for messages.
func (c *content) files() string {
	var keys []missing.DataKey
	for _, name := range slices.Sorted(maps.Keys(c.modes)) {
		keys = append(keys, missing.DataKey{Name: name})
	}
	return missing.ListKeys(keys)
}

// called names what the volume is made of.
func (c *content) called() string { return strings.Join(c.names, " and ") }

// at returns the mount that a path of the container lies in, the deepest one, and
// the path in its volume; nil if none does.
func at(mounts []mount, file string) (m *mount, inside string) {
	file = path.Clean(file)
	for i := range mounts {
		within := file == mounts[i].dir || strings.HasPrefix(file, strings.TrimSuffix(mounts[i].dir, "/")+"/")
		if within && (m == nil || len(mounts[i].dir) > len(m.dir)) {
			m = &mounts[i]
		}
	}
	if m == nil {
		return nil, ""
	}
	return m, path.Join(m.subPath, strings.TrimPrefix(strings.TrimPrefix(file, m.dir), "/"))
}
