package delivery

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// NoManifest reports files that break the kustomization that Flux
// generates.
var NoManifest = &analyzer.Rule{
	ID:    "delivery-no-manifest",
	Title: "A file in a directory that Flux applies is not a manifest",
	Claim: analyzer.Broken,
	Kinds: []string{"Kustomization"},
	Why:   `Where spec.path has no kustomization, Flux generates one that lists every .yaml and .yml file below it. A file that does not decode to Kubernetes objects, such as values or a Chart.yaml, fails the whole build. A sub-directory with a kustomization of its own is not searched, and .sourceignore excludes files.`,
	Bad:   fluxExample("  path: ./apps/web\n", settings+"-- apps/web/values.yaml --\nreplicas: 2\n"),
	Good:  fluxExample("  path: ./apps/web\n", settings),
	References: []string{
		"https://fluxcd.io/flux/components/kustomize/kustomizations/#generate-a-kustomizationyaml-file",
		"github.com/fluxcd/pkg/kustomize:generateKustomization",
	},
	Run: run(unit.NoManifest),
}
