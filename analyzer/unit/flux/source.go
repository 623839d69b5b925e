package flux

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// sourceOf returns the identity of the source that an object refers to.
func sourceOf(r *manifest.Resource, at ...string) (kind, namespace, name string) {
	ref := r.Get(at...)
	return manifest.String(ref, "kind"), cmp.Or(manifest.String(ref, "namespace"), r.Namespace), manifest.String(ref, "name")
}

// definition returns the object of a source, nil if the tree has none.
func (f *finder) definition(kind, namespace, name string) *manifest.Resource {
	for _, s := range f.sources {
		if s.Kind == kind && s.Name == name && (s.Namespace == "" || namespace == "" || s.Namespace == namespace) {
			return s
		}
	}
	return nil
}

// findSources notes which sources are this tree: those with the URL of a git
// remote, and those with the URL of the source that flux bootstrap makes.
func (f *finder) findSources() {
	urls := slices.Clone(f.Remotes)
	if d := f.definition("GitRepository", bootstrap, bootstrap); d != nil {
		urls = append(urls, manifest.String(d.Node, "spec", "url"))
	}
	for i := range urls {
		urls[i] = repository(urls[i])
	}
	for _, s := range f.sources {
		if s.Kind == "GitRepository" && slices.Contains(urls, repository(manifest.String(s.Node, "spec", "url"))) {
			f.own[s.Kind+" "+s.Name] = true
		}
	}
	for _, r := range f.written { // a path that leads deep into the tree is hardly that of another
		kind, namespace, name := sourceOf(r, "spec", "sourceRef")
		d := f.definition(kind, namespace, name)
		known := d != nil && len(urls) > 0
		if dir := pathOf(r); kind == "GitRepository" && !known && f.IsDir(dir) && (d == nil || strings.Contains(dir, "/")) {
			f.own[kind+" "+name] = true
		}
	}
}

// address splits the URL of a repository in front of its path, as git reads it.
var address = regexp.MustCompile(`^(?:[a-z+]+://)?(?:[^@/]+@)?([^/:]+)(?::\d+)?[/:](.*)$`)

// repository returns what two URLs of one repository have in common.
func repository(url string) string {
	m := address.FindStringSubmatch(url)
	if m == nil {
		return url
	}
	return strings.ToLower(m[1] + "/" + strings.TrimSuffix(strings.Trim(m[2], "/"), ".git"))
}

// isOwn reports whether the source of a Kustomization is this tree. Of the one
// that flux bootstrap makes it is, unless its URL is known to be another one.
func (f *finder) isOwn(r *manifest.Resource) bool {
	kind, _, name := sourceOf(r, "spec", "sourceRef")
	switch {
	case f.own[kind+" "+name]:
		return true
	case name != bootstrap:
		return false
	}
	return kind == "GitRepository" || kind == "OCIRepository" && f.IsDir(pathOf(r))
}

// proven reports whether another Kustomization of the same source leads into the
// tree: then a path that does not exist is missing.
func (f *finder) proven(r *manifest.Resource) bool {
	kind, _, name := sourceOf(r, "spec", "sourceRef")
	return slices.ContainsFunc(f.all, func(a *applied) bool {
		k, _, n := sourceOf(a.Resource, "spec", "sourceRef")
		return a.overlay != nil && k == kind && n == name && strings.Contains(a.dir, "/")
	})
}
