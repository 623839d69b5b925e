package delivery

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// PathMissing reports Kustomizations of Flux whose path the
// repository does not have.
var PathMissing = &analyzer.Rule{
	ID:    "delivery-path-missing",
	Title: "A GitOps object applies a directory that does not exist",
	Claim: analyzer.Broken,
	Kinds: []string{"Kustomization"},
	Why: `Flux applies what lies below spec.path of the source. If the path does not exist, nothing is applied, and what was applied before stays as it is.

Reported is a path of this repository: its source is the one that flux bootstrap makes, or has the URL of a git remote, or other Kustomizations with the same source apply directories of it. Of a repository that is not known for sure, only a path that is close to an existing one is reported.`,
	Bad:  fluxExample("  path: ./apps/wbe\n", settings),
	Good: fluxExample("  path: ./apps/web\n", settings),
	References: []string{
		"https://fluxcd.io/flux/components/kustomize/kustomizations/#path",
	},
	Run: run(unit.PathMissing),
}
