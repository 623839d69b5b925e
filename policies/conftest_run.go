package policies

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// run reports what one rule of a namespace yields for the resources of a unit.
func (n *namespace) run(pass *analyzer.Pass, r conftestRule) error {
	in := inputOf(pass.Graph)
	if len(in.ours()) == 0 {
		return nil
	}
	j := judgedKey.For(in, n, func() *judged { return n.judge(in) })
	findings := j.findings[r.name]
	if n.trace.wants(r.rule) {
		n.tell(in, r, findings)
	}
	if j.err != nil {
		return in.masks().err(j.failure())
	}
	for _, f := range findings {
		pass.Report(f)
	}
	return nil
}

// judgedKey is the key of what a namespace makes of an input, for the namespace.
var judgedKey memo.Key[*judged]

// judged is what a namespace says of a unit: the findings of each rule by its
// name, or why there are none.
type judged struct {
	findings map[string][]analyzer.Finding
	err      error
	told     atomic.Bool // whether a rule has returned err
}

// failure returns the error to the first rule that asks: all rules of the
// namespace have failed of it, and one telling is enough.
func (j *judged) failure() error {
	if j.told.Swap(true) {
		return nil
	}
	return j.err
}

// judge evaluates a namespace over a unit. An error of one rule is one of all,
// as conftest ends with the first one.
func (n *namespace) judge(in *input) *judged {
	asked, err := n.documents(in)
	if err != nil {
		return &judged{err: err}
	}
	results, err := n.eval(asked)
	if err != nil {
		return &judged{err: err}
	}
	if len(results) != len(asked) {
		return &judged{err: fmt.Errorf("package %s yields %d answers for %d documents", n.name, len(results), len(asked))}
	}
	j := &judged{findings: map[string][]analyzer.Finding{}}
	total := 0
	for i, result := range results {
		answer := result.Bindings["judged"].(*ast.Term)
		for _, r := range n.rules {
			findings, err := n.read(answer, r, asked[i])
			if err != nil {
				return &judged{err: fmt.Errorf("%s: %s: %w", r.rule.Policy, r.name, err)}
			}
			j.findings[r.name] = append(j.findings[r.name], findings...)
			total += len(findings)
		}
	}
	if total > maxFindings {
		return &judged{err: fmt.Errorf("package %s yields %d findings for one unit, more than %d", n.name, total, maxFindings)}
	}
	return j
}

// eval returns the answers to the documents, in their order.
func (n *namespace) eval(asked []document, options ...rego.EvalOption) (rego.ResultSet, error) {
	terms := make([]*ast.Term, len(asked))
	for i, d := range asked {
		terms[i] = d.term
	}
	results, err := n.limits.eval(n.query, append(options, rego.EvalParsedInput(ast.NewArray(terms...)))...)
	if err != nil {
		err = fmt.Errorf("package %s: %w", n.name, err)
	}
	return results, err
}

// document is one input of a suite, with the resources that it holds.
type document struct {
	term      *ast.Term // {"input", "file"}
	resources []*manifest.Resource
}

// documents returns what is judged of a unit: each of its own resources or,
// combined, all of them as one (parser/parser.go, CombineConfigurations). A
// file is named as people are shown it, not by where it lies on a machine.
func (n *namespace) documents(in *input) ([]document, error) {
	objects, err := in.objects()
	if err != nil {
		return nil, err
	}
	if n.Combine {
		return []document{combined(in.ours(), objects)}, nil
	}
	asked := make([]document, len(objects))
	for i, r := range in.ours() {
		asked[i] = newDocument(objects[i], r.File().Path, r)
	}
	return asked, nil
}

func newDocument(input *ast.Term, file string, resources ...*manifest.Resource) document {
	return document{ast.ObjectTerm(
		ast.Item(ast.InternedTerm("input"), input),
		ast.Item(ast.InternedTerm("file"), ast.ObjectTerm(
			ast.Item(ast.InternedTerm("name"), ast.StringTerm(path.Base(file))),
			ast.Item(ast.InternedTerm("dir"), ast.StringTerm(path.Dir(file))),
		)),
	), resources}
}

// combined is all resources as one document, in the order of their files.
func combined(resources []*manifest.Resource, objects []*ast.Term) document {
	order := make([]int, len(resources))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(resources[a].File().Path, resources[b].File().Path) })
	items := make([]*ast.Term, len(order))
	for i, at := range order {
		items[i] = ast.ObjectTerm(
			ast.Item(ast.InternedTerm("path"), ast.StringTerm(resources[at].File().Path)),
			ast.Item(ast.InternedTerm("contents"), objects[at]),
		)
	}
	return newDocument(ast.ArrayTerm(items...), "Combined", resources...)
}

// read returns the findings of a rule about a document: none if an exception
// holds, or if it yields no set or array (policy/engine.go, query).
func (n *namespace) read(answer *ast.Term, r conftestRule, d document) ([]analyzer.Finding, error) {
	name := ast.StringTerm(r.name)
	if answer.Get(ast.InternedTerm("excepted")).Get(name) != nil {
		return nil, nil
	}
	var messages []*ast.Term
	if verdict := answer.Get(ast.InternedTerm("verdicts")).Get(name); verdict != nil {
		switch v := verdict.Value.(type) {
		case ast.Set:
			messages = v.Slice()
		case *ast.Array:
			v.Foreach(func(t *ast.Term) { messages = append(messages, t) })
		}
	}
	var findings []analyzer.Finding
	for _, t := range messages {
		m, err := messageOf(t)
		if err != nil {
			return nil, err
		}
		if m.text != "" {
			findings = append(findings, n.finding(m, r, d))
		}
	}
	return findings, nil
}

// message is one that a rule yields.
type message struct {
	text   string
	object ast.Object // nil for a mere string
}

// messageOf reads a message; its text is "" if it is none. An object has to hold
// one (output/result.go, NewResult).
func messageOf(t *ast.Term) (m message, err error) {
	switch v := t.Value.(type) {
	case ast.String:
		m.text, err = stringOf(v)
	case ast.Object:
		m.object = v
		text, ok := m.get("msg").(ast.String)
		if !ok {
			return m, errors.New(`an object without a string "msg"`)
		}
		m.text, err = stringOf(text)
	}
	return m, err
}

// get returns a value of the object, nil if there is none.
func (m message) get(key string) ast.Value {
	if m.object == nil {
		return nil
	}
	t := m.object.Get(ast.StringTerm(key))
	if t == nil {
		return nil
	}
	return t.Value
}

// finding makes a finding of a message.
func (n *namespace) finding(m message, r conftestRule, d document) analyzer.Finding {
	f := analyzer.Finding{Message: m.text}
	if !forbids.MatchString(r.name) {
		f.Severity = analyzer.Warning
	}
	placing{m, d, n.fields}.place(&f)
	for _, r := range d.resources {
		f = f.Masked(r.Mask)
	}
	return f
}
