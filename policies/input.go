package policies

import (
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// input is what policies are told of one unit. Its kinds are converted when
// the first policy asks for them. It is safe for concurrent use.
type input struct {
	graph *graph.Graph
	// resources are the unit's own, then those of its context. The ref of a
	// resource is its place here.
	resources []*manifest.Resource
	kinds     map[string]*kind
	// replaced are the objects that the unit defines anew, by their identity
	// without a namespace.
	replaced  map[manifest.ID][]*manifest.Resource
	workloads func() map[*manifest.Resource]*graph.Workload
	memo      memo.Memo
	// masks are those of all resources.
	masks func() masks
}

// Memo keeps what policies make of an input for each other.
func (in *input) Memo() *memo.Memo { return &in.memo }

// kind is the resources of one kind.
type kind struct {
	refs []int
	own  bool // whether any of them is the unit's own
	// array returns them as the input describes them.
	array func() (*ast.Term, error)
}

// viewKey is the key of the input of a graph.
var viewKey memo.Key[*input]

// inputOf returns the input that all policies share for the unit of a graph.
func inputOf(g *graph.Graph) *input {
	return viewKey.Of(g, func() *input { return newInput(g) })
}

func newInput(g *graph.Graph) *input {
	in := &input{
		graph:     g,
		resources: slices.Concat(g.Unit.Resources, g.Unit.Context),
		kinds:     map[string]*kind{},
		replaced:  map[manifest.ID][]*manifest.Resource{},
	}
	for ref, r := range in.resources {
		k := in.kinds[r.Kind]
		if k == nil {
			k = &kind{}
			k.array = sync.OnceValues(func() (*ast.Term, error) { return in.convert(k.refs) })
			in.kinds[r.Kind] = k
		}
		k.refs = append(k.refs, ref)
		k.own = k.own || in.isOwn(ref)
	}
	for _, r := range g.Unit.Replaced {
		in.replaced[anywhere(r)] = append(in.replaced[anywhere(r)], r)
	}
	in.masks = sync.OnceValue(func() masks { return masksOf(in.resources) })
	in.workloads = sync.OnceValue(func() map[*manifest.Resource]*graph.Workload {
		byResource := make(map[*manifest.Resource]*graph.Workload, len(g.Workloads))
		for _, w := range g.Workloads {
			byResource[w.Resource] = w
		}
		return byResource
	})
	return in
}

func (in *input) isOwn(ref int) bool { return ref < len(in.graph.Unit.Resources) }

// ours returns the resources of the unit itself.
func (in *input) ours() []*manifest.Resource { return in.graph.Unit.Resources }

// objects returns the objects of the unit itself, in the order of ours.
func (in *input) objects() ([]*ast.Term, error) {
	objects := make([]*ast.Term, len(in.ours()))
	for _, k := range in.kinds {
		if !k.own {
			continue
		}
		array, err := k.array()
		if err != nil {
			return nil, err
		}
		for i, ref := range k.refs {
			if in.isOwn(ref) {
				objects[ref] = array.Value.(*ast.Array).Elem(i).Get(ast.InternedTerm("object"))
			}
		}
	}
	return objects, nil
}

// judges reports whether the unit has resources of its own of one of the
// kinds; no kinds are all.
func (in *input) judges(kinds []string) bool {
	if len(kinds) == 0 {
		return len(in.graph.Unit.Resources) > 0
	}
	return slices.ContainsFunc(kinds, func(name string) bool {
		k := in.kinds[name]
		return k != nil && k.own
	})
}

// value returns the input of a policy that looks at the given kinds; no kinds
// are all. It fails if an object is too large to be passed on.
func (in *input) value(kinds []string) (ast.Value, error) {
	resources := ast.NewObjectWithCapacity(len(in.kinds))
	for name, k := range in.kinds {
		if len(kinds) > 0 && !slices.Contains(kinds, name) {
			continue
		}
		array, err := k.array()
		if err != nil {
			return nil, err
		}
		resources.Insert(ast.StringTerm(name), array)
	}
	u := in.graph.Unit
	return ast.NewObject(
		ast.Item(ast.StringTerm("unit"), ast.ObjectTerm(
			ast.Item(ast.StringTerm("name"), ast.StringTerm(u.Name)),
			ast.Item(ast.StringTerm("kind"), ast.StringTerm(string(u.Kind))),
			ast.Item(ast.StringTerm("namespace"), ast.StringTerm(u.Namespace)),
			ast.Item(ast.StringTerm("complete"), ast.BooleanTerm(u.Complete())),
			ast.Item(ast.StringTerm("rewritten"), ast.BooleanTerm(u.Rewrites(kustomize.Relations))),
		)),
		ast.Item(ast.StringTerm("resources"), ast.NewTerm(resources)),
	), nil
}

// convert describes resources of one kind.
func (in *input) convert(refs []int) (*ast.Term, error) {
	later := map[manifest.ID]bool{}
	c := converters.Get().(*converter)
	defer c.release()
	terms := make([]*ast.Term, len(refs))
	for i, ref := range slices.Backward(refs) { // backward, to know what comes later
		r, own := in.resources[ref], in.isOwn(ref)
		object := c.object
		if !own {
			object = c.sharedObject
		}
		term, err := object(r)
		if err != nil {
			return nil, err
		}
		terms[i] = ast.ObjectTerm(
			ast.Item(c.string("ref"), ast.IntNumberTerm(ref)),
			ast.Item(c.string("own"), ast.BooleanTerm(own)),
			ast.Item(c.string("superseded"), ast.BooleanTerm(own && r.Name != "" && later[r.ID()])),
			ast.Item(c.string("replaces"), ast.BooleanTerm(own && in.replaces(r))),
			ast.Item(c.string("controlled"), ast.BooleanTerm((&graph.Workload{Resource: r}).Controlled())),
			ast.Item(c.string("scaledBy"), in.scaledBy(r)),
			ast.Item(c.string("group"), c.string(r.Group)),
			ast.Item(c.string("version"), c.string(r.Version)),
			ast.Item(c.string("kind"), c.string(r.Kind)),
			ast.Item(c.string("namespace"), c.string(in.graph.Namespace(r))),
			ast.Item(c.string("name"), c.string(r.Name)),
			ast.Item(c.string("object"), term),
		)
		if own {
			later[r.ID()] = true
		}
	}
	return ast.ArrayTerm(terms...), nil
}

// anywhere is the identity of a resource in whatever namespace.
func anywhere(r *manifest.Resource) manifest.ID {
	return manifest.ID{Group: r.Group, Kind: r.Kind, Name: r.Name}
}

// replaces reports whether a resource of the unit defines one of an ancestor
// directory anew.
func (in *input) replaces(r *manifest.Resource) bool {
	return slices.ContainsFunc(in.replaced[anywhere(r)], func(before *manifest.Resource) bool {
		return unit.SameObject(r, before)
	})
}

// scaledBy returns the autoscaler of a resource as the input describes it, null
// if it has none.
func (in *input) scaledBy(r *manifest.Resource) *ast.Term {
	w := in.workloads()[r]
	if w == nil {
		return ast.NullTerm()
	}
	s := in.graph.ScaledBy(w)
	if s == nil {
		return ast.NullTerm()
	}
	return ast.ObjectTerm(
		ast.Item(ast.StringTerm("kind"), ast.StringTerm(s.Kind)),
		ast.Item(ast.StringTerm("name"), ast.StringTerm(s.Name)),
	)
}
