package policies

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// cluster is what constraints are told of the other objects of a unit. It is
// safe for concurrent use.
type cluster struct {
	graph      *graph.Graph
	resources  []*manifest.Resource // those that exist, the unit's own first
	namespaces map[string]*manifest.Resource
	objects    map[*manifest.Resource]*ast.Term
	whole      func() ast.Object                      // see inventory
	creates    map[*manifest.Resource]*graph.Workload // those that create pods
	expansions []*expansion
	masks      func() masks // of all resources
}

func newCluster(g *graph.Graph) (*cluster, error) {
	c := &cluster{graph: g, namespaces: map[string]*manifest.Resource{}, objects: map[*manifest.Resource]*ast.Term{}, creates: creators(g)}
	for _, r := range slices.Concat(g.Unit.Resources, g.Unit.Context, g.Unit.Policies) {
		if isExpansion(r) {
			c.expansions = append(c.expansions, expansionOf(r))
		}
	}
	conv := converters.Get().(*converter)
	defer conv.release()
	for _, r := range slices.Concat(g.Unit.Resources, g.Unit.Context) {
		if isTemplate(r) || isConstraint(r) {
			continue
		}
		object, err := conv.object(r)
		if err != nil {
			return nil, err
		}
		if in := c.namespace(r); in != "" {
			object = within(object, "metadata", func(metadata *ast.Term) *ast.Term { return with(metadata, "namespace", ast.StringTerm(in)) })
		}
		c.objects[r] = object
		if isNamespace(r) && c.namespaces[r.Name] == nil {
			c.namespaces[r.Name] = r
		}
		c.resources = append(c.resources, r)
	}
	c.whole = sync.OnceValue(c.everything)
	c.masks = sync.OnceValue(func() masks { return masksOf(c.resources) })
	return c, nil
}

// with returns an object in which a key has a value; anything else stays as it
// is.
func with(term *ast.Term, key string, value *ast.Term) *ast.Term {
	object, ok := term.Value.(ast.Object)
	if !ok {
		return term
	}
	changed := mapped(object, func(_ string, v *ast.Term) *ast.Term { return v })
	changed.Value.(ast.Object).Insert(ast.StringTerm(key), value)
	return changed
}

// namespace returns where a resource goes: what has no namespace to go into,
// and none of its own, goes into kubectl's default. It is "" for what has
// none, as all custom resources that name none.
func (c *cluster) namespace(r *manifest.Resource) string {
	in := c.graph.Namespace(r)
	switch {
	case !apiserver.Namespaced(r.APIVersion, r.Kind):
		return ""
	case in == "" && apiserver.Known(r.APIVersion, r.Kind):
		return "default"
	}
	return in
}

// subject returns a resource as constraints match it.
func (c *cluster) subject(r *manifest.Resource) subject {
	s := subject{resource: r, namespace: c.namespace(r)}
	if ns := c.namespaces[s.namespace]; ns != nil {
		s.labels = labelsOf(ns)
	}
	return s
}

// everything returns data.inventory with all objects that are there.
func (c *cluster) everything() ast.Object {
	all := ast.NewObject()
	for _, r := range c.resources {
		if r.Name != "" && !c.graph.Superseded(r) {
			insert(all, c.path(r), c.objects[r])
		}
	}
	return all
}

// path leads to a resource in data.inventory.
func (c *cluster) path(r *manifest.Resource) []string {
	if in := c.namespace(r); in != "" {
		return []string{"namespace", in, r.APIVersion, r.Kind, r.Name}
	}
	return []string{"cluster", r.APIVersion, r.Kind, r.Name}
}

// inventory returns data.inventory without the object that is judged, because
// that is not there yet.
func (c *cluster) inventory(judged *manifest.Resource) *ast.Term {
	return ast.NewTerm(without(c.whole(), c.path(judged)))
}

// without returns an object that lacks what is at a path.
func without(o ast.Object, path []string) ast.Object {
	key := ast.StringTerm(path[0])
	at := o.Get(key)
	if at == nil {
		return o
	}
	pairs := make([][2]*ast.Term, 0, o.Len())
	o.Foreach(func(k, v *ast.Term) {
		switch {
		case !k.Equal(key):
			pairs = append(pairs, ast.Item(k, v))
		case len(path) > 1:
			pairs = append(pairs, ast.Item(k, ast.NewTerm(without(v.Value.(ast.Object), path[1:]))))
		}
	})
	return ast.NewObject(pairs...)
}

// insert puts a value at a path and makes the objects on the way.
func insert(into ast.Object, path []string, value *ast.Term) {
	for _, step := range path[:len(path)-1] {
		key := ast.StringTerm(step)
		next := into.Get(key)
		if next == nil {
			next = ast.ObjectTerm()
			into.Insert(key, next)
		}
		into = next.Value.(ast.Object)
	}
	into.Insert(ast.StringTerm(path[len(path)-1]), value)
}

