package policies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Tested is what the unit tests of a directory of policies say.
type Tested struct {
	Tests []Test
	// Coverage is how much of the policies the tests evaluate, in percent.
	Coverage float64
	// Uncovered are the lines of the policies that no test evaluates, as
	// "file:line" or "file:from-to".
	Uncovered []string
}

// Test is one test_ rule.
type Test struct {
	Name string
	// Place is where it stands, "file:line".
	Place string
	// Problem is why it failed, in one or more lines; "" if it passed.
	Problem string
	// Printed is what it printed.
	Printed string
}

// RunTests runs the tests of the *_test.rego files of a directory, under the
// same bounds as the policies. The error says why they cannot be run.
func RunTests(ctx context.Context, dir string) (*Tested, error) {
	modules, err := modulesOf(dir)
	if err != nil {
		return nil, err
	}
	ctx, stop := usual.watch(ctx)
	defer stop()
	coverage := cover.New()
	results, err := testResults(ctx, modules, func(r *tester.Runner) { r.SetCoverageQueryTracer(coverage).SetCoverageRuns(nil) })
	if err == nil && slices.ContainsFunc(results, func(r *tester.Result) bool { return r.Fail }) {
		// Coverage and the steps of a test cannot be had in one run.
		results, err = testResults(ctx, modules, func(r *tester.Runner) { r.EnableTracing(true) })
	}
	if cause := context.Cause(ctx); cause != nil {
		return nil, fmt.Errorf("the tests of %s: %w", dir, cause)
	}
	if err != nil {
		return nil, err
	}
	tested := &Tested{}
	for _, r := range results {
		tested.Tests = append(tested.Tests, newTest(r))
	}
	slices.SortFunc(tested.Tests, func(a, b Test) int { return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Name, b.Name)) })
	tested.measure(coverage, modules)
	return tested, nil
}

// testResults runs the tests with a runner that set has set up.
func testResults(ctx context.Context, modules map[string]*ast.Module, set func(*tester.Runner)) ([]*tester.Result, error) {
	store := inmem.New()
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true).WithEnablePrintStatements(true)
	runner := tester.NewRunner().SetCompiler(compiler).SetStore(store).RaiseBuiltinErrors(true).SetModules(modules)
	set(runner)
	var all []*tester.Result
	err := storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		results, err := runner.RunTests(ctx, txn)
		if err != nil {
			return flatten(err)
		}
		for r := range results {
			all = append(all, r)
		}
		return nil
	})
	return all, err
}

// modulesOf parses all files of a directory, tests included.
func modulesOf(dir string) (map[string]*ast.Module, error) {
	names, err := filepath.Glob(filepath.Join(escaped(dir), "*.rego"))
	if err != nil {
		return nil, err
	}
	modules := map[string]*ast.Module{}
	var errs []error
	for _, name := range names {
		if !isRegular(name) {
			continue
		}
		text, err := source.ReadNamed(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		name = filepath.ToSlash(name)
		module, err := parse(name, text)
		if err != nil {
			errs = append(errs, flatten(err))
		}
		modules[name] = module
	}
	return modules, errors.Join(errs...)
}

func newTest(r *tester.Result) Test {
	t := Test{
		Name:    strings.TrimPrefix(r.Package, "data.") + "." + r.Name,
		Place:   fmt.Sprintf("%s:%d", r.Location.File, r.Location.Row),
		Printed: string(r.Output),
	}
	switch {
	case r.Error != nil:
		t.Problem = r.Error.Error()
	case r.Fail:
		t.Problem = failure(r.Trace)
	}
	return t
}

// failure writes the expression of a test that is not true, with the values of
// its variables below them.
func failure(steps []*topdown.Event) string {
	for _, e := range slices.Backward(steps) {
		expr, ok := e.Node.(*ast.Expr)
		if e.Op != topdown.FailOp || !ok || e.Location == nil || e.QueryID == 0 || expr.IsEvery() {
			continue
		}
		var text strings.Builder
		fmt.Fprintf(&text, "%s:%d is not true:\n", e.Location.File, e.Location.Row)
		if topdown.PrettyEvent(&text, e, topdown.PrettyEventOpts{PrettyVars: true}) == nil {
			return strings.TrimRight(text.String(), "\n")
		}
	}
	return "it is not true"
}

// measure fills in the coverage of the policies; their tests do not count.
func (t *Tested) measure(coverage *cover.Cover, modules map[string]*ast.Module) {
	policies := map[string]*ast.Module{}
	for name, m := range modules {
		if !isTest(name) {
			policies[name] = m
		}
	}
	report := coverage.Report(policies)
	covered, all := 0, 0
	for name := range policies {
		f := report.Files[name]
		if f == nil {
			continue
		}
		covered, all = covered+f.CoveredLines, all+f.CoveredLines+f.NotCoveredLines
		for _, r := range f.NotCovered {
			place := fmt.Sprintf("%s:%d", name, r.Start.Row)
			if r.End.Row > r.Start.Row {
				place += fmt.Sprintf("-%d", r.End.Row)
			}
			t.Uncovered = append(t.Uncovered, place)
		}
	}
	slices.Sort(t.Uncovered)
	t.Uncovered = slices.Compact(t.Uncovered)
	if all > 0 {
		t.Coverage = 100 * float64(covered) / float64(all)
	}
}
