package delivery

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// DependencyMissing reports Kustomizations that wait for one that does not exist.
var DependencyMissing = &analyzer.Rule{
	ID:    "dependency-missing",
	Title: "A Flux Kustomization waits for one that does not exist",
	Claim: analyzer.Broken,
	Kinds: []string{"Kustomization"},
	Why: `Flux applies a Kustomization only once all that spec.dependsOn names are ready. One that does not exist never is, so nothing is applied.

Reported is a name that is close to that of another Kustomization of the same cluster: any other one may be defined in another repository.`,
	Bad:  dependencyExample("web-app"),
	Good: dependencyExample("web-apps"),
	References: []string{
		"https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Delivery == nil || p.Unit.Kind != unit.FluxKustomization {
			return nil
		}
		by := p.Unit.Delivery.By
		for i, d := range manifest.Items(by.Get("spec", "dependsOn")) {
			name, namespace := manifest.String(d, "name"), cmp.Or(manifest.String(d, "namespace"), by.Namespace)
			if other := closest(p.Unit.Delivery.Peers, by, namespace, name); other != nil {
				p.Report(missingDependency(by, i, name, other))
			}
		}
		return nil
	},
}

// closest returns the object whose name is close to one that none of a namespace
// has; nil if there is one of the name, or none that is close.
func closest(peers []*manifest.Resource, by *manifest.Resource, namespace, name string) *manifest.Resource {
	var found *manifest.Resource
	for _, peer := range peers {
		switch {
		case peer.Name == name:
			return nil // its namespace may be set where it is applied
		case peer != by && unit.SameNamespace(peer.Namespace, namespace) && nearmiss.IsSlip(name, peer.Name) && !manifest.IsPlaceholder(name):
			found = peer
		}
	}
	return found
}

func missingDependency(by *manifest.Resource, i int, name string, other *manifest.Resource) analyzer.Finding {
	path := []string{"spec", "dependsOn", strconv.Itoa(i), "name"}
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s depends on Kustomization %s, which does not exist", by, name),
		Label:       "no Kustomization of this name",
		Consequence: "it stays in DependencyNotReady, and nothing of it is applied",
		Help:        "set the name to " + other.Name,
		Location:    by.Location(path...),
		Path:        path,
		Resource:    by,
		Related:     []analyzer.Related{{Location: other.Location("metadata", "name"), Message: "this Kustomization has a similar name"}},
	}
}

// dependencyExample is twoExample, where the second Kustomization depends on a name.
func dependencyExample(name string) string {
	return strings.Replace(strings.Replace(twoExample("more-settings"), "name: web\n", "name: web-apps\n", 1), "  path: ./apps/more\n", "  path: ./apps/more\n  dependsOn:\n  - name: "+name+"\n", 1)
}
