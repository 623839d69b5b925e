package nearmiss

import (
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

var templatesKey memo.Key[[]map[string]string]

// madeByCustom reports whether a custom resource of the unit sets all labels of a
// selector somewhere in its specification: then its controller makes the pods.
// So does an Experiment in a step of a Rollout
// (https://argo-rollouts.readthedocs.io/en/stable/features/experiment/).
func madeByCustom(g *graph.Graph, selector map[string]string) bool {
	templates := templatesKey.Of(g, func() []map[string]string {
		var all []map[string]string
		known := map[*manifest.Resource]bool{} // as workloads, whose pods are known, too
		for _, w := range g.Workloads {
			known[w.Resource] = true
		}
		for _, list := range [][]*manifest.Resource{g.Unit.Resources, g.Unit.Context} {
			for _, r := range list {
				if unit.IsCustom(r) {
					for field, e := range manifest.Fields(r.Get("spec")) {
						if field != "template" || !known[r] {
							all = addLabels(all, e.Value)
						}
					}
				}
			}
		}
		return all
	})
	for _, labels := range templates {
		if Missing(selector, carriedBy(labels)) == "" {
			return true
		}
	}
	return false
}

// addLabels adds the labels that a part of an object sets at any depth. Those of
// selectors have other keys.
func addLabels(all []map[string]string, n *manifest.Node) []map[string]string {
	for _, item := range manifest.Items(n) {
		all = addLabels(all, item)
	}
	for key, e := range manifest.Fields(n) {
		if key == "labels" {
			all = append(all, manifest.StringMap(n, key))
			continue
		}
		all = addLabels(all, e.Value)
	}
	return all
}
