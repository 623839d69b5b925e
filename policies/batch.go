package policies

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// batch is the policies of a compilation that look at the same kinds. Their
// input is the same, so they are evaluated together: to begin an evaluation
// costs as much as to judge several objects.
type batch struct {
	policies []*policy
	query    rego.PreparedEvalQuery
}

// yielded is what policies yield for a unit.
type yielded map[*policy][]*ast.Term

// yieldedKey is the key of what a batch yields for an input, for the batch.
var yieldedKey memo.Key[yielded]

// prepareBatches puts each policy into its batch.
func (c *compilation) prepareBatches(compiler *ast.Compiler) error {
	byKinds := map[string]*batch{}
	for _, p := range c.policies {
		key := strings.Join(slices.Sorted(slices.Values(p.rule.Kinds)), ",")
		if byKinds[key] == nil {
			byKinds[key] = &batch{}
		}
		p.batch = byKinds[key]
		p.batch.policies = append(p.batch.policies, p)
	}
	for _, b := range byKinds {
		names := make([]string, len(b.policies))
		for i, p := range b.policies {
			names[i] = strconv.Quote(p.name())
		}
		query := fmt.Sprintf("some name in [%s]; findings := data.%s[name].%s", strings.Join(names, ", "), strings.TrimSuffix(rulesPackage, "."), entryPoint)
		var err error
		if b.query, err = prepare(compiler, query); err != nil {
			return err
		}
	}
	return nil
}

// eval returns what each policy of the batch yields for a unit. It is nil if
// one of them fails: only alone they tell which.
func (b *batch) eval(in *input, l limits) yielded {
	value, err := in.value(b.policies[0].rule.Kinds)
	if err != nil {
		return nil
	}
	results, err := l.eval(b.query, rego.EvalParsedInput(value))
	if err != nil || len(results) != len(b.policies) {
		return nil
	}
	all := make(yielded, len(b.policies))
	for i, p := range b.policies {
		if all[p], err = elements(results[i].Bindings["findings"]); err != nil {
			return nil
		}
	}
	return all
}
