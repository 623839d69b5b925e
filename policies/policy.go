package policies

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/kubeknot/kubeknot/analyzer"
)

// policy is a rule in Rego. Once it is prepared it is safe for concurrent use.
type policy struct {
	rule   *analyzer.Rule
	module *ast.Module
	query  rego.PreparedEvalQuery
	limit  time.Duration
}

// prepare compiles the modules of the policies together and prepares the query
// of each.
func prepare(policies []*policy) error {
	modules := make(map[string]*ast.Module, len(policies))
	for _, p := range policies {
		modules[p.rule.Policy] = p.module
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true)
	if compiler.Compile(modules); compiler.Failed() {
		compiler.Errors.Sort()
		return flatten(compiler.Errors)
	}
	for _, p := range policies {
		var err error
		p.query, err = rego.New(
			rego.Compiler(compiler),
			rego.Query(p.module.Package.Path.String()+"."+entryPoint),
			rego.StrictBuiltinErrors(true),
			rego.GenerateJSON(asIs),
		).PrepareForEval(context.Background())
		if err != nil {
			return fmt.Errorf("%s: preparing its query: %w", p.rule.Policy, err)
		}
	}
	return nil
}

// asIs saves OPA the way from its values to plain Go data.
func asIs(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil }

// run evaluates the policy over a unit. It reports all or nothing: a finding
// that cannot be read is an error of the policy.
func (p *policy) run(pass *analyzer.Pass) error {
	in := inputOf(pass.Graph)
	if !in.judges(p.rule.Kinds) {
		return nil
	}
	value, err := in.value(p.rule.Kinds)
	if err != nil {
		return fmt.Errorf("%s: %w", p.rule.Policy, err)
	}
	terms, err := p.eval(value)
	if err != nil {
		return fmt.Errorf("%s: %w", p.rule.Policy, err)
	}
	findings := make([]analyzer.Finding, len(terms))
	for i, t := range terms {
		if findings[i], err = in.finding(t); err != nil {
			return fmt.Errorf("%s: a finding: %w", p.rule.Policy, err)
		}
	}
	for _, f := range findings {
		pass.Report(f)
	}
	return nil
}

// eval returns what the policy yields, in one order.
func (p *policy) eval(input ast.Value) ([]*ast.Term, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.limit)
	defer cancel()
	results, err := p.query.Eval(ctx, rego.EvalParsedInput(input))
	switch {
	case err != nil && topdown.IsCancel(err) && ctx.Err() != nil:
		return nil, fmt.Errorf("it did not come to an end within %s", p.limit)
	case err != nil:
		return nil, fmt.Errorf("evaluating it: %w", err)
	case len(results) == 0:
		return nil, nil
	}
	set, ok := results[0].Expressions[0].Value.(*ast.Term).Value.(ast.Set)
	if !ok {
		return nil, errors.New(entryPoint + " is no set")
	}
	return set.Slice(), nil
}
