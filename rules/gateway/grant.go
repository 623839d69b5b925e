package gateway

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// granted reports whether a reference stays in its namespace, or a ReferenceGrant
// in the namespace of its object allows it. Of namespaces that are not known
// nothing is said.
func granted(g *graph.Graph, ref *graph.Reference) bool {
	from := g.Namespace(ref.From)
	if from == "" || unit.SameNamespace(from, ref.Namespace) {
		return true
	}
	for _, list := range [][]*manifest.Resource{g.Unit.Resources, g.Unit.Context} {
		for _, r := range list {
			if r.Group == graph.GatewayGroup && r.Kind == "ReferenceGrant" && unit.SameNamespace(g.Namespace(r), ref.Namespace) && grants(r, ref, from) {
				return true
			}
		}
	}
	return false
}

// grants reports whether a ReferenceGrant allows a reference from a namespace: one
// of its from and one of its to fit. A to without a name is any object of the kind.
func grants(r *manifest.Resource, ref *graph.Reference, namespace string) bool {
	if manifest.HoldsPlaceholder(r.Node) {
		return true
	}
	from, to := false, false
	for _, n := range manifest.Items(r.Get("spec", "from")) {
		from = from || manifest.String(n, "group") == ref.From.Group && manifest.String(n, "kind") == ref.From.Kind && manifest.String(n, "namespace") == namespace
	}
	for _, n := range manifest.Items(r.Get("spec", "to")) {
		name := manifest.String(n, "name")
		to = to || manifest.String(n, "group") == ref.Target.Group && manifest.String(n, "kind") == ref.Target.Kind && (name == "" || name == ref.Target.Name)
	}
	return from && to
}

// notGranted returns the finding about a reference to an object of another
// namespace, which that one does not allow, without its consequence. The grant may
// be applied with the objects of the other namespace, so it is no error.
func notGranted(p *analyzer.Pass, ref *graph.Reference, to *manifest.Resource) analyzer.Finding {
	from := p.Graph.Namespace(ref.From)
	f := analyzer.Finding{
		Claim:    analyzer.Suspect,
		Message:  fmt.Sprintf("%s in namespace %s references %s in namespace %s, and no ReferenceGrant allows it", ref.From, from, to, ref.Namespace),
		Label:    "in another namespace",
		Help:     fmt.Sprintf("create a ReferenceGrant in namespace %s: from kind %s, namespace %s, to kind %s", ref.Namespace, ref.From.Kind, from, ref.Target.Kind),
		Location: ref.From.EntryLocation(ref.Path...),
		Path:     ref.Path,
		Resource: ref.From,
		Related:  []analyzer.Related{{Location: to.NameLocation(), Message: fmt.Sprintf("%s is in namespace %s", to, ref.Namespace)}},
	}
	for _, r := range p.Unit.Resources {
		if r.Group == graph.GatewayGroup && r.Kind == "ReferenceGrant" && p.Graph.Namespace(r) == ref.Namespace {
			f.Related = append(f.Related, analyzer.Related{Location: r.NameLocation(), Message: fmt.Sprintf("%s does not allow it", r)})
		}
	}
	return f
}
