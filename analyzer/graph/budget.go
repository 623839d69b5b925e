package graph

import (
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// SelectsAll reports whether a budget counts every pod of its namespace: an
// empty selector does in policy/v1, and matched nothing in policy/v1beta1
// (k8s.io/api/policy/v1 types.go).
func (b *Budget) SelectsAll() bool { return b.Selector.State == Empty && b.APIVersion == "policy/v1" }

// Counts is the selector by which a budget finds its pods.
func (b *Budget) Counts() Selector {
	if b.SelectsAll() {
		return Selector{State: Present, Selector: labels.Everything()}
	}
	return b.Selector
}

// Protected returns the workloads whose pods a budget counts, in the order of
// Workloads.
func (g *Graph) Protected(b *Budget) []*Workload {
	return g.Select(g.Namespace(b.Resource), b.Counts())
}

// Limit is which field of a budget says how many pods may go, "" for neither,
// and what it says.
func (b *Budget) Limit() (field, value string) {
	for _, field := range []string{"maxUnavailable", "minAvailable"} { // in the order of pkg/controller/disruption
		if n := b.Get("spec", field); n != nil {
			return field, manifest.String(n)
		}
	}
	return "", ""
}
