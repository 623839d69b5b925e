package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/near"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// UnknownKind reports kinds that an API group of Kubernetes itself does not
// have.
var UnknownKind = &analyzer.Rule{
	ID:    "unknown-kind",
	Title: "A kind that its API does not have",
	Claim: analyzer.Rejected,
	Why: `apiVersion and kind together name a resource of the API. Where the group is one of Kubernetes' own, all its kinds are known: a misspelt one, or one under the wrong group or version, finds no resource, and kubectl does not send it.

Kinds of other groups come from CustomResourceDefinitions. Where the definition is among the manifests, its versions are known; all other kinds are left alone.`,
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
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			_, known := apiserver.LifecycleOf(r.APIVersion, r.Kind)
			if known || unit.IsCustom(r) || r.Group == otherServer || manifest.IsPlaceholder(r.APIVersion+r.Kind) {
				continue
			}
			if r.Get("metadata") == nil && nearestKind(r) == "" && len(apiserver.HomesOf(r.Kind)) == 0 {
				continue // a configuration file in the form of an object, for some component
			}
			p.Report(unknownKind(r))
		}
		verdict.Refusals(p, apiserver.NotServed, versionNotServed)
		return nil
	},
}

// otherServer is a group of Kubernetes that another module defines.
const otherServer = "apiregistration.k8s.io"

// versionNotServed is about a custom resource in a version that its
// CustomResourceDefinition does not serve.
func versionNotServed(r *manifest.Resource, f apiserver.Refusal) analyzer.Finding {
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s: %s has no kind %s", r, r.APIVersion, r.Kind),
		Label:       f.Message,
		Consequence: "the API server has no such resource, so kubectl does not send it",
		Help:        "write a version that the CustomResourceDefinition serves",
		Location:    r.Location("apiVersion"),
		Path:        []string{"apiVersion"},
		Resource:    r,
	}
}

func unknownKind(r *manifest.Resource) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s: %s has no kind %s", r, r.APIVersion, r.Kind),
		Consequence: "the API server has no such resource, so kubectl does not send it",
		Help:        "correct apiVersion and kind",
		Location:    r.Location("kind"),
		Path:        []string{"kind"},
		Resource:    r,
	}
	homes := apiserver.HomesOf(r.Kind)
	switch near := nearestKind(r); {
	case r.APIVersion == "":
		f.Message = fmt.Sprintf("%s has no apiVersion", r)
	case len(homes) > 0:
		f.Location, f.Path = r.Location("apiVersion"), []string{"apiVersion"}
		f.Label = fmt.Sprintf("%s is in %s", r.Kind, strings.Join(homes, ", "))
		f.Help = "write apiVersion: " + homes[0]
	case near != "":
		f.Label = fmt.Sprintf("did you mean %s?", near)
		f.Help = "write kind: " + near
	case r.Group == "" && r.APIVersion != "v1":
		f.Location, f.Path = r.Location("apiVersion"), []string{"apiVersion"}
		f.Label = "without a group, this is a version of the core API, which has v1 alone"
		f.Help = fmt.Sprintf("write apiVersion: GROUP/%s, with the group that defines %s", r.APIVersion, r.Kind)
	}
	return f
}

// nearestKind returns the kind that a misspelt one probably means.
func nearestKind(r *manifest.Resource) string {
	kinds := apiserver.KindsOf(r.APIVersion)
	i := slices.IndexFunc(kinds, func(k string) bool { return strings.EqualFold(k, r.Kind) || near.Slip(k, r.Kind) })
	if i < 0 {
		return ""
	}
	return kinds[i]
}
