package policies

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/kubeknot/kubeknot/analyzer"
)

// suite is the policies of one conftest.toml, or of directories without one.
type suite struct {
	conftestSettings
	modules  map[string]*ast.Module
	compiler *ast.Compiler
	store    storage.Store
	limits   limits
	trace    *Trace
	// asksFile reports whether a policy asks what file it judges, which
	// conftest tells at data.conftest.file (policy/engine.go, addFileInfo).
	asksFile bool
}

// namespace is the rules of one package of a suite. They are evaluated
// together, so what they share is evaluated once for each object.
type namespace struct {
	*suite
	name  string
	rules []conftestRule
	query rego.PreparedEvalQuery
	// fields are the words in references of the package: what of them a message
	// names is a field, not prose.
	fields map[string]bool
}

type conftestRule struct {
	name string
	rule *analyzer.Rule
}

// rules returns the rules of the settings, ready to run.
func (s conftestSettings) rules(l Loader) ([]*analyzer.Rule, error) {
	c := &suite{conftestSettings: s, limits: l.limits.orUsual(), trace: l.Trace}
	if err := errors.Join(c.read(), c.readData()); err != nil {
		return nil, err
	}
	spaces := c.namespaces()
	if len(spaces) == 0 {
		return nil, fmt.Errorf("no rule deny, violation or warn in package %s of %q: other packages are named in %s, namespace = [...]",
			strings.Join(s.Namespace, ", "), []string(s.Policy), conftestToml)
	}
	if err := c.compile(spaces); err != nil {
		return nil, err
	}
	var rules []*analyzer.Rule
	for _, n := range spaces {
		for _, r := range n.rules {
			r.rule.Run = func(pass *analyzer.Pass) error { return n.run(pass, r) }
			rules = append(rules, r.rule)
		}
	}
	return rules, nil
}

// read parses the policies.
func (c *suite) read() error {
	version, err := c.version()
	if err != nil {
		return err
	}
	files, err := loader.NewFileLoader().WithProcessAnnotation(true).WithRegoVersion(version).Filtered(c.Policy, regoAlone)
	if err != nil {
		return c.hint(err, version)
	}
	c.modules = map[string]*ast.Module{}
	for name, file := range files.Modules {
		c.modules[filepath.ToSlash(name)] = file.Parsed
		ast.WalkRefs(file.Parsed, func(r ast.Ref) bool {
			c.asksFile = c.asksFile || r.HasPrefix(conftestRoot)
			return false
		})
	}
	if len(c.modules) == 0 {
		return fmt.Errorf("no policies found in %q", []string(c.Policy))
	}
	return c.problematic()
}

var conftestRoot = ast.MustParseRef("data.conftest")

// hint says what may help if policies cannot be parsed.
func (c *suite) hint(err error, version ast.RegoVersion) error {
	var errs []error
	var list loader.Errors
	if !errors.As(err, &list) {
		return err
	}
	parsed := false
	for _, e := range list {
		var syntax *ast.Error
		if errors.As(e, &syntax) {
			parsed, e = true, explain(syntax)
		}
		errs = append(errs, e)
	}
	if parsed && version == ast.RegoV1 {
		errs = append(errs, fmt.Errorf("policies of Rego v0 are read with rego-version = \"v0\" in a %s", conftestToml))
	}
	return errors.Join(errs...)
}

// problematic refuses "deny[msg] if", which yields no message
// (policy/engine.go, problematicIf).
func (c *suite) problematic() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		for _, r := range c.modules[name].Rules {
			h := r.Head
			if h.Name == "" && len(h.Reference) > 0 && isVerdict(h.Reference[0].Value.String()) && h.Value != nil && h.Value.Equal(ast.BooleanTerm(true)) {
				errs = append(errs, fmt.Errorf("%s: a rule with \"if\" and without \"contains\" yields no message", at(r.Location)))
			}
		}
	}
	return errors.Join(errs...)
}

// readData reads the data files (policy/engine.go, LoadWithData).
func (c *suite) readData() error {
	files, err := loader.NewFileLoader().Filtered(c.Data, func(_ string, info fs.FileInfo, _ int) bool {
		return !info.IsDir() && !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(info.Name()))
	})
	if err != nil {
		return fmt.Errorf("reading the data of policies: %w", err)
	}
	c.store = inmem.NewFromObject(files.Documents)
	return nil
}

