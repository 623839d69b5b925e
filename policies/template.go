package policies

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

const (
	templateGroup   = "templates.gatekeeper.sh"
	constraintGroup = "constraints.gatekeeper.sh"
	gatekeeper      = "admission.k8s.gatekeeper.sh" // the target of a template
)

// template is a ConstraintTemplate of Gatekeeper, compiled. It is safe for
// concurrent use.
type template struct {
	resource *manifest.Resource
	kind     string // of its constraints
	// query is nil if the template is written in CEL.
	query *rego.PreparedEvalQuery
	// native is nil if the template is written in Rego.
	native *apiserver.Native
	// path leads to what it is written in, inventory reports whether that asks
	// for other objects.
	path      []string
	inventory bool
}

// fault is why a template cannot be used.
type fault struct {
	path []string // of the Rego or CEL at fault
	// row and column count inside of the text at the path; 0 is the whole.
	row, column int
	message     string
	// denied reports that it asks for something that kubeknot does not give.
	denied bool
}

func (f *fault) Error() string {
	if f.row == 0 {
		return f.message
	}
	return fmt.Sprintf("%s, at %d:%d of %s", f.message, f.row, f.column, manifest.FieldPath(f.path))
}

func isTemplate(r *manifest.Resource) bool {
	return r.Group == templateGroup && r.Kind == "ConstraintTemplate"
}

func isConstraint(r *manifest.Resource) bool { return r.Group == constraintGroup }

// compiled is what becomes of a template.
type compiled struct {
	template *template
	fault    *fault
}

// templateKey is the key of what is compiled among what is derived of a
// resource: the units below lean on it.
var templateKey memo.Key[compiled]

// templateOf compiles a template; one of the two is nil.
func templateOf(r *manifest.Resource) (*template, *fault) {
	c := templateKey.Of(r, func() compiled {
		t, err := newTemplate(r)
		if err == nil {
			return compiled{template: t}
		}
		var f *fault
		if !errors.As(err, &f) {
			f = &fault{path: []string{"spec"}, message: err.Error()}
		}
		return compiled{fault: f}
	})
	return c.template, c.fault
}

func newTemplate(r *manifest.Resource) (*template, error) {
	t := &template{resource: r, kind: manifest.String(r.Node, "spec", "crd", "spec", "names", "kind")}
	if t.kind == "" {
		return nil, &fault{path: []string{"spec", "crd", "spec", "names", "kind"}, message: "it names no kind of constraints"}
	}
	for i, target := range manifest.Items(r.Get("spec", "targets")) {
		if manifest.String(target, "target") == gatekeeper {
			return t, t.read([]string{"spec", "targets", strconv.Itoa(i)}, target)
		}
	}
	return nil, &fault{path: []string{"spec", "targets"}, message: "it has no target " + gatekeeper}
}

// read compiles what stands in the target. Of two languages CEL is taken, as
// Gatekeeper does.
func (t *template) read(at []string, target *manifest.Node) error {
	for _, engine := range []string{"K8sNativeValidation", "Rego"} {
		for i, code := range manifest.Items(manifest.Get(target, "code")) {
			if manifest.String(code, "engine") != engine {
				continue
			}
			at := slices.Concat(at, []string{"code", strconv.Itoa(i), "source"})
			if engine == "Rego" {
				return t.compile(at, manifest.Get(code, "source"))
			}
			return t.compileNative(at, manifest.Get(code, "source"))
		}
	}
	return t.compile(at, target)
}

func (t *template) compileNative(at []string, source *manifest.Node) error {
	data, ok := manifest.AppendJSON(nil, source)
	if !ok {
		return &fault{path: at, message: "it is too large"}
	}
	native, err := apiserver.NewNative(data, t.resource.Name)
	if err != nil {
		return &fault{path: at, message: err.Error()}
	}
	t.path, t.native = at, native
	return nil
}

// compile compiles the Rego of a source and its libs. It is of version 0 unless
// the source says otherwise.
func (t *template) compile(at []string, source *manifest.Node) error {
	t.path = slices.Concat(at, []string{"rego"})
	options := ast.ParserOptions{RegoVersion: ast.RegoV0}
	if manifest.String(source, "version") == "v1" {
		options.RegoVersion = ast.RegoV1
	}
	main, err := parseAt(t.path, manifest.String(source, "rego"), options)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(main.Rules, func(r *ast.Rule) bool { return r.Head.Ref().String() == violation || r.Head.Name == violation }) {
		return &fault{path: t.path, message: "it has no rule " + violation}
	}
	modules := map[string]*ast.Module{manifest.FieldPath(t.path): main}
	paths := map[string][]string{manifest.FieldPath(t.path): t.path}
	for i, lib := range manifest.Items(manifest.Get(source, "libs")) {
		path := slices.Concat(at, []string{"libs", strconv.Itoa(i)})
		module, err := parseAt(path, lib.Value, options)
		if err != nil {
			return err
		}
		modules[manifest.FieldPath(path)], paths[manifest.FieldPath(path)] = module, path
	}
	for _, m := range modules {
		t.inventory = t.inventory || asksInventory(m)
	}
	return t.prepare(main, modules, paths)
}

const violation = "violation"

// prepare compiles the modules and prepares the query. What Gatekeeper calls
// data.inventory is part of the input, because each unit has its own.
func (t *template) prepare(main *ast.Module, modules map[string]*ast.Module, paths map[string][]string) error {
	compiler := ast.NewCompiler().WithCapabilities(capabilities())
	if compiler.Compile(modules); compiler.Failed() {
		compiler.Errors.Sort()
		return faultOf(compiler.Errors[0], paths[compiler.Errors[0].Location.File])
	}
	query := fmt.Sprintf(`found = %s.%s with data.inventory as input.inventory with input as {"review": input.review, "parameters": input.parameters}`, main.Package.Path, violation)
	prepared, err := rego.New(rego.Compiler(compiler), rego.Query(query), rego.GenerateJSON(asIs)).PrepareForEval(context.Background())
	if err != nil {
		return &fault{path: t.path, message: err.Error()}
	}
	t.query = &prepared
	return nil
}

// parseAt parses the module at a path of the template.
func parseAt(path []string, text string, options ast.ParserOptions) (*ast.Module, error) {
	module, err := ast.ParseModuleWithOpts(manifest.FieldPath(path), text, options)
	var list ast.Errors
	switch {
	case errors.As(err, &list) && len(list) > 0:
		return nil, faultOf(list[0], path)
	case err != nil:
		return nil, &fault{path: path, message: err.Error()}
	case module == nil:
		return nil, &fault{path: path, message: "it holds no Rego"}
	}
	return module, nil
}

// faultOf words what OPA says of a module.
func faultOf(e *ast.Error, path []string) *fault {
	f := &fault{path: path, message: e.Message}
	if e.Location != nil {
		f.row, f.column = e.Location.Row, e.Location.Col
	}
	if name, why := forbidden(e); why != "" {
		f.message, f.denied = fmt.Sprintf("it may not call %s: %s", name, why), true
	}
	return f
}

// asksInventory reports whether a module refers to data.inventory, or to data
// as a whole.
func asksInventory(m *ast.Module) bool {
	asks := false
	ast.WalkRefs(m, func(r ast.Ref) bool {
		if r[0].Equal(ast.DefaultRootDocument) {
			asks = asks || len(r) == 1 || r[1].Equal(ast.StringTerm("inventory"))
		}
		return false
	})
	return asks
}
