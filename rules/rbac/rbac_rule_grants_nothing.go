package rbac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// RuleGrantsNothing reports rules of roles whose groups and resources name
// nothing.
var RuleGrantsNothing = &analyzer.Rule{
	ID:    "rbac-rule-grants-nothing",
	Title: "A rule of a role grants nothing",
	Claim: analyzer.Suspect,
	Kinds: []string{"Role", "ClusterRole"},
	Why: `RBAC compares the API group and the resource of a request with apiGroups and resources letter by letter. The group has no version ("apps", not "apps/v1"; "" for the core group), and the resource is the lower-case plural of the URL ("pods", not "pod" or "Pod"; "pods/log", not "pods/logs"). Anything else is accepted and matches no request: the program is refused with "is forbidden".

Several groups and resources in one rule are combined, so a resource is right if one of the groups has it. What the API server has, or had in an earlier version, is known; so is what the CustomResourceDefinitions of the manifests define. Of other groups nothing is reported but a version in their name. A rule is not reported if another one of the same role grants what was meant.`,
	Bad: `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: scaler
rules:
  - apiGroups: [apps/v1]
    resources: [deployments]
    verbs: [get, list, patch]
`,
	Good: `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: scaler
rules:
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [get, list, patch]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources",
		"k8s.io/kubernetes/pkg/apis/rbac/v1/evaluation_helpers.go: APIGroupMatches, ResourceMatches",
		"k8s.io/kubernetes/api/discovery: the resources of the API server",
	},
	Run: func(p *analyzer.Pass) error {
		for _, role := range judgedRoles(p) {
			grants := grantsOf(role)
			for _, g := range grants {
				if len(g.resources) > 0 {
					j := &grantJudge{Pass: p, catalog: catalogOf(p.Graph), grant: g, beside: grants}
					j.judge()
				}
			}
		}
		return nil
	},
}

// grantJudge judges one rule of a role.
type grantJudge struct {
	*analyzer.Pass
	*catalog
	grant  *grant
	beside []*grant // the rules of the same role
	// wrong are the resources that a wrong group misses, by the index of the group.
	wrong map[int][]string
}

// judge reports what the rule grants nothing for: of each group or resource once.
func (j *grantJudge) judge() {
	j.wrong = map[int][]string{}
	for i, entry := range j.grant.resources {
		if f := j.resource(entry); f != nil {
			f.Path = j.grant.at("resources", i)
			j.send(f)
		}
	}
	for i, group := range j.grant.groups {
		if missed := j.wrong[i]; len(missed) > 0 {
			meant := j.meantGroup(group, missed[0])
			f := &analyzer.Finding{
				Message: fmt.Sprintf("%s grants nothing for %s: no API group is named %q", j.grant.role, strings.Join(missed, ", "), group),
				Label:   "no API group has this name",
				Help:    fmt.Sprintf("use %q", meant),
				Path:    j.grant.at("apiGroups", i),
			}
			if malformed(group) {
				f.Claim, f.Label = analyzer.Broken, "a version is no part of the group"
			}
			j.send(f)
		}
	}
}

func (j *grantJudge) send(f *analyzer.Finding) {
	f.Resource = j.grant.role
	f.Location = f.Resource.EntryLocation(f.Path...)
	f.Consequence = "it is accepted and matches no request: the API server answers Forbidden"
	j.Report(*f)
}

// resource judges an entry of resources. If a group is at fault, it is noted.
func (j *grantJudge) resource(entry string) *analyzer.Finding {
	base, sub, _ := strings.Cut(entry, "/")
	switch {
	case strings.ContainsAny(entry, ", "):
		return j.finding(entry, "one entry holds several names", "write each resource as an entry of its own")
	case base == "" && sub != "":
		return j.finding(entry, "a path is no resource", "use nonResourceURLs, which a ClusterRole may have")
	case base == "*" || base == "" || j.grant.unfinished() || virtual[base]:
		return nil
	}
	if homes := j.homes(j.grant.groups, base); len(homes) > 0 {
		return j.subresource(entry, base, sub, homes)
	}
	if slices.ContainsFunc(j.grant.groups, func(g string) bool { return apiserver.HadResource(g, base) }) {
		return nil
	}
	if known := j.byPlural[base]; len(known) > 0 {
		return j.elsewhere(entry, known)
	}
	return j.unknown(entry, base)
}

// virtual are resources that authorizers ask about and that no API serves
// (https://kubernetes.io/docs/reference/access-authn-authz/).
var virtual = map[string]bool{"users": true, "groups": true, "uids": true, "userextras": true, "signers": true}

func (j *grantJudge) finding(entry, label, help string) *analyzer.Finding {
	return &analyzer.Finding{
		Message: fmt.Sprintf("%s grants nothing for %q: no resource has this name", j.grant.role, entry),
		Label:   label, Help: help,
	}
}

// elsewhere judges a resource that none of the groups has.
func (j *grantJudge) elsewhere(entry string, known []apiserver.Resource) *analyzer.Finding {
	if j.covered(known, entry) {
		return nil
	}
	for i, group := range j.grant.groups {
		if j.meantGroup(group, entry) != group {
			j.wrong[i] = append(j.wrong[i], entry)
			return nil
		}
	}
	if len(j.grant.groups) == 0 || slices.ContainsFunc(j.grant.groups, j.foreign) {
		return nil
	}
	var groups []string
	for _, r := range known {
		groups = append(groups, fmt.Sprintf("%q", r.Group))
	}
	in := strings.Join(groups, " or ")
	return &analyzer.Finding{
		Message: fmt.Sprintf("%s grants nothing for %s, which are in the API group %s, not %s", j.grant.role, entry, in, quoted(j.grant.groups)),
		Label:   "in the API group " + in,
		Help:    fmt.Sprintf("add %s to apiGroups", in),
	}
}

func quoted(groups []string) string {
	var all []string
	for _, g := range groups {
		all = append(all, fmt.Sprintf("%q", g))
	}
	return strings.Join(all, " or ")
}

// meantGroup returns the group that a name of none means for a resource, the name
// itself if it is a group or may be one.
func (j *grantJudge) meantGroup(group, entry string) string {
	base, _, _ := strings.Cut(entry, "/")
	known := j.byPlural[base]
	if before, _, ok := strings.Cut(group, "/"); ok {
		if version.MatchString(before) {
			before = ""
		}
		return before
	}
	if j.groups[group] || apiserver.HadGroup(group) || group == "*" || len(known) == 0 && !malformed(group) {
		return group
	}
	if malformed(group) {
		return ""
	}
	for _, r := range known {
		home := r.Group
		close := home != "" && (home == group+".k8s.io" || group == home+".k8s.io" || strings.HasPrefix(home, group+".") || len(home) > 3 && nearmiss.Distance(home, group) <= 2)
		if close || !strings.Contains(group, ".") {
			return home
		}
	}
	return group
}

// covered reports whether another rule of the role grants what was meant.
func (j *grantJudge) covered(meant []apiserver.Resource, entry string) bool {
	return slices.ContainsFunc(meant, func(r apiserver.Resource) bool {
		return slices.ContainsFunc(j.beside, func(g *grant) bool { return g.covers(r, entry, j.grant.verbs) })
	})
}

// unknown judges a resource that is known in no group.
func (j *grantJudge) unknown(entry, base string) *analyzer.Finding {
	for i, group := range j.grant.groups {
		if meant := j.meantGroup(group, entry); meant != group && !slices.Contains(j.grant.groups, meant) && malformed(group) {
			j.wrong[i] = append(j.wrong[i], entry)
			return nil
		}
	}
	if slices.ContainsFunc(j.grant.groups, j.foreign) {
		return nil
	}
	if plural, group, ok := strings.Cut(base, "."); ok {
		return j.finding(entry, "a resource has no group in its name", fmt.Sprintf("use %s, and %q in apiGroups", plural, group))
	}
	var plurals []string
	for _, r := range j.all {
		if !slices.Contains(j.grant.groups, r.Group) && !slices.Contains(j.grant.groups, "*") {
			continue
		}
		if strings.EqualFold(base, r.Singular) || strings.EqualFold(base, r.Plural) || slices.Contains(r.ShortNames, base) {
			if j.covered([]apiserver.Resource{r}, r.Plural) {
				return nil
			}
			return j.finding(entry, "the plural is "+r.Plural, "use "+strings.Replace(entry, base, r.Plural, 1))
		}
		plurals = append(plurals, r.Plural)
	}
	if meant, ok := nearmiss.Nearest(base, plurals); ok && nearmiss.IsSlip(base, meant) && !slices.Contains(j.grant.groups, "*") {
		return j.finding(entry, "misspelled", "use "+strings.Replace(entry, base, meant, 1))
	}
	return nil
}

// ofPods are subresources that pods alone have.
var ofPods = map[string]string{
	"exec": "exec", "log": "log", "logs": "log", "portforward": "portforward", "attach": "attach", "eviction": "eviction", "ephemeralcontainers": "ephemeralcontainers",
}

// subresource judges the part behind the slash. Names that no API serves but that
// authorizers ask about are left alone, such as finalizers.
func (j *grantJudge) subresource(entry, base, sub string, homes []apiserver.Resource) *analyzer.Finding {
	var known []string
	for _, r := range homes {
		known = append(known, r.Subresources...)
	}
	if sub == "" || sub == "*" || slices.Contains(known, sub) || slices.ContainsFunc(j.grant.groups, j.foreign) {
		return nil
	}
	meant := ""
	if ofPods[sub] != "" && (base == "pods" || homes[0].Group == "apps" || homes[0].Group == "batch") {
		meant = "pods/" + ofPods[sub]
	} else if near, ok := nearmiss.Nearest(sub, known); ok && base != "nodes" && nearmiss.IsSlip(sub, near) {
		meant = base + "/" + near
	}
	if meant == "" || slices.Contains(j.grant.resources, meant) {
		return nil
	}
	return j.finding(entry, "no such subresource", "use "+meant)
}
