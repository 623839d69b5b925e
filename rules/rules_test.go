package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/analyzertest"
	"github.com/kubeknot/kubeknot/policies"
	"github.com/kubeknot/kubeknot/rules"
)

// embedded compiles the policies once for all tests.
var embedded = sync.OnceValues(policies.Embedded)

// all returns every rule that is part of kubeknot, native ones first.
func all(t *testing.T) []*analyzer.Rule {
	t.Helper()
	rego, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(rules.All(), policies.Constraints(), rego)
}

// TestFixtures runs the rules that are no native ones; the tests of a family run
// its own.
func TestFixtures(t *testing.T) {
	t.Parallel()
	analyzertest.Strangers(t, "../testdata", all(t))
	rego, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	analyzertest.Fixtures(t, "../testdata", slices.Concat(policies.Constraints(), rego))
}

func TestExamples(t *testing.T) {
	t.Parallel()
	analyzertest.Examples(t, all(t))
}

func TestRulesAreValid(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range all(t) {
		if err := r.Validate(); err != nil {
			t.Error(err)
		}
		if seen[r.ID] {
			t.Errorf("two rules have the id %s", r.ID)
		}
		seen[r.ID] = true
		if strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: the title ends with a full stop: %q", r.ID, r.Title)
		}
	}
}

// TestAllIsUpToDate compares the generated lists with the rules that stand in
// the files of the families, each in the one that has its name.
func TestAllIsUpToDate(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, r := range rules.All() {
		listed = append(listed, r.ID)
	}
	written := rulesByFile(t)
	for file, ids := range written {
		for _, id := range ids {
			if want := strings.ReplaceAll(id, "-", "_") + ".go"; path.Base(file) != want {
				t.Errorf("the rule %s stands in %s, not in %s", id, file, want)
			}
		}
	}
	var found []string
	for _, ids := range written {
		found = append(found, ids...)
	}
	slices.Sort(listed)
	slices.Sort(found)
	if diff := cmp.Diff(found, listed); diff != "" {
		t.Errorf("all.go is not up to date, run \"go generate ./...\" (-in the files, +in all.go):\n%s", diff)
	}
}

// rulesByFile returns the ids of the rules that the files of the families
// define: those of all literals of analyzer.Rule.
func rulesByFile(t *testing.T) map[string][]string {
	t.Helper()
	files, err := fs.Glob(os.DirFS("."), "*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok {
				if id := ruleID(literal); id != "" {
					found[file] = append(found[file], id)
				}
			}
			return true
		})
	}
	return found
}

// ruleID returns the ID of a literal of analyzer.Rule, "" for other literals.
func ruleID(literal *ast.CompositeLit) string {
	if sel, ok := literal.Type.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Rule" {
		return ""
	}
	for _, e := range literal.Elts {
		field, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := field.Key.(*ast.Ident); !ok || key.Name != "ID" {
			continue
		}
		if value, ok := field.Value.(*ast.BasicLit); ok {
			if id, err := strconv.Unquote(value.Value); err == nil {
				return id
			}
		}
	}
	return ""
}
