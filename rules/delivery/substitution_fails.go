package delivery

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// SubstitutionFails reports text that the variable substitution of Flux
// cannot parse.
var SubstitutionFails = &analyzer.Rule{
	ID:    "substitution-fails",
	Title: "A manifest holds a variable that Flux cannot parse",
	Claim: analyzer.Rejected,
	Kinds: []string{"Kustomization"},
	Why:   `Where spec.postBuild sets variables, Flux reads every object that the Kustomization builds as a template of variables. Text such as ${NAME.x} or ${NAME-x}, mostly that of a shell script, is refused, and nothing of the Kustomization is applied. $${ stands for a literal ${.`,
	Bad:   fluxExample("  path: ./apps/web\n  postBuild:\n    substitute:\n      color: blue\n", settings+"data:\n  script: echo ${NAME.x}\n"),
	Good:  fluxExample("  path: ./apps/web\n  postBuild:\n    substitute:\n      color: blue\n", settings+"data:\n  script: echo $${NAME.x}\n"),
	References: []string{
		"https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution",
		"github.com/fluxcd/pkg/envsubst:Eval",
	},
	Run: run(unit.SubstitutionFails),
}
