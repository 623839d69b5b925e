package verdict

import (
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
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

// Defined returns whether a unit or its context defines the kind of a resource.
func Defined(u *unit.Unit) func(r *manifest.Resource) bool {
	defining := newServer(u).defining
	return func(r *manifest.Resource) bool { return len(defining[customKind{r.Group, r.Kind}]) > 0 }
}

func isDefinition(r *manifest.Resource) bool {
	return r.Group == "apiextensions.k8s.io" && r.Kind == "CustomResourceDefinition"
}

// ask returns what the server says to a resource; ok is false if it is not
// asked. A custom resource is judged if there is one definition of its kind,
// and the server accepts that: of several, nobody knows which is applied. Of
// others the metadata is.
func (s *server) ask(r *manifest.Resource) (v Verdict, ok bool) {
	if apiserver.Known(r.APIVersion, r.Kind) {
		said, ok := Create(r)
		return Verdict{Resource: r, Verdict: said}, ok
	}
	crds := s.defining[customKind{r.Group, r.Kind}]
	if len(crds) != 1 {
		return metadataOf(r)
	}
	crd, ok := Create(crds[0])
	if !ok || crd.Defines == nil {
		return metadataOf(r)
	}
	o, complete := Object(r)
	if !complete {
		return Verdict{Resource: r, Verdict: apiserver.Verdict{Unread: true}}, true
	}
	return Verdict{Resource: r, definition: crds[0], Verdict: crd.Defines.Create(o)}, true
}

// metadataOf returns what the server says to the metadata of a custom resource;
// ok is false if it is none, or is not sent to a server.
func metadataOf(r *manifest.Resource) (v Verdict, ok bool) {
	if !unit.IsCustom(r) || IsFileOfTool(r) {
		return v, false
	}
	o, ok := Object(r)
	if !ok {
		return v, false
	}
	return Verdict{Resource: r, Verdict: apiserver.Metadata(o)}, true
}

// definitionKey is the key of the verdict among what is derived of a
// CustomResourceDefinition.
var definitionKey memo.Key[*apiserver.Verdict]

// Create asks about a kind of the server itself. What it says to a
// CustomResourceDefinition is kept: the units below lean on it.
func Create(r *manifest.Resource) (v apiserver.Verdict, ok bool) {
	ask := func() *apiserver.Verdict {
		if o, ok := Builtin(r); ok {
			v := apiserver.Create(o)
			return &v
		}
		return nil
	}
	var said *apiserver.Verdict
	if isDefinition(r) {
		said = definitionKey.Of(r, ask)
	} else {
		said = ask()
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
