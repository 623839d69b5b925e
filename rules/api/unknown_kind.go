package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// UnknownKind reports kinds that their API group does not have, and groups that
// cannot exist.
var UnknownKind = &analyzer.Rule{
	ID:    "unknown-kind",
	Title: "A kind that its API does not have",
	Claim: analyzer.Rejected,
	Why: `apiVersion and kind together name a resource of the API. Where the group is one of Kubernetes' own, all its kinds are known: a misspelt one, or one under the wrong group or version, finds no resource, and kubectl does not send it.

Kinds of other groups come from CustomResourceDefinitions. Where the definition is among the manifests, its versions are known. The kinds of well-known projects are known without it: a slip in the group or kind is reported, as is a version that was never served. A group without a dot cannot be that of a definition. All other kinds are left alone.`,
	Bad: `apiVersion: apps/v1
kind: Deploymnet
metadata:
  name: web
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/using-api/#api-groups",
		"k8s.io/client-go/kubernetes/scheme: the kinds of each apiVersion",
		"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation: a group \"should be a domain with at least one dot\"",
	},
	Run: func(p *analyzer.Pass) error {
		defined := verdict.Defined(p.Unit)
		for _, r := range p.Unit.Resources {
			switch {
			case manifest.IsStandIn(r.APIVersion) || manifest.IsStandIn(r.Kind):
				p.Skip(r, verdict.OpenValue)
			case unit.IsCustom(r):
				if !defined(r) {
					unknownCustomKind(p, r)
				}
			case isUnknown(r):
				p.Report(unknownKind(r))
			}
		}
		verdict.Refusals(p, apiserver.NotServed, versionNotServed)
		return nil
	},
}

// otherServer is a group of Kubernetes that another module defines.
const otherServer = "apiregistration.k8s.io"

// isUnknown reports whether a group of Kubernetes itself lacks the kind of a
// resource. A configuration file in the form of an object, for some component,
// is not reported: it has no metadata.
func isUnknown(r *manifest.Resource) bool {
	if _, known := apiserver.LifecycleOf(r.APIVersion, r.Kind); known || r.Group == otherServer {
		return false
	}
	return r.Get("metadata") != nil || nearestKind(r) != "" || len(apiserver.HomesOf(r.Kind)) > 0
}

// versionNotServed is about a custom resource in a version that its
// CustomResourceDefinition does not serve.
func versionNotServed(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
	finding := noMatch(r, "apiVersion")
	finding.Label = f.Message
	finding.Help = "use a version that the CustomResourceDefinition serves"
	return finding
}

// noMatch is a finding about a kind that the server does not have, at the field
// that is at fault.
func noMatch(r *manifest.Resource, field string) analyzer.Finding {
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s: %s has no kind %s", r, r.APIVersion, r.Kind),
		Consequence: fmt.Sprintf("kubectl fails: no matches for kind %q in version %q", r.Kind, r.APIVersion),
		Location:    r.Location(field),
		Path:        []string{field},
		Resource:    r,
	}
}

// unknownKind words the finding about a kind of Kubernetes' own groups.
func unknownKind(r *manifest.Resource) analyzer.Finding {
	f := noMatch(r, "kind")
	f.Help = fmt.Sprintf("set kind to one that %s defines", r.APIVersion)
	homes := append(apiserver.HomesOf(r.Kind), customHomes(r.Kind)...)
	near := nearestKind(r)
	if len(homes) > 0 || near == "" && r.Group == "" && r.APIVersion != "v1" {
		f = noMatch(r, "apiVersion")
	}
	switch {
	case r.APIVersion == "" || r.Kind == "":
		return typeMissing(r, homes)
	case len(homes) > 0:
		f.Label = fmt.Sprintf("%s is in %s", r.Kind, strings.Join(homes, ", "))
		f.Help = "set apiVersion to " + homes[0]
	case near != "":
		f.Label = fmt.Sprintf("did you mean %s?", near)
		f.Help = "set kind to " + near
	case r.Group == "" && r.APIVersion != "v1":
		f.Label = "without a group, this is a version of the core API, which has v1 alone"
		f.Help = fmt.Sprintf("set apiVersion to GROUP/%s, with the group that defines %s", r.APIVersion, r.Kind)
	}
	return f
}

// typeMissing is about an object whose apiVersion or kind is empty, or of an
// item of a List which has none.
func typeMissing(r *manifest.Resource, homes []string) analyzer.Finding {
	missing := "apiVersion"
	if r.APIVersion != "" {
		missing = "kind"
	}
	subject := r.String()
	if r.Kind == "" {
		subject = strings.TrimSpace("the object " + r.Name)
	}
	f := noMatch(r, missing)
	f.Message = fmt.Sprintf("%s has no %s", subject, missing)
	f.Consequence = fmt.Sprintf("kubectl fails: error validating data: %s not set", missing)
	f.Help = "set " + missing
	if len(homes) > 0 {
		f.Help = "set apiVersion to " + homes[0]
	}
	return f
}

// nearestKind returns the kind that a misspelt one probably means.
func nearestKind(r *manifest.Resource) string {
	kinds := apiserver.KindsOf(r.APIVersion)
	i := slices.IndexFunc(kinds, func(k string) bool { return strings.EqualFold(k, r.Kind) || nearmiss.IsSlip(k, r.Kind) })
	if i < 0 {
		return ""
	}
	return kinds[i]
}
