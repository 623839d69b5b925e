package policies

import (
	"bytes"
	"fmt"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/kubeknot/kubeknot/analyzer"
)

// tell has a rule tell how it judges the resources that are traced. findings
// are those of the whole unit.
func (n *namespace) tell(in *input, r conftestRule, findings []analyzer.Finding) {
	n.trace.each(in, func(ref int) []byte {
		var out bytes.Buffer
		heading(&out, r.rule, in.resources[ref])
		events, err := n.steps(in, r, ref)
		topdown.PrettyTraceWithOpts(&out, events, shownSteps)
		verdict(&out, err, about(findings, in.resources[ref]))
		out.WriteByte('\n')
		return out.Bytes()
	})
}

// steps evaluates one rule over the document of a resource.
func (n *namespace) steps(in *input, r conftestRule, ref int) ([]*topdown.Event, error) {
	asked, err := n.documents(in)
	if err != nil {
		return nil, err
	}
	if !n.Combine {
		asked = asked[ref : ref+1]
	}
	alone := *n
	if alone.query, err = n.prepare(n.ask(fmt.Sprintf("%s.%s", n.root(), r.name))); err != nil {
		return nil, err
	}
	tracer := topdown.NewBufferTracer()
	_, err = alone.eval(asked, rego.EvalQueryTracer(tracer))
	return stepsIn(*tracer, func(file string) bool { return n.modules[file] != nil }), err
}
