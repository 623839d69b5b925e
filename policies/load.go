package policies

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer"
)

//go:embed *.rego
var embedded embed.FS

// timeLimit ends a policy that does not come to an end by itself.
const timeLimit = 10 * time.Second

// Embedded returns the rules that are part of kubeknot, ordered by id.
func Embedded() ([]*analyzer.Rule, error) { return Load(embedded) }

// Load returns the rules that the *.rego files at the top of fsys hold, ordered
// by id; *_test.rego files are left out. They are compiled and ready to run.
// No files are no rules, and no error. The error joins all that is wrong with
// the files, each with its file and, where there is one, its line.
func Load(fsys fs.FS) ([]*analyzer.Rule, error) { return load(fsys, timeLimit) }

func load(fsys fs.FS, limit time.Duration) ([]*analyzer.Rule, error) {
	files, err := fs.Glob(fsys, "*.rego")
	if err != nil {
		return nil, fmt.Errorf("listing the policies: %w", err)
	}
	var (
		policies []*policy
		errs     []error
	)
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.rego") {
			p, err := read(fsys, file)
			policies = append(policies, p)
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := prepare(policies); err != nil {
		return nil, err
	}
	rules := make([]*analyzer.Rule, len(policies))
	for i, p := range policies {
		p.limit = limit
		p.rule.Run = p.run
		if err := p.rule.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.rule.Policy, err))
		}
		rules[i] = p.rule
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return rules, nil
}

// entryPoint is the name of the rule that yields the findings.
const entryPoint = "findings"

// read returns the policy of a file, not prepared yet.
func read(fsys fs.FS, file string) (*policy, error) {
	text, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	module, err := ast.ParseModuleWithOpts(file, string(text), ast.ParserOptions{
		ProcessAnnotation: true,
		RegoVersion:       ast.RegoV1,
	})
	if err != nil {
		return nil, flatten(err)
	}
	id := strings.TrimSuffix(file, ".rego")
	want := "kubeknot.rules." + strings.ReplaceAll(id, "-", "_")
	if got := strings.TrimPrefix(module.Package.Path.String(), "data."); got != want {
		return nil, fmt.Errorf("%s: the package is %s, but the name of the file asks for %s", module.Package.Location, got, want)
	}
	if !yieldsFindings(module) {
		return nil, fmt.Errorf("%s: no rule \"%s contains f if {...}\"", module.Package.Location, entryPoint)
	}
	p := &policy{rule: &analyzer.Rule{ID: id, Policy: file}, module: module}
	return p, describe(p.rule, module)
}

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
