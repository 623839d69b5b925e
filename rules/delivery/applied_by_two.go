package delivery

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// AppliedByTwo reports objects that two Kustomizations of Flux apply.
var AppliedByTwo = &analyzer.Rule{
	ID:    "applied-by-two",
	Title: "Two GitOps objects apply the same object",
	Claim: analyzer.Suspect,
	Kinds: []string{"Kustomization"},
	Why:   `Each Kustomization keeps an inventory of what it applies. An object in two of them is overwritten by both in turn where they differ, and deleted when one of them no longer defines it although the other one does.`,
	Bad:   twoExample("settings"),
	Good:  twoExample("more-settings"),
	References: []string{
		"https://fluxcd.io/flux/components/kustomize/kustomizations/#prune",
	},
	Run: run(unit.AppliedTwice),
}
