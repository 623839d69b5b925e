package graph

import (
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// Made is an object that a controller makes for another one.
type Made struct {
	Target
	// Namespace is where it is made; "" may be any.
	Namespace string
	// By is the object that it is made for.
	By *manifest.Resource
}

var madeKey memo.Key[map[string][]Made]

// Made returns the objects of a kind of the core group that controllers make for
// objects of the unit and its context, in their order.
func (g *Graph) Made(kind string) []Made {
	return madeKey.Of(g, func() map[string][]Made {
		all := map[string][]Made{}
		for _, list := range [][]*manifest.Resource{g.Unit.Resources, g.Unit.Context} {
			for _, r := range list {
				for _, p := range productsOf(g, r) {
					all[p.Kind] = append(all[p.Kind], Made{p.Target, p.namespace, r})
				}
			}
		}
		return all
	})[kind]
}
