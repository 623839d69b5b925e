package policies

import (
	"context"
	"errors"
	"fmt"

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
	limits limits
	trace  *Trace // nil traces nothing
}

// run evaluates the policy over a unit. It reports all or nothing: a finding
// that cannot be read is an error of the policy.
func (p *policy) run(pass *analyzer.Pass) error {
	in := inputOf(pass.Graph)
	if !in.judges(p.rule.Kinds) {
		return nil
	}
	findings, err := p.findings(in)
	if p.trace.wants(p.rule) {
		p.trace.unit(p, in, findings)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.rule.Policy, err)
	}
	for _, f := range findings {
		pass.Report(f)
	}
	return nil
}

// maxFindings is how many findings a policy may yield for one unit.
const maxFindings = 100_000

func (p *policy) findings(in *input) ([]analyzer.Finding, error) {
	value, err := in.value(p.rule.Kinds)
	if err != nil {
		return nil, err
	}
	terms, err := p.eval(value)
	if err != nil {
		return nil, err
	}
	if len(terms) > maxFindings {
		return nil, fmt.Errorf("it yields %d findings for one unit, more than %d", len(terms), maxFindings)
	}
	findings := make([]analyzer.Finding, len(terms))
	for i, t := range terms {
		if findings[i], err = in.finding(t); err != nil {
			return nil, fmt.Errorf("a finding: %w", err)
		}
	}
	return findings, nil
}

// eval returns what the policy yields, in one order.
func (p *policy) eval(input ast.Value, options ...rego.EvalOption) ([]*ast.Term, error) {
	ctx, stop := p.limits.watch(context.Background())
	defer stop()
	results, err := p.query.Eval(ctx, append(options, rego.EvalParsedInput(input))...)
	switch {
	case err != nil && topdown.IsCancel(err) && ctx.Err() != nil:
		return nil, context.Cause(ctx)
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