// review returns the request to create a resource, as Gatekeeper passes it on.
func (c *cluster) review(r *manifest.Resource) *ast.Term {
	in := c.namespace(r)
	namespace := ast.NullTerm()
	if ns := c.namespaces[in]; ns != nil {
		namespace = c.objects[ns]
	}
	kind := ast.ObjectTerm(
		ast.Item(ast.StringTerm("group"), ast.StringTerm(r.Group)),
		ast.Item(ast.StringTerm("version"), ast.StringTerm(r.Version)),
		ast.Item(ast.StringTerm("kind"), ast.StringTerm(r.Kind)),
	)
	review := ast.ObjectTerm(
		ast.Item(ast.StringTerm("uid"), ast.StringTerm("")),
		ast.Item(ast.StringTerm("kind"), kind),
		ast.Item(ast.StringTerm("name"), ast.StringTerm(r.Name)),
		ast.Item(ast.StringTerm("operation"), ast.StringTerm("CREATE")),
		ast.Item(ast.StringTerm("userInfo"), ast.ObjectTerm()),
		ast.Item(ast.StringTerm("object"), c.objects[r]),
		ast.Item(ast.StringTerm("oldObject"), ast.NullTerm()),
		ast.Item(ast.StringTerm("options"), ast.NullTerm()),
		ast.Item(ast.StringTerm("namespaceObject"), namespace),
	)
	if in != "" {
		review.Value.(ast.Object).Insert(ast.StringTerm("namespace"), ast.StringTerm(in))
	}
	return review
}

// found is a violation: what is said of it, and the path of the field that its
// details name, nil if they name none.
type found struct {
	message string
	path    []string
}

// violations returns the violations of a constraint by a resource, in one order.
func (c *constraint) violations(in *cluster, r *manifest.Resource, bounds limits) ([]found, error) {
	if c.native != nil {
		return c.nativeViolations(in, r)
	}
	input := ast.NewObject(
		ast.Item(ast.StringTerm("review"), in.review(r)),
		ast.Item(ast.StringTerm("parameters"), c.parameters),
		ast.Item(ast.StringTerm("inventory"), ast.ObjectTerm()),
	)
	if c.inventory {
		input.Insert(ast.StringTerm("inventory"), in.inventory(r))
	}
	results, err := bounds.eval(*c.query, rego.EvalParsedInput(input))
	if err != nil || len(results) == 0 {
		return nil, err
	}
	set, ok := results[0].Bindings["found"].(*ast.Term).Value.(ast.Set)
	if !ok {
		return nil, errors.New(violation + " is no set")
	}
	return readViolations(set)
}

func readViolations(set ast.Set) ([]found, error) {
	if set.Len() > maxFindings {
		return nil, fmt.Errorf("it yields %d violations, more than %d", set.Len(), maxFindings)
	}
	var all []found
	for _, t := range set.Slice() {
		object, ok := t.Value.(ast.Object)
		if !ok {
			return nil, fmt.Errorf("a violation: %w", wrong(t.Value, "an object"))
		}
		msg := object.Get(ast.StringTerm("msg"))
		if msg == nil { // Gatekeeper drops it
			continue
		}
		text, err := stringOf(msg.Value)
		if err != nil {
			return nil, fmt.Errorf(`a violation: "msg": %w`, err)
		}
		f := found{message: strings.TrimSpace(text)}
		if details, ok := value(object, "details").(ast.Object); ok {
			if path, err := pathOf(value(details, "path")); err == nil { // others may mean something else by it
				f.path = path
			}
		}
		all = append(all, f)
	}
	return all, nil
}

// value returns the value of a key, null if there is none.
func value(o ast.Object, key string) ast.Value {
	if t := o.Get(ast.StringTerm(key)); t != nil {
		return t.Value
	}
	return ast.NullValue
}

// nativeViolations asks a template that is written in CEL.
func (c *constraint) nativeViolations(in *cluster, r *manifest.Resource) ([]found, error) {
	object, ok := manifest.AppendJSON(nil, r.Node)
	if !ok {
		return nil, errors.New("the object is too large")
	}
	var namespace []byte
	if ns := in.namespaces[in.namespace(r)]; ns != nil {
		if namespace, ok = manifest.AppendJSON(nil, ns.Node); !ok {
			return nil, errors.New("the Namespace is too large")
		}
	}
	messages, err := c.native.Violations(object, in.namespace(r), namespace, c.json)
	var all []found
	for _, m := range messages {
		all = append(all, found{message: m})
	}
	return all, err
}
