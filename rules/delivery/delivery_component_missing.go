package delivery

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// ComponentMissing reports components of Kustomizations of Flux that do
// not exist.
var ComponentMissing = &analyzer.Rule{
	ID:    "delivery-component-missing",
	Title: "A Flux Kustomization uses a component that does not exist",
	Claim: analyzer.Broken,
	Kinds: []string{"Kustomization"},
	Why:   `Paths in spec.components are relative to spec.path. A component that does not exist fails the build, so nothing of the Kustomization is applied, unless spec.ignoreMissingComponents is set.`,
	Bad:   fluxExample("  path: ./apps/web\n  components:\n  - ../../components/alrts\n", settings+component),
	Good:  fluxExample("  path: ./apps/web\n  components:\n  - ../../components/alerts\n", settings+component),
	References: []string{
		"https://fluxcd.io/flux/components/kustomize/kustomizations/#components",
	},
	Run: run(unit.ComponentMissing),
}