// namespaces returns the packages that are asked, each with its rules, both in
// order of their names.
func (c *suite) namespaces() []*namespace {
	found := map[string]map[string]*analyzer.Rule{}
	for _, file := range slices.Sorted(maps.Keys(c.modules)) {
		name := packageOf(c.modules[file])
		if !c.tests(name) {
			continue
		}
		for _, r := range c.modules[file].Rules {
			head := r.Head.Name.String()
			if !isVerdict(head) {
				continue
			}
			if found[name] == nil {
				found[name] = map[string]*analyzer.Rule{}
			}
			if found[name][head] == nil {
				found[name][head] = ruleOf(name, r)
			}
		}
	}
	var all []*namespace
	for _, name := range slices.Sorted(maps.Keys(found)) {
		n := &namespace{suite: c, name: name, fields: map[string]bool{}}
		for _, head := range slices.Sorted(maps.Keys(found[name])) {
			n.rules = append(n.rules, conftestRule{head, found[name][head]})
		}
		all = append(all, n)
	}
	return all
}

// compile compiles the policies and prepares the query of each namespace. A
// module is added for each: verdicts is what its rules yield, by their names, and
// excepted the names of those that an exception holds for.
func (c *suite) compile(spaces []*namespace) error {
	modules := maps.Clone(c.modules)
	for i, n := range spaces {
		for _, m := range c.modules {
			if packageOf(m) == n.name {
				ast.WalkRefs(m, func(r ast.Ref) bool { n.remember(r); return false })
			}
		}
		m, err := ast.ParseModuleWithOpts(n.added(i), n.text(i), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return err
		}
		modules[n.added(i)] = m
	}
	c.compiler = ast.NewCompiler().WithCapabilities(capabilities())
	if c.compiler.Compile(modules); c.compiler.Failed() {
		c.compiler.Errors.Sort()
		return flatten(c.compiler.Errors)
	}
	for i, n := range spaces {
		var err error
		if n.query, err = c.prepare(n.ask("data." + n.added(i) + ".judged")); err != nil {
			return err
		}
	}
	return nil
}

// remember notes the words of a reference.
func (n *namespace) remember(r ast.Ref) {
	for _, t := range r[1:] {
		if s, ok := t.Value.(ast.String); ok {
			n.fields[string(s)] = true
		}
	}
}

func (n *namespace) added(i int) string { return fmt.Sprintf("kubeknot.conftest.n%d", i) }

// text is the module that is added. A rule that is undefined has no verdict. An
// exception is looked up as conftest does it (policy/engine.go, check).
func (n *namespace) text(i int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n", n.added(i))
	for _, r := range n.rules {
		fmt.Fprintf(&b, "verdicts[%q] := v if v := %s.%s\n", r.name, n.root(), r.name)
		if n.defines("exception") {
			fmt.Fprintf(&b, "excepted contains %q if %s.exception[_][_] == %q\n", r.name, n.root(), withoutPrefix(r.name))
		}
	}
	if !n.defines("exception") {
		b.WriteString("excepted := set()\n")
	}
	b.WriteString("judged := {\"verdicts\": verdicts, \"excepted\": excepted}\n")
	return b.String()
}

// root is the reference to the package.
func (n *namespace) root() string { return "data." + n.name }

// defines reports whether the package has a rule of that name.
func (n *namespace) defines(rule string) bool {
	for _, m := range n.modules {
		if packageOf(m) != n.name {
			continue
		}
		for _, r := range m.Rules {
			if r.Head.Ref()[0].Value.String() == rule {
				return true
			}
		}
	}
	return false
}

// ask is the query for what a rule yields. Its input is an array of {"input", "file"}, and there is one
// answer for each.
func (n *namespace) ask(rule string) string {
	with := " with input as each.input"
	if n.asksFile {
		with += " with data.conftest.file as each.file"
	}
	return fmt.Sprintf("some each in input; judged := %s%s", rule, with)
}

// prepare makes a query ready to run. An error of a built-in function makes its
// expression undefined, as in conftest unless it is told otherwise.
func (c *suite) prepare(query string) (rego.PreparedEvalQuery, error) {
	return rego.New(
		rego.Compiler(c.compiler),
		rego.Store(c.store),
		rego.Query(query),
		rego.GenerateJSON(asIs),
	).PrepareForEval(context.Background())
}
