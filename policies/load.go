package policies

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer"
)

//go:embed *.rego
var embedded embed.FS

// Loader makes rules of policies. The zero value is ready to use.
type Loader struct {
	// Trace is where one rule explains itself; nil traces nothing.
	Trace *Trace

	limits limits // of each evaluation; zero for the usual ones
}

// Embedded returns the rules that are part of kubeknot, ordered by id.
func Embedded() ([]*analyzer.Rule, error) { return Loader{}.Embedded() }

// Constraints returns the rules that speak for Gatekeeper, ordered by id. They
// are written in Go: what they judge by stands among the manifests.
func Constraints() []*analyzer.Rule {
	return []*analyzer.Rule{constraintTemplateInvalid, constraintViolated}
}

// Embedded returns the rules that are part of kubeknot, ordered by id.
func (l Loader) Embedded() ([]*analyzer.Rule, error) {
	rules, err := l.load(embedded)
	for _, r := range rules {
		r.Policy = "policies/" + r.Policy
	}
	return rules, err
}

// Load returns the rules that the *.rego files at the top of fsys hold, ordered
// by id; *_test.rego files are left out. They are compiled and ready to run.
// No files are no rules, and no error. The error joins all that is wrong with
// the files, each with its file and, where there is one, its place.
func Load(fsys fs.FS) ([]*analyzer.Rule, error) { return Loader{}.load(fsys) }

func (l Loader) load(fsys fs.FS) ([]*analyzer.Rule, error) {
	names, err := fs.Glob(fsys, "*.rego")
	if err != nil {
		return nil, fmt.Errorf("listing the policies: %w", err)
	}
	var (
		files []file
		errs  []error
	)
	for _, name := range names {
		if isTest(name) {
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("reading a policy: %w", err))
		}
		files = append(files, file{name, text, true})
	}
	rules, err := l.compile(files)
	return rules, errors.Join(append(errs, err)...)
}

// file is a policy as it was read.
type file struct {
	name     string
	text     []byte
	complete bool // whether its METADATA has to say everything
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.rego") }

// compile returns the rules of the files, in their order, or all that is wrong
// with them.
func (l Loader) compile(files []file) ([]*analyzer.Rule, error) {
	var (
		set  compilation
		errs []error
	)
	for _, f := range files {
		errs = append(errs, set.add(f))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := set.prepare(); err != nil {
		return nil, err
	}
	rules := make([]*analyzer.Rule, len(set.policies))
	for i, p := range set.policies {
		p.limits, p.trace = l.limits.orUsual(), l.Trace
		p.rule.Run = p.run
		rules[i] = p.rule
	}
	return rules, nil
}

// entryPoint is the name of the rule that yields the findings, rulesPackage
// the package below which those of the policies stand.
const (
	entryPoint   = "findings"
	rulesPackage = "kubeknot.rules."
)

// add reads a file into the compilation: as a policy or, where incomplete files
// are welcome and the package is no rule's, as a module that policies import.
func (c *compilation) add(f file) error {
	if f.text == nil {
		return nil // it could not be read
	}
	module, err := parse(f.name, f.text)
	if err != nil {
		return flatten(err)
	}
	c.modules = append(c.modules, named{f.name, module})
	got := packageOf(module)
	if !f.complete && !strings.HasPrefix(got, rulesPackage) && !yieldsFindings(module) {
		return nil
	}
	id := idOf(f.name)
	if want := rulesPackage + strings.ReplaceAll(id, "-", "_"); got != want {
		return fmt.Errorf("%s: the package is %s, but the name of the file asks for %s", at(module.Package.Location), got, want)
	}
	if !yieldsFindings(module) {
		return fmt.Errorf("%s: no rule \"%s contains f if {...}\"", at(module.Package.Location), entryPoint)
	}
	p := &policy{rule: &analyzer.Rule{ID: id, Policy: f.name}, module: module}
	if other := c.policy(id); other != nil {
		return fmt.Errorf("%s: %s is the rule %s already: rename one of the files", f.name, other.rule.Policy, id)
	}
	c.policies = append(c.policies, p)
	return describe(p.rule, module, f.complete)
}

var wordsPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// idOf returns the id of the rule in a file.
func idOf(name string) string {
	base := name[strings.LastIndexAny(name, `/\`)+1:]
	return strings.ReplaceAll(strings.TrimSuffix(base, ".rego"), "_", "-")
}

// parse reads a module with its METADATA.
func parse(name string, text []byte) (*ast.Module, error) {
	return ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1})
}

func packageOf(m *ast.Module) string { return strings.TrimPrefix(m.Package.Path.String(), "data.") }

func yieldsFindings(m *ast.Module) bool {
	for _, r := range m.Rules {
		if r.Head.RuleKind() == ast.MultiValue && r.Head.Ref().String() == entryPoint {
			return true
		}
	}
	return false
}

// flatten joins the errors of OPA's list, which would write their number before
// them.
func flatten(err error) error {
	var list ast.Errors
	if !errors.As(err, &list) {
		return err
	}
	errs := make([]error, len(list))
	for i, e := range list {
		errs[i] = explain(e)
	}
	return errors.Join(errs...)
}

// at writes a place as editors jump to it: file:line:column.
func at(l *ast.Location) string {
	if l == nil {
		return "policy"
	}
	return fmt.Sprintf("%s:%d:%d", l.File, l.Row, l.Col)
}
