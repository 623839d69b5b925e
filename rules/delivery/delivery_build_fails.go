package delivery

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// BuildFails reports generated kustomizations that cannot be built.
var BuildFails = &analyzer.Rule{
	ID:    "delivery-build-fails",
	Title: "A directory that Flux applies cannot be built",
	Claim: analyzer.Rejected,
	Kinds: []string{"Kustomization"},
	Why:   `Where spec.path has no kustomization, Flux generates one that lists every manifest below it, and builds that. If kustomize refuses it, as when two files define one object, nothing of it is applied.`,
	Bad:   fluxExample("  path: ./apps/web\n", settings+"-- apps/web/more/settings.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"),
	Good:  fluxExample("  path: ./apps/web\n", settings),
	References: []string{
		"https://fluxcd.io/flux/components/kustomize/kustomizations/#generate-a-kustomizationyaml-file",
	},
	Run: run(unit.BuildFails),
}
