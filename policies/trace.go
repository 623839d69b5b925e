package policies

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Trace has a policy tell how it judges one resource: step by step, each
// expression with the values of its variables. It is safe for concurrent use.
type Trace struct {
	// Rule is the id of the rule, Kind and Name those of the resource.
	Rule, Kind, Name string
	// Out is where it is told.
	Out io.Writer

	mu   sync.Mutex
	told int
}

// Told returns how often the resource was judged: 0 if no unit that the rule
// was run on has it.
func (t *Trace) Told() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.told
}

func (t *Trace) wants(r *analyzer.Rule) bool { return t != nil && t.Rule == r.ID }

// unit tells of each resource of a unit that is meant. findings are those of
// the whole unit.
func (t *Trace) unit(p *policy, in *input, findings []analyzer.Finding) {
	t.each(in, func(ref int) []byte { return t.resource(p, in, ref, findings) })
}

// each writes what tell says of each own resource that is meant.
func (t *Trace) each(in *input, tell func(ref int) []byte) {
	for ref, r := range in.ours() {
		if r.Kind != t.Kind || r.Name != t.Name {
			continue
		}
		text := in.masks().text(string(tell(ref)))
		t.mu.Lock()
		t.told++
		_, _ = io.WriteString(t.Out, text) // what cannot be shown changes no verdict
		t.mu.Unlock()
	}
}

// shownSteps is how steps are written.
var shownSteps = topdown.PrettyTraceOptions{Locations: true, ExprVariables: true}

// resource evaluates the policy once more as if the resource were the only one
// of its kind, because the steps for all the others would hide its own.
func (t *Trace) resource(p *policy, in *input, ref int, findings []analyzer.Finding) []byte {
	var out bytes.Buffer
	r := in.resources[ref]
	heading(&out, p.rule, r)
	value, err := in.value(p.rule.Kinds)
	if err != nil {
		fmt.Fprintf(&out, "  %v\n", err)
		return out.Bytes()
	}
	tracer := topdown.NewBufferTracer()
	terms, err := p.eval(alone(value, r.Kind, ref), rego.EvalQueryTracer(tracer))
	steps := stepsIn(*tracer, func(file string) bool { return file == p.module.Package.Location.File })
	topdown.PrettyTraceWithOpts(&out, steps, shownSteps)
	whole := about(findings, r)
	verdict(&out, err, whole)
	if err == nil && len(terms) != whole {
		fmt.Fprintf(&out, "as the only %s it has %s: the others matter\n", r.Kind, count(len(terms), "finding"))
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func heading(out io.Writer, rule *analyzer.Rule, r *manifest.Resource) {
	at := r.Location()
	fmt.Fprintf(out, "%s on %s (%s:%d):\n", rule.ID, r, at.File.Path, at.Start().Line)
}

// verdict writes what came of it.
func verdict(out io.Writer, err error, findings int) {
	switch {
	case err != nil:
		fmt.Fprintf(out, "error: %v\n", err)
	case findings > 0:
		fmt.Fprintf(out, "fired: %s\n", count(findings, "finding"))
	default:
		fmt.Fprintln(out, "did not fire")
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func about(findings []analyzer.Finding, r *manifest.Resource) int {
	n := 0
	for i := range findings {
		if findings[i].Resource == r {
			n++
		}
	}
	return n
}

// alone returns the input with one resource left of its kind.
func alone(input ast.Value, kind string, ref int) ast.Value {
	term := within(ast.NewTerm(input), "resources", func(resources *ast.Term) *ast.Term {
		return within(resources, kind, func(list *ast.Term) *ast.Term {
			var kept []*ast.Term
			list.Value.(*ast.Array).Foreach(func(item *ast.Term) {
				if item.Get(ast.StringTerm("ref")).Equal(ast.IntNumberTerm(ref)) {
					kept = append(kept, item)
				}
			})
			return ast.ArrayTerm(kept...)
		})
	})
	return term.Value
}

// stepsIn returns the steps that stand in the files of a policy, without those
// of the query around it.
func stepsIn(events []*topdown.Event, own func(file string) bool) []*topdown.Event {
	var kept []*topdown.Event
	for _, e := range events {
		if e.Location != nil && own(e.Location.File) && !strings.HasPrefix(string(e.Op), "Redo") {
			kept = append(kept, e)
		}
	}
	return kept
}
