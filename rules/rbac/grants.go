package rbac

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

const rbacGroup = "rbac.authorization.k8s.io"

// grant is one entry of the rules of a role. RBAC compares its texts letter by
// letter with the request (k8s.io/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go
// APIGroupMatches, ResourceMatches, VerbMatches).
type grant struct {
	role                           *manifest.Resource
	path                           []string
	groups, resources, verbs, urls []string
}

func (g *grant) at(field string, i int) []string {
	return append(slices.Clone(g.path), field, strconv.Itoa(i))
}

// grantsOf returns the entries of a role.
func grantsOf(role *manifest.Resource) []*grant {
	var all []*grant
	for i, n := range manifest.Items(role.Get("rules")) {
		all = append(all, &grant{role: role, path: []string{"rules", strconv.Itoa(i)},
			groups: texts(n, "apiGroups"), resources: texts(n, "resources"), verbs: texts(n, "verbs"), urls: texts(n, "nonResourceURLs")})
	}
	return all
}

func texts(n *manifest.Node, field string) []string {
	var all []string
	for _, item := range manifest.Items(manifest.Get(n, field)) {
		all = append(all, manifest.String(item))
	}
	return all
}

// unfinished reports whether a part of the entry is still to be filled in.
func (g *grant) unfinished() bool {
	return slices.ContainsFunc(slices.Concat(g.groups, g.resources, g.verbs), manifest.IsPlaceholder)
}

// covers reports whether the entry grants verbs on a resource.
func (g *grant) covers(r apiserver.Resource, entry string, verbs []string) bool {
	has := func(list []string, wanted string) bool {
		return slices.Contains(list, "*") || slices.Contains(list, wanted)
	}
	return has(g.groups, r.Group) && has(g.resources, entry) &&
		!slices.ContainsFunc(verbs, func(v string) bool { return !has(g.verbs, v) })
}

// judgedRoles returns the roles of the unit whose rules are judged.
func judgedRoles(p *analyzer.Pass) []*manifest.Resource {
	var roles []*manifest.Resource
	for _, r := range p.Unit.Resources {
		if isRole(r) && !p.Graph.Superseded(r) {
			roles = append(roles, r)
		}
	}
	return roles
}

func isRole(r *manifest.Resource) bool {
	return r.Group == rbacGroup && (r.Kind == "Role" || r.Kind == "ClusterRole")
}

// catalog holds the resources that are known by their plurals: those of the API
// server, and those that the CustomResourceDefinitions of the unit define.
type catalog struct {
	all      []apiserver.Resource
	byPlural map[string][]apiserver.Resource
	groups   map[string]bool
}

var catalogKey memo.Key[*catalog]

func catalogOf(g *graph.Graph) *catalog {
	return catalogKey.Of(g, func() *catalog {
		c := &catalog{byPlural: map[string][]apiserver.Resource{}, groups: map[string]bool{}}
		for _, r := range apiserver.Resources() {
			c.add(r)
		}
		for _, list := range [][]*manifest.Resource{g.Unit.Resources, g.Unit.Context} {
			for _, r := range list {
				if r.Group == "apiextensions.k8s.io" && r.Kind == "CustomResourceDefinition" {
					c.add(defined(r))
				}
			}
		}
		return c
	})
}

// defined returns the resource that a CustomResourceDefinition defines.
func defined(r *manifest.Resource) apiserver.Resource {
	singular := manifest.String(r.Node, "spec", "names", "singular")
	if singular == "" { // k8s.io/apiextensions-apiserver pkg/apis/apiextensions/v1/defaults.go
		singular = strings.ToLower(manifest.String(r.Node, "spec", "names", "kind"))
	}
	return apiserver.Resource{
		Group: manifest.String(r.Node, "spec", "group"), Plural: manifest.String(r.Node, "spec", "names", "plural"), Singular: singular,
		Namespaced: manifest.String(r.Node, "spec", "scope") != "Cluster", Subresources: []string{"status", "scale"},
	}
}

func (c *catalog) add(r apiserver.Resource) {
	c.all = append(c.all, r)
	c.byPlural[r.Plural] = append(c.byPlural[r.Plural], r)
	c.groups[r.Group] = true
}

// homes returns the resources of that plural in the groups of an entry.
func (c *catalog) homes(groups []string, plural string) []apiserver.Resource {
	var found []apiserver.Resource
	for _, r := range c.byPlural[plural] {
		if slices.Contains(groups, r.Group) || slices.Contains(groups, "*") {
			found = append(found, r)
		}
	}
	return found
}

// foreign reports whether a group may serve what the catalog does not know: a
// group of others, which has a dot, or one that the API server no longer has.
func (c *catalog) foreign(group string) bool {
	if c.groups[group] || malformed(group) {
		return false
	}
	return strings.Contains(group, ".") || apiserver.HadGroup(group) || manifest.IsPlaceholder(group)
}

// version is a version of an API, which is no group.
var version = regexp.MustCompile(`^v[0-9]+((alpha|beta)[0-9]+)?$`)

// malformed reports whether no group can have the name: it holds a version.
func malformed(group string) bool {
	return strings.Contains(group, "/") || version.MatchString(group)
}
