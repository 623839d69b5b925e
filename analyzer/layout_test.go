package analyzer_test

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kubeknot/kubeknot/"

// order is the direction of imports (docs: the design, section 3): a package
// imports what stands in an earlier row, never its own row or a later one.
// Tests are free, as long as they stand in a package of their own.
var order = [][]string{
	{"analyzer/secret"},
	{"analyzer/memo", "analyzer/source", "analyzer/quantity", "analyzer/watchdog"},
	{"analyzer/apiserver"},
	{"analyzer/manifest"},
	{"analyzer/helm", "analyzer/kustomize"},
	{"analyzer/markdown", "analyzer/unit"},
	{"analyzer/unit/argocd", "analyzer/unit/flux"},
	{"analyzer/graph"},
	{"analyzer"},
	{"analyzer/nearmiss"},
	{"rules/internal/text", "rules/internal/verdict"},
	{"rules/internal/hosts", "rules/internal/workload"},
	{"rules/internal/missing"},
	{
		"rules/api", "rules/containers", "rules/delivery", "rules/disruption", "rules/documents", "rules/gateway", "rules/kustomize", "rules/network", "rules/rbac", "rules/references",
		"rules/scaling", "rules/scheduling", "rules/selectors", "rules/services", "rules/storage", "rules/suppressions", "rules/workloads",
	},
	{"rules", "policies", "analyzer/cache", "analyzer/suppress", "analyzer/report", "analyzer/config"},
	{"analyzer/driver"},
	{"analyzer/fixture"},
	{"analyzer/analyzertest"},
	{"cmd/kubeknot", "analyzer/precision", "rules/internal/newrule"},
}

// only names the packages that may be imported by few, whatever the order
// says: the commands alone join the rules with the driver, and no more than the
// list of all rules joins the families.
var only = map[string][]string{
	"rules":    {"cmd/kubeknot"},
	"policies": {"cmd/kubeknot"},
}

// outline is what the top of the repository holds.
var outline = []string{
	"analyzer", "cmd", "docs", "policies", "rules", "testdata",
	"action.yml", "go.mod", "go.sum", "Makefile",
	"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md",
	".ci", ".git", ".github", ".gitignore", ".pre-commit-hooks.yaml",
}

func row(pkg string) int {
	return slices.IndexFunc(order, func(packages []string) bool { return slices.Contains(packages, pkg) })
}

func TestImportDirection(t *testing.T) {
	t.Parallel()
	for pkg, p := range packages(t) {
		at := row(pkg)
		if at < 0 {
			t.Errorf("%s has no place in the order of imports: give it one here and in the design", pkg)
			continue
		}
		for _, imported := range p.Imports {
			name, own := strings.CutPrefix(imported, module)
			if !own {
				continue
			}
			if row(name) >= at {
				t.Errorf("%s imports %s, which does not stand before it", pkg, name)
			}
			if users, limited := only[name]; limited && !slices.Contains(users, pkg) {
				t.Errorf("%s imports %s, which only %v may", pkg, name, users)
			}
			if isFamily(name) && pkg != "rules" {
				t.Errorf("%s imports the family %s, which only rules may", pkg, name)
			}
		}
	}
}

// isFamily reports whether a package holds the rules of one family.
func isFamily(pkg string) bool {
	family, below := strings.CutPrefix(pkg, "rules/")
	return below && !strings.Contains(family, "/")
}

func TestPackagesSayWhatTheyHold(t *testing.T) {
	t.Parallel()
	for pkg, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no doc comment", pkg)
		}
	}
}

// packages reads the packages of the module, by their paths inside it.
func packages(t *testing.T) map[string]*build.Package {
	t.Helper()
	found := map[string]*build.Package{}
	err := filepath.WalkDir("..", func(dir string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !e.IsDir():
			return nil
		case isModule(dir), e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".") && e.Name() != "..":
			return fs.SkipDir
		}
		p, err := build.ImportDir(dir, 0)
		var none *build.NoGoError
		if errors.As(err, &none) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("..", dir)
		found[filepath.ToSlash(rel)] = p
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("no packages found")
	}
	return found
}

// isModule reports whether a directory is a module of its own, which is not
// built with this one.
func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && dir != ".."
}

func TestTopLevelIsTheOutline(t *testing.T) {
	t.Parallel()
	ignored, err := os.ReadFile("../.gitignore")
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(outline, e.Name()) && !isIgnored(string(ignored), e.Name()) {
			t.Errorf("%s is no part of the outline: it belongs below one of its directories", e.Name())
		}
	}
}

// isIgnored reports whether git ignores a name at the top: what is built there.
func isIgnored(patterns, name string) bool {
	for _, pattern := range strings.Fields(patterns) {
		if ok, err := path.Match(strings.Trim(pattern, "/"), name); ok && err == nil {
			return true
		}
	}
	return false
}
