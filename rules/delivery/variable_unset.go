package delivery

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// VariableUnset reports variables that become empty.
var VariableUnset = &analyzer.Rule{
	ID:    "variable-unset",
	Title: "Nothing sets a variable that Flux substitutes",
	Claim: analyzer.Suspect,
	Kinds: []string{"Kustomization"},
	Why: `Where spec.postBuild sets at least one variable, Flux replaces all others that have no default with an empty string. Mostly the name is misspelled, or the text is that of a shell script, which Flux should leave alone.

Not reported are variables of a Kustomization that reads variables from an object which this repository does not hold.`,
	Bad:  fluxExample("  path: ./apps/web\n  postBuild:\n    substitute:\n      color: blue\n", settings+"data:\n  color: ${colour}\n"),
	Good: fluxExample("  path: ./apps/web\n  postBuild:\n    substitute:\n      color: blue\n", settings+"data:\n  color: ${color}\n"),
	References: []string{
		"https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution",
	},
	Run: run(unit.VariableUnset),
}
