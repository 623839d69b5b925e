package policies

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	texttemplate "text/template"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// exportedText is a ConstraintTemplate with a constraint, and the Rego that
// gives a policy the input that it knows.
//
//go:embed export.tmpl
var exportedText string

var exportedTemplate = texttemplate.Must(texttemplate.New("export").Funcs(texttemplate.FuncMap{"indent": indent}).Parse(exportedText))

// exported is what the template is filled with.
type exported struct {
	Kind, Name, Package     string
	Kinds                   []string
	Action, Annotation, Lib string
}

// ExportGatekeeper returns a ConstraintTemplate that holds the policy of a file,
// and a constraint that puts it in force, as YAML. It refuses policies that ask
// about more than one object, because Gatekeeper shows them no other.
func ExportGatekeeper(name string) ([]byte, error) {
	text, err := source.ReadNamed(name)
	if err != nil {
		return nil, err
	}
	name = filepath.ToSlash(name)
	rules, err := Loader{}.compile([]file{{name: name, text: text}})
	if err != nil {
		return nil, err
	}
	if len(rules) != 1 {
		return nil, fmt.Errorf("%s: its package is not below %s", name, strings.TrimSuffix(rulesPackage, "."))
	}
	rule := rules[0]
	module, err := parse(name, text)
	if err != nil {
		return nil, err
	}
	if err := asksOneObject(rule, module); err != nil {
		return nil, err
	}
	words := strings.Split(rule.ID, "-")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	e := exported{
		Kind: strings.Join(words, ""), Package: strings.ReplaceAll(rule.ID, "-", "_"),
		Name: rule.ID, Kinds: rule.Kinds,
		Annotation: strings.TrimSpace(rule.Title + ".\n\n" + rule.Why),
		Action:     map[analyzer.Severity]string{analyzer.Error: "deny", analyzer.Warning: "warn", analyzer.Info: "dryrun"}[analyzer.SeverityOf(rule.Claim, analyzer.Certain)],
		Lib:        repackaged(module, string(text), "lib."+strings.ReplaceAll(rule.ID, "-", "_")),
	}
	var out bytes.Buffer
	if err := exportedTemplate.Execute(&out, e); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Lower is the name that a template of a kind has to have.
func (e exported) Lower() string { return strings.ToLower(e.Kind) }

// indent indents all lines but empty ones.
func indent(by int, text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = strings.Repeat(" ", by) + l
		}
	}
	return strings.Join(lines, "\n")
}

// repackaged returns the text of a module in another package.
func repackaged(m *ast.Module, text, pkg string) string {
	lines := strings.Split(text, "\n")
	lines[m.Package.Location.Row-1] = "package " + pkg
	return strings.Join(lines, "\n")
}

// asksOneObject returns why a policy cannot be asked about one object alone.
func asksOneObject(rule *analyzer.Rule, m *ast.Module) error {
	if slices.Contains(rule.Kinds, "Secret") || len(rule.Kinds) == 0 {
		return fmt.Errorf("%s: it looks at Secrets, whose values kubeknot hides and Gatekeeper does not: name other kinds in its METADATA", rule.Policy)
	}
	x := &exporter{module: m, iterated: map[*ast.Term]bool{}}
	x.inspect()
	for _, r := range m.Rules {
		if r.Head.Ref().String() == entryPoint {
			x.count(r)
		}
	}
	return errors.Join(x.errs...)
}

// exporter looks for what a policy asks of its input.
type exporter struct {
	module *ast.Module
	// iterated are the collections of "some ... in ...".
	iterated map[*ast.Term]bool
	errs     []error
}

func (x *exporter) refuse(at *ast.Location, why string) {
	x.errs = append(x.errs, fmt.Errorf("%s:%d: Gatekeeper shows a policy one object: %s", at.File, at.Row, why))
}

// inspect refuses what no input of one object can answer.
func (x *exporter) inspect() {
	for _, i := range x.module.Imports {
		if path, ok := i.Path.Value.(ast.Ref); ok && path[0].Equal(ast.DefaultRootDocument) {
			x.refuse(i.Location, "it imports "+i.Path.String())
		}
	}
	ast.NewGenericVisitor(func(n any) bool {
		if some, ok := n.(*ast.SomeDecl); ok {
			if call, ok := some.Symbols[0].Value.(ast.Call); ok {
				x.iterated[call[len(call)-1]] = true
			}
		}
		return false
	}).Walk(x.module)
	ast.WalkTerms(x.module, func(t *ast.Term) bool {
		if t.Value.Compare(ast.String("scaledBy")) == 0 {
			x.refuse(t.Location, "it asks for the autoscaler of another")
		}
		switch t.Value.(type) {
		case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension:
			if asksResources(t) {
				x.refuse(t.Location, "it collects resources")
			}
		}
		ref, ok := t.Value.(ast.Ref)
		if !ok || !ref[0].Equal(ast.InputRootDocument) {
			return false
		}
		x.input(t, ref)
		return false
	})
}

// input refuses a reference to the input that asks for more than one object.
func (x *exporter) input(t *ast.Term, ref ast.Ref) {
	at := func(i int, key string) bool { return len(ref) > i && ref[i].Equal(ast.StringTerm(key)) }
	switch {
	case at(1, "unit") && at(2, "namespace"):
	case at(1, "unit"):
		x.refuse(t.Location, "it asks for "+ref.String())
	case at(1, "resources") && len(ref) > 3 && !ref[3].IsGround(): // input.resources.Deployment[_]
	case at(1, "resources") && x.iterated[t]:
	default:
		x.refuse(t.Location, "it takes "+ref.String()+" as a whole")
	}
}

// count refuses a rule that goes through resources twice, itself or by the
// rules that it refers to: that holds one against another.
func (x *exporter) count(r *ast.Rule) {
	seen := map[*ast.Rule]bool{}
	found := 0
	var visit func(*ast.Rule)
	visit = func(r *ast.Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		ast.WalkTerms(r, func(t *ast.Term) bool {
			if ref, ok := t.Value.(ast.Ref); ok && ref.HasPrefix(resourcesRef) {
				found++
			}
			return false
		})
		ast.WalkVars(r, func(v ast.Var) bool {
			for _, other := range x.module.Rules {
				if other.Head.Ref()[0].Value.Compare(v) == 0 && other.Head.Ref().String() != entryPoint {
					visit(other)
				}
			}
			return false
		})
	}
	visit(r)
	if found > 1 {
		x.refuse(r.Location, "it holds resources against each other")
	}
}

var resourcesRef = ast.Ref{ast.InputRootDocument, ast.StringTerm("resources")}

// asksResources reports whether a node refers to the resources.
func asksResources(n any) bool {
	asks := false
	ast.WalkRefs(n, func(r ast.Ref) bool {
		asks = asks || r.HasPrefix(resourcesRef)
		return false
	})
	return asks
}
