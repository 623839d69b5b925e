package rbac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// ClusterScopedInRole reports Roles that grant resources outside of namespaces.
var ClusterScopedInRole = &analyzer.Rule{
	ID:    "rbac-cluster-scoped-in-role",
	Title: "A Role grants cluster-scoped resources",
	Claim: analyzer.Suspect,
	Kinds: []string{"Role", "RoleBinding"},
	Why: `A Role grants access inside its namespace, and a RoleBinding grants the rules of a ClusterRole inside the namespace of the binding. Requests for nodes, PersistentVolumes, StorageClasses, CustomResourceDefinitions and other cluster-scoped resources have no namespace, so only a ClusterRoleBinding of a ClusterRole grants them.

A single Namespace is an exception: a request for it counts as one in this namespace, so get, update, patch and delete can be granted by a Role; list, watch and create cannot. Nothing is reported if a ClusterRole of the manifests grants the same.`,
	Bad: `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: agent
  namespace: ops
rules:
  - apiGroups: [""]
    resources: [nodes]
    verbs: [get, list, watch]
`,
	Good: `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: agent
rules:
  - apiGroups: [""]
    resources: [nodes]
    verbs: [get, list, watch]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/access-authn-authz/rbac/#role-and-clusterrole",
		"k8s.io/kubernetes/pkg/registry/rbac/validation/rule.go: VisitRulesFor",
		"k8s.io/apiserver/pkg/endpoints/request/requestinfo.go: NewRequestInfo",
	},
	Run: func(p *analyzer.Pass) error {
		for _, role := range judgedRoles(p) {
			if role.Kind != "Role" {
				continue
			}
			for _, g := range grantsOf(role) {
				clusterScoped(p, g)
			}
		}
		for _, ref := range p.Graph.References().All {
			if ref.Own && ref.Use == graph.GrantedRole && ref.From.Kind == "RoleBinding" && ref.Target.Kind == "ClusterRole" {
				boundInNamespace(p, ref)
			}
		}
		return nil
	},
}

// clusterScoped judges one rule of a Role.
func clusterScoped(p *analyzer.Pass, g *grant) {
	at, names := -1, []string(nil)
	for i, entry := range g.resources {
		if outside(p, g, entry) && !grantedByClusterRole(p, g, entry) {
			if at < 0 {
				at = i
			}
			names = append(names, entry)
		}
	}
	if at < 0 {
		return
	}
	path := g.at("resources", at)
	p.Report(analyzer.Finding{
		Message:     fmt.Sprintf("%s grants access to %s, which no Role can grant: they are in no namespace", g.role, strings.Join(names, ", ")),
		Label:       "cluster-scoped",
		Consequence: "it is accepted and grants nothing for them: the API server answers Forbidden",
		Help:        "move this to a ClusterRole, and bind it by a ClusterRoleBinding",
		Location:    g.role.EntryLocation(path...),
		Path:        path,
		Resource:    g.role,
	})
}

// inNamespace are verbs that are asked of a namespace although the resource is in
// none: roles and policies are used in one.
var inNamespace = []string{"bind", "escalate", "use", "impersonate", "approve", "sign", "attest"}

// outside reports whether the requests that an entry of resources names surely
// have no namespace.
func outside(p *analyzer.Pass, g *grant, entry string) bool {
	c := catalogOf(p.Graph)
	base, _, _ := strings.Cut(entry, "/")
	homes := c.homes(g.groups, base)
	switch {
	case len(homes) == 0 || g.unfinished() || slices.ContainsFunc(g.groups, c.foreign) || strings.HasPrefix(base, "selfsubject"):
		return false
	case slices.ContainsFunc(homes, func(r apiserver.Resource) bool { return r.Namespaced }):
		return false
	case base == "namespaces":
		return entry == base && !slices.ContainsFunc(g.verbs, func(v string) bool {
			return !slices.Contains([]string{"list", "watch", "create", "deletecollection"}, v)
		})
	}
	return !slices.ContainsFunc(g.verbs, func(v string) bool { return slices.Contains(inNamespace, v) })
}

// grantedByClusterRole reports whether a ClusterRole of the manifests grants the
// same.
func grantedByClusterRole(p *analyzer.Pass, g *grant, entry string) bool {
	base, _, _ := strings.Cut(entry, "/")
	homes := catalogOf(p.Graph).homes(g.groups, base)
	for _, list := range [][]*manifest.Resource{p.Unit.Resources, p.Unit.Context} {
		for _, r := range list {
			if r.Group != rbacGroup || r.Kind != "ClusterRole" {
				continue
			}
			for _, other := range grantsOf(r) {
				if slices.ContainsFunc(homes, func(home apiserver.Resource) bool { return other.covers(home, entry, g.verbs) }) {
					return true
				}
			}
		}
	}
	return false
}

// boundInNamespace judges a RoleBinding of a ClusterRole that grants nothing that
// is in a namespace.
func boundInNamespace(p *analyzer.Pass, ref *graph.Reference) {
	found := p.Graph.Resolve(ref)
	if len(found) != 1 || len(manifest.Items(found[0].Get("rules"))) == 0 || found[0].Get("aggregationRule") != nil {
		return
	}
	role := found[0]
	for _, g := range grantsOf(role) {
		if slices.ContainsFunc(g.resources, func(entry string) bool { return !outside(p, g, entry) }) {
			return
		}
	}
	for _, other := range p.Graph.References().To(p.Graph, role) {
		if other.From.Kind == "ClusterRoleBinding" {
			return
		}
	}
	p.Report(analyzer.Finding{
		Message:     fmt.Sprintf("%s binds %s in a namespace, and its rules are all about cluster-scoped resources", ref.From, role),
		Label:       "grants nothing inside a namespace",
		Consequence: "it is accepted and grants nothing: the API server answers Forbidden",
		Help:        "use a ClusterRoleBinding",
		Location:    ref.From.EntryLocation(ref.Path...),
		Path:        ref.Path,
		Resource:    ref.From,
		Related:     []analyzer.Related{{Location: role.KeyLocation("rules"), Message: "these resources are in no namespace"}},
	})
}
