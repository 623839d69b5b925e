package policies

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// conftest is the dialect of conftest v0.71.1: packages with rules deny,
// violation and warn, one of kubeknot's rules each. The comments name the files
// of its source (github.com/open-policy-agent/conftest) that are followed.
type conftest struct{}

// forbids and warns are the names of rules that conftest evaluates
// (policy/engine.go).
var (
	forbids = regexp.MustCompile(`^(deny|violation)(_[a-zA-Z0-9]+)*$`)
	warns   = regexp.MustCompile(`^warn(_[a-zA-Z0-9]+)*$`)
)

func isVerdict(name string) bool { return forbids.MatchString(name) || warns.MatchString(name) }

// knows reports whether a path is a conftest.toml, holds one at its top, or
// holds rules of those names and no package of kubeknot's dialect.
func (conftest) knows(path string) bool {
	if conftestFile(path) != "" {
		return true
	}
	names, err := loader.FilteredPaths([]string{path}, regoAlone)
	if err != nil {
		return false
	}
	found := false
	for _, name := range names {
		module := anyVersion(name)
		if module == nil {
			continue
		}
		if strings.HasPrefix(packageOf(module)+".", rulesPackage) {
			return false
		}
		for _, r := range module.Rules {
			found = found || isVerdict(r.Head.Ref()[0].Value.String())
		}
	}
	return found
}

// conftestFile returns the conftest.toml that a path is or holds, "" if none.
func conftestFile(path string) string {
	if filepath.Base(path) == conftestToml {
		return path
	}
	file := filepath.Join(path, conftestToml)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}

// regoAlone leaves out what is no policy, and what is no file. Unlike conftest it leaves out tests,
// which may call what a policy may not.
func regoAlone(_ string, info fs.FileInfo, _ int) bool {
	return !info.IsDir() && (filepath.Ext(info.Name()) != ".rego" || isTest(info.Name()) || info.Mode()&^fs.ModePerm&^fs.ModeSymlink != 0)
}

// anyVersion parses a file as either version of Rego, nil if it is neither.
func anyVersion(name string) *ast.Module {
	text, err := source.ReadNamed(name)
	if err != nil {
		return nil
	}
	for _, version := range []ast.RegoVersion{ast.RegoV1, ast.RegoV0} {
		if m, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{RegoVersion: version}); err == nil {
			return m
		}
	}
	return nil
}

// rules reads each conftest.toml by itself, and all other paths together with
// what conftest does without one.
func (conftest) rules(l Loader, paths []string) ([]*analyzer.Rule, error) {
	var (
		all   []conftestSettings
		plain = conftestDefaults("")
		errs  []error
	)
	plain.Policy = nil
	for _, path := range paths {
		if file := conftestFile(path); file != "" {
			s, err := readConftestSettings(file)
			all, errs = append(all, s), append(errs, err)
			continue
		}
		plain.Policy = append(plain.Policy, path)
	}
	if len(plain.Policy) > 0 {
		all = append(all, plain)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var rules []*analyzer.Rule
	for _, s := range all {
		more, err := s.rules(l)
		rules, errs = append(rules, more...), append(errs, err)
	}
	return rules, errors.Join(errs...)
}

// conftestID is the id of a rule: its package and its name in kebab-case.
func conftestID(namespace, name string) string {
	words := strings.FieldsFunc(strings.ToLower(namespace+"-"+name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "-")
}

// withoutPrefix is what exceptions call a rule (policy/engine.go, removeRulePrefix).
func withoutPrefix(name string) string {
	_, rest, _ := strings.Cut(name, "_")
	return rest
}

// ruleOf returns the rule of kubeknot for one that conftest evaluates. What its
// METADATA says of it is shown.
func ruleOf(namespace string, r *ast.Rule) *analyzer.Rule {
	name := r.Head.Name.String()
	rule := &analyzer.Rule{
		ID:     conftestID(namespace, name),
		Title:  fmt.Sprintf("The rule %s of package %s", name, namespace),
		Claim:  analyzer.Policy,
		Policy: r.Location.File,
	}
	for _, a := range r.Annotations {
		if a.Title != "" {
			rule.Title = a.Title
		}
		rule.Why = strings.TrimSpace(a.Description)
		for _, ref := range a.RelatedResources {
			rule.References = append(rule.References, ref.Ref.String())
		}
	}
	return rule
}
