package rbac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// VerbUnknown reports verbs of roles that no request has.
var VerbUnknown = &analyzer.Rule{
	ID:    "rbac-verb-unknown",
	Title: "A rule of a role grants a verb that no request has",
	Claim: analyzer.Suspect,
	Kinds: []string{"Role", "ClusterRole"},
	Why:   `The verb of a request for a resource is get, list, watch, create, update, patch, delete or deletecollection, in lower case; some resources are also asked for use, bind, escalate, impersonate, approve, sign or attest. HTTP methods ("post", "put") and the commands of kubectl ("describe", "apply", "exec") are no verbs of RBAC: a rule with them is accepted and they match no request. The other way round, nonResourceURLs are granted by HTTP methods in lower case, not by list or create.`,
	Bad: `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: reader
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [read]
`,
	Good: `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: reader
rules:
  - apiGroups: [""]
    resources: [pods]
    verbs: [get, list, watch]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb",
		"k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go: VerbMatches",
		"k8s.io/apiserver/pkg/endpoints/request/requestinfo.go: NewRequestInfo",
	},
	Run: func(p *analyzer.Pass) error {
		for _, role := range judgedRoles(p) {
			for _, g := range grantsOf(role) {
				for i, verb := range g.verbs {
					if meant := meantVerbs(p, g, verb); meant != "" {
						reportVerb(p, g, i, meant)
					}
				}
			}
		}
		return nil
	},
}

var (
	standardVerbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	specialVerbs  = []string{"*", "use", "bind", "escalate", "impersonate", "approve", "sign", "attest", "proxy", "redirect", "initialize"}
	httpVerbs     = []string{"*", "get", "head", "post", "put", "patch", "delete", "options"}
)

// otherWords are what people write for verbs: HTTP methods and commands.
var otherWords = map[string]string{
	"post": "create", "put": "update", "head": "get", "options": "get",
	"read": "get, list, watch", "view": "get, list, watch", "describe": "get, list", "fetch": "get", "show": "get",
	"write": "create, update, patch", "edit": "update, patch", "modify": "update, patch", "apply": "create, patch", "add": "create",
	"remove": "delete", "scale": "patch on the subresource scale", "exec": "create on pods/exec", "execute": "create on pods/exec",
	"logs": "get on pods/log", "log": "get on pods/log", "all": "*", "any": "*",
}

// meantVerbs returns the verbs that one stands for which no request has, "" if it
// is one or may be one of an API that is not known.
func meantVerbs(p *analyzer.Pass, g *grant, verb string) string {
	if len(g.urls) > 0 {
		return meantMethods(g, verb)
	}
	lower := strings.ToLower(verb)
	switch {
	case verb == "" || manifest.IsPlaceholder(verb) || strings.Contains(verb, ":") || slices.Contains(standardVerbs, verb) || slices.Contains(specialVerbs, verb):
		return ""
	case strings.ContainsAny(verb, ", "):
		return "an entry for each verb"
	case slices.Contains(standardVerbs, lower) || slices.Contains(specialVerbs, lower):
		return lower
	}
	if meant := nearmiss.Closest(verb, standardVerbs); meant != "" && nearmiss.Distance(verb, meant) == 1 {
		return meant
	}
	if len(g.resources) == 0 {
		return ""
	}
	c := catalogOf(p.Graph)
	for _, group := range g.groups { // APIs of others may ask for verbs of their own
		if !c.groups[group] || strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io") {
			return ""
		}
	}
	meant := otherWords[lower]
	if !slices.ContainsFunc(strings.Split(meant, ", "), func(v string) bool { return !slices.Contains(g.verbs, v) }) {
		return "" // granted beside it
	}
	return meant
}

// meantMethods is meantVerbs for paths, which are asked for by HTTP methods.
func meantMethods(g *grant, verb string) string {
	lower := strings.ToLower(verb)
	switch {
	case slices.Contains(httpVerbs, verb) || slices.ContainsFunc(g.verbs, func(v string) bool { return slices.Contains(httpVerbs, v) }):
		return ""
	case slices.Contains(httpVerbs, lower):
		return lower
	}
	return map[string]string{"list": "get", "watch": "get", "read": "get", "view": "get", "create": "post", "update": "put"}[lower]
}

func reportVerb(p *analyzer.Pass, g *grant, i int, meant string) {
	path := g.at("verbs", i)
	p.Report(analyzer.Finding{
		Message:     fmt.Sprintf("%s grants the verb %q, which no request has", g.role, g.verbs[i]),
		Label:       "not a verb of RBAC",
		Consequence: "it is accepted and matches no request: the API server answers Forbidden",
		Help:        "use " + meant,
		Location:    g.role.EntryLocation(path...),
		Path:        path,
		Resource:    g.role,
	})
}
