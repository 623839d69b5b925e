package rbac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// RBACRefMissing reports bindings of a role or to a ServiceAccount that is not
// there.
var RBACRefMissing = &analyzer.Rule{
	ID:    "rbac-ref-missing",
	Title: "A binding names a role or a ServiceAccount that is not there",
	Claim: analyzer.Suspect,
	Kinds: []string{"RoleBinding", "ClusterRoleBinding"},
	Why: `A RoleBinding or ClusterRoleBinding is accepted whether or not its role and its subjects exist. Without the role it grants nothing; without the ServiceAccount it grants to nobody, and the pods that were meant are refused what they ask for, often much later. The kind counts: a Role is found in the namespace of the binding alone, a ClusterRole in none. A ServiceAccount without a namespace is looked for in that of the RoleBinding.

Roles and accounts often come from somewhere else, so only what something close explains is reported: a name that is one slip off, differs in a word for the kind alone, as in "reader" and "reader-role", or has the same words in another order, the other kind of role, or another namespace.`,
	Bad: `apiVersion: v1
kind: ServiceAccount
metadata:
  name: scraper
  namespace: monitoring
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: scraper
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
subjects:
  - kind: ServiceAccount
    name: scrapper
    namespace: monitoring
`,
	Good: `apiVersion: v1
kind: ServiceAccount
metadata:
  name: scraper
  namespace: monitoring
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: scraper
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: view
subjects:
  - kind: ServiceAccount
    name: scraper
    namespace: monitoring
`,
	References: []string{
		"https://kubernetes.io/docs/reference/access-authn-authz/rbac/#rolebinding-and-clusterrolebinding",
		"k8s.io/kubernetes/pkg/registry/rbac/validation/rule.go: VisitRulesFor, appliesToUser",
	},
	Run: func(p *analyzer.Pass) error {
		for _, ref := range p.Graph.References().All {
			if ref.Use != graph.GrantedRole && ref.Use != graph.GrantedTo || !missing.Judged(p, ref) {
				continue
			}
			f := missing.Find(p, ref)
			if renamed := renamedElsewhere(p, ref); renamed != nil && (f == nil || f.Evidence != analyzer.NearMiss) {
				f = renamed
			}
			switch {
			case f == nil:
			case strings.HasPrefix(ref.Target.Name, "system:") && f.Reading != "spelling": // the API server may create it
			case f.Evidence != analyzer.NearMiss:
				p.Skip(ref.From, fmt.Sprintf("resources: their %ss may live elsewhere", ref.Target.Kind))
			default:
				f.Consequence = "it is accepted and grants nothing to the ServiceAccount that was meant"
				if ref.Use == graph.GrantedRole {
					f.Claim, f.Consequence = analyzer.Broken, "it is accepted and grants nothing"
				}
				p.Report(*f)
			}
		}
		return nil
	},
}

// renamedElsewhere explains a subject that kustomize has not renamed together with
// its account: the namespace that it names is not that of the account, so kustomize
// takes it for another one (sigs.k8s.io/kustomize/api/filters/nameref). It returns nil if
// this is not so.
func renamedElsewhere(p *analyzer.Pass, ref *graph.Reference) *analyzer.Finding {
	if ref.Use != graph.GrantedTo || len(p.Graph.Resolve(ref)) > 0 {
		return nil
	}
	for _, r := range p.Unit.Resources {
		if r.Kind != "ServiceAccount" || r.Group != "" || r.WrittenName() != ref.Target.Name || r.Name == ref.Target.Name || p.Graph.InNamespaceOf(ref, r) {
			continue
		}
		granted := func(other *graph.Reference) bool { return other.Use == graph.GrantedTo }
		if slices.ContainsFunc(p.Graph.References().To(p.Graph, r), granted) {
			continue
		}
		to := r.Name
		if namespace := p.Graph.Namespace(r); namespace != "" {
			to += " in namespace " + namespace
		}
		return &analyzer.Finding{
			Message:  fmt.Sprintf("%s grants to ServiceAccount %s in namespace %s, and kustomize makes %s of it", ref.From, ref.Target.Name, ref.Namespace, to),
			Evidence: analyzer.NearMiss,
			Label:    "kustomize did not change this subject",
			Help:     "leave out the namespace of the subject, or write the one that the account has before the build",
			Location: ref.From.EntryLocation(ref.Path...), Path: ref.Path, Resource: ref.From,
			Related: []analyzer.Related{{Location: r.NameLocation(), Message: fmt.Sprintf("kustomize makes ServiceAccount %s of it", r.Name)}},
		}
	}
	return nil
}
