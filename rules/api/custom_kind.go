package api

import (
	"fmt"
	"slices"
	"strings"

	edlib "github.com/hbollon/go-edlib"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// unknownCustomKind reports a resource whose group or kind is a slip of a known
// one, whose group cannot exist, or whose version was never served. Its kind is
// not defined in the tree.
func unknownCustomKind(p *analyzer.Pass, r *manifest.Resource) {
	known := apiserver.WellKnown()
	versions := known.Versions(r.Group, r.Kind)
	homes := meantHomes(r)
	switch {
	case r.Kind == "" || verdict.IsFileOfTool(r):
	case apiserver.NeverServed(known, r.Group, r.Kind, r.Version):
		f := noMatch(r, "apiVersion")
		f.Label = fmt.Sprintf("%s is served as %s", r.Kind, strings.Join(versions, ", "))
		f.Help = fmt.Sprintf("set apiVersion to %s/%s", r.Group, versions[0])
		p.Report(f)
	case len(versions) > 0:
	case len(homes) > 0:
		f := noMatch(r, "apiVersion")
		f.Label = fmt.Sprintf("%s is in %s", r.Kind, strings.Join(homes, ", "))
		f.Help = "set apiVersion to " + homes[0]
		p.Report(f)
	case nearestCustom(known.Kinds(r.Group), r.Kind) != "":
		near := nearestCustom(known.Kinds(r.Group), r.Kind)
		f := noMatch(r, "kind")
		f.Label = fmt.Sprintf("did you mean %s?", near)
		f.Help = "set kind to " + near
		p.Report(f)
	case !strings.Contains(r.Group, ".") && r.Name != "":
		f := noMatch(r, "apiVersion")
		f.Severity = analyzer.Warning // another tool may read the file
		f.Label = fmt.Sprintf("Kubernetes has no group %s, and that of a CustomResourceDefinition has a dot", r.Group)
		f.Help = fmt.Sprintf("set apiVersion to the group and version that define %s", r.Kind)
		p.Report(f)
	}
}

// meantHomes returns the apiVersions that an author probably meant who wrote
// the group of a resource: those that have its kind, and a group that is like
// it.
func meantHomes(r *manifest.Resource) []string {
	var homes []string
	for _, home := range append(apiserver.HomesOf(r.Kind), customHomes(r.Kind)...) {
		group, _, grouped := strings.Cut(home, "/")
		if !grouped {
			group = ""
		}
		if !strings.Contains(r.Group, ".") || isSlipOfGroup(r.Group, group) {
			homes = append(homes, home)
		}
	}
	return homes
}

// customHomes returns the apiVersions of well-known projects that have a kind,
// the preferred one of each group.
func customHomes(kind string) []string {
	var homes []string
	known := apiserver.WellKnown()
	for _, group := range known.Groups() {
		if versions := known.Versions(group, kind); len(versions) > 0 {
			homes = append(homes, group+"/"+versions[0])
		}
	}
	return homes
}

// isSlipOfGroup reports whether a group is probably another one: a letter or two
// are different, or the domain behind its first word is left out, added or
// another one of Kubernetes.
func isSlipOfGroup(group, meant string) bool {
	const slips, short = 2, 8
	first, domain, _ := strings.Cut(group, ".")
	meantFirst, _, _ := strings.Cut(meant, ".")
	ofKubernetes := domain == "k8s.io" || domain == "kubernetes.io" || strings.HasSuffix(domain, ".k8s.io")
	switch {
	case meant == "":
		return group == "core" || group == "k8s.io" || group == "kubernetes.io" || group == "core.k8s.io"
	case len(group) >= short && len(meant) >= short && edlib.OSADamerauLevenshteinDistance(group, meant) <= slips:
		return true
	}
	return first == meantFirst && ofKubernetes && (!strings.Contains(meant, ".") || strings.HasSuffix(meant, ".k8s.io"))
}

// nearestCustom returns the kind of a group that a misspelt one probably means,
// "" if there is none. The group may have kinds that are not known, so one slip
// is enough, or two letters that changed places.
func nearestCustom(kinds []string, kind string) string {
	i := slices.IndexFunc(kinds, func(k string) bool {
		return strings.EqualFold(k, kind) || edlib.OSADamerauLevenshteinDistance(k, kind) <= 1 || transposed(k, kind)
	})
	if i < 0 {
		return ""
	}
	return kinds[i]
}

// transposed reports whether two texts are the same but for two neighboring
// letters that changed places.
func transposed(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
