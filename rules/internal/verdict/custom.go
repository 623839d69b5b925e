package verdict

import (
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// server is the API server as one unit finds it: with the kinds that the unit
// and its context define.
type server struct {
	unit *unit.Unit
	// defining are the CustomResourceDefinitions of each kind.
	defining map[customKind][]*manifest.Resource
}

// customKind is a kind that a CustomResourceDefinition defines.
type customKind struct{ group, kind string }

func newServer(u *unit.Unit) *server {
	s := &server{unit: u, defining: map[customKind][]*manifest.Resource{}}
	for _, list := range [][]*manifest.Resource{u.Resources, u.Context} {
		for _, r := range list {
			if isDefinition(r) {
				k := customKind{manifest.String(r.Node, "spec", "group"), manifest.String(r.Node, "spec", "names", "kind")}
				s.defining[k] = append(s.defining[k], r)
			}
		}
	}
	return s
}

func isDefinition(r *manifest.Resource) bool {
	return r.Group == "apiextensions.k8s.io" && r.Kind == "CustomResourceDefinition"
}

// ask returns what the server says to a resource; ok is false if it is not
// asked. A custom resource is judged if there is one definition of its kind,
// and the server accepts that: of several, nobody knows which is applied.
func (s *server) ask(r *manifest.Resource) (v Verdict, ok bool) {
	if apiserver.Known(r.APIVersion, r.Kind) {
		said, ok := Create(r)
		return Verdict{Resource: r, Verdict: said}, ok
	}
	crds := s.defining[customKind{r.Group, r.Kind}]
	if len(crds) != 1 {
		return Verdict{}, false
	}
	crd, ok := Create(crds[0])
	if !ok || crd.Defines == nil {
		return Verdict{}, false
	}
	o, complete := Object(r)
	if !complete {
		return Verdict{Resource: r, Verdict: apiserver.Verdict{Unread: true}}, true
	}
	return Verdict{Resource: r, definition: crds[0], Verdict: crd.Defines.Create(o)}, true
}

// definitionKey is the key of the verdict among what is derived of a
// CustomResourceDefinition.
type definitionKey struct{}

// Create asks about a kind of the server itself. What it says to a
// CustomResourceDefinition is kept: the units below lean on it.
func Create(r *manifest.Resource) (v apiserver.Verdict, ok bool) {
	ask := func() any {
		if o, ok := Builtin(r); ok {
			v := apiserver.Create(o)
			return &v
		}
		return (*apiserver.Verdict)(nil)
	}
	said := (*apiserver.Verdict)(nil)
	if isDefinition(r) {
		said = r.Derive(definitionKey{}, ask).(*apiserver.Verdict)
	} else {
		said = ask().(*apiserver.Verdict)
	}
	if said == nil {
		return v, false
	}
	return *said, true
}

// mayBeMended reports whether a webhook that is known may change resources of
// the group after they are read and before they are validated
// (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/).
func mayBeMended(u *unit.Unit, group string) bool {
	for _, list := range [][]*manifest.Resource{u.Resources, u.Context, u.Siblings} {
		for _, r := range list {
			if r.Kind == "MutatingWebhookConfiguration" && r.Group == "admissionregistration.k8s.io" && mutates(r, group) {
				return true
			}
		}
	}
	return false
}

func mutates(r *manifest.Resource, group string) bool {
	for _, hook := range manifest.Items(r.Get("webhooks")) {
		for _, rule := range manifest.Items(manifest.Get(hook, "rules")) {
			for _, g := range manifest.Items(manifest.Get(rule, "apiGroups")) {
				if g.Value == "*" || g.Value == group {
					return true
				}
			}
		}
	}
	return false
}

// HoldsPlaceholder reports whether a value holds a placeholder at any depth.
func HoldsPlaceholder(n *manifest.Node) bool {
	n = manifest.Resolve(n)
	if n == nil {
		return false
	}
	for _, c := range n.Children() {
		if HoldsPlaceholder(c) {
			return true
		}
	}
	return n.Kind == manifest.ScalarNode && manifest.IsPlaceholder(n.Value)
}
