package policies

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/kubeknot/kubeknot/analyzer"
)

// policy is a rule in Rego. Once it is prepared it is safe for concurrent use.
type policy struct {
	rule   *analyzer.Rule
	module *ast.Module
	query  rego.PreparedEvalQuery
	batch  *batch
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
		return fmt.Errorf("%s: %w", p.rule.Policy, in.masks().err(err))
	}
	for _, f := range findings {
		pass.Report(f)
	}
	return nil
}

// maxFindings is how many findings a policy may yield for one unit.
const maxFindings = 100_000

func (p *policy) findings(in *input) ([]analyzer.Finding, error) {
	terms, err := p.yields(in)
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

// entry is the query that asks for the findings.
func (p *policy) entry() string { return p.module.Package.Path.String() + "." + entryPoint }

// name is that of its package, below rulesPackage.
func (p *policy) name() string { return strings.TrimPrefix(packageOf(p.module), rulesPackage) }

// yields returns what the policy yields for a unit, in one order: with its
// batch or, if that fails, alone.
func (p *policy) yields(in *input) ([]*ast.Term, error) {
	if len(p.batch.policies) > 1 {
		if terms, ok := yieldedKey.For(in, p.batch, func() yielded { return p.batch.eval(in, p.limits) })[p]; ok {
			return terms, nil
		}
	}
	value, err := in.value(p.rule.Kinds)
	if err != nil {
		return nil, err
	}
	return p.eval(value)
}

// eval returns what the policy yields for an input, in one order.
func (p *policy) eval(input ast.Value, options ...rego.EvalOption) ([]*ast.Term, error) {
	results, err := p.limits.eval(p.query, append(options, rego.EvalParsedInput(input))...)
	if err != nil || len(results) == 0 {
		return nil, err
	}
	return elements(results[0].Expressions[0].Value)
}

// elements returns those of the set that a query has made of findings.
func elements(value any) ([]*ast.Term, error) {
	if term, ok := value.(*ast.Term); ok {
		if set, ok := term.Value.(ast.Set); ok {
			return set.Slice(), nil
		}
	}
	return nil, errors.New(entryPoint + " is no set")
}
