package nearmiss

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

var mentionedKey memo.Key[sets.Set[string]]

// mentioned returns the words of all texts that may name an object without being
// one of the references that are known: what custom resources say, the arguments
// and variables of containers, annotations, and the data of ConfigMaps. A program
// finds by its name what no field references.
func mentioned(g *graph.Graph) sets.Set[string] {
	return mentionedKey.Of(g, func() sets.Set[string] {
		all := sets.New[string]()
		for _, list := range [][]*manifest.Resource{g.Unit.Resources, g.Unit.Context} {
			for _, r := range list {
				if unit.IsCustom(r) {
					for key, e := range manifest.Fields(r.Node) {
						if key != "metadata" && key != "kind" && key != "apiVersion" {
							addTexts(all, e.Value)
						}
					}
				} else {
					addFree(all, r.Node)
				}
				addTexts(all, r.Get("metadata", "annotations"))
			}
		}
		return all
	})
}

// freeFields are the fields of built-in kinds that hold text for programs.
var freeFields = sets.New("value", "args", "command", "data", "stringData", "annotations")

// addFree adds the texts for programs in a built-in object.
func addFree(all sets.Set[string], n *manifest.Node) {
	for _, item := range manifest.Items(n) {
		addFree(all, item)
	}
	for key, e := range manifest.Fields(n) {
		if freeFields.Has(key) {
			addTexts(all, e.Value)
			continue
		}
		addFree(all, e.Value)
	}
}

// addTexts adds the words of all texts of a node. Of "redis.shop.svc" the first
// part is a word, too.
func addTexts(all sets.Set[string], n *manifest.Node) {
	for _, item := range manifest.Items(n) {
		addTexts(all, item)
	}
	for _, e := range manifest.Fields(n) {
		addTexts(all, e.Value)
	}
	for _, word := range strings.FieldsFunc(manifest.String(n), notInName) {
		all.Insert(strings.Trim(word, ".-"))
		if host, _, ok := strings.Cut(word, "."); ok {
			all.Insert(host)
		}
	}
}

// notInName reports whether a rune cannot be part of an object's name.
func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.'
}
