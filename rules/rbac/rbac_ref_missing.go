package rbac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
	"github.com/kubeknot/kubeknot/rules/internal/near"
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
			if ref.Use != graph.GrantedRole && ref.Use != graph.GrantedTo || !missing.Judged(p, ref) || strings.HasPrefix(ref.Target.Name, "system:") {
				continue
			}
			f := missing.Find(p, ref, missing.NameOff, otherKindOfRole, accountElsewhere, missing.NamePart, sameWords)
			switch {
			case f == nil:
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

// otherKindOfRole: the name is that of a Role where a ClusterRole is named, or
// the other way round.
func otherKindOfRole(p *analyzer.Pass, ref *graph.Reference) *near.Miss {
	other := map[string]string{"Role": "ClusterRole", "ClusterRole": "Role"}[ref.Target.Kind]
	for _, r := range p.Graph.Objects().Named(graph.Target{Group: ref.Target.Group, Kind: other, Name: ref.Target.Name}) {
		if missing.Unwanted(p, ref, r) {
			return &near.Miss{
				At:   r.EntryLocation("kind"),
				What: fmt.Sprintf("%s is a %s", r.Name, r.Kind),
				Help: fmt.Sprintf("write kind: %s in roleRef, or make it a %s", r.Kind, ref.Target.Kind),
			}
		}
	}
	return nil
}

// accountElsewhere: the role or account is in another namespace. kustomize may
// still move either of them.
func accountElsewhere(p *analyzer.Pass, ref *graph.Reference) *near.Miss {
	if miss := missing.Elsewhere(p, ref); miss != nil && !p.Unit.Rewritten {
		if at := append(slices.Clone(ref.Path[:len(ref.Path)-1]), "namespace"); ref.From.Get(at...) != nil {
			miss.Help = "write the namespace of the " + ref.Target.Kind
		}
		return miss
	}
	return nil
}

// sameWords: the name has three words or more, and one object alone of the same
// file has all of them, perhaps among others and in another order.
func sameWords(p *analyzer.Pass, ref *graph.Reference) *near.Miss {
	words := strings.Split(ref.Target.Name, "-")
	if len(words) < 3 {
		return nil
	}
	var found *manifest.Resource
	for _, r := range p.Graph.Objects().InFile(ref.From, ref.Target.Group, ref.Target.Kind) {
		theirs := strings.Split(r.Name, "-")
		if !p.Graph.InNamespaceOf(ref, r) || slices.ContainsFunc(words, func(word string) bool { return !slices.Contains(theirs, word) }) {
			continue
		}
		if found != nil {
			return nil // not clear which
		}
		found = r
	}
	if found == nil {
		return nil
	}
	return missing.Suggest(ref, found)
}
