package policies

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer"
)

// describe fills in what the METADATA block above the package says of a rule.
// Its error names each part that is wrong or, if it has to be complete, missing.
// Otherwise the rule gets what it needs to run and to be shown.
func describe(rule *analyzer.Rule, module *ast.Module, complete bool) error {
	set, problems := ast.BuildAnnotationSet([]*ast.Module{module})
	if problems != nil {
		return flatten(problems)
	}
	a := set.GetPackageScope(module.Package)
	switch {
	case a == nil && complete:
		return fmt.Errorf("%s: no METADATA above the package", at(module.Package.Location))
	case a == nil:
		a = &ast.Annotations{Location: module.Package.Location}
	}
	m := metadata{Annotations: a, complete: complete}
	rule.Title = cmp.Or(m.required("title", a.Title), rule.ID)
	rule.Why = m.required("description", a.Description)
	rule.References = m.references()
	rule.Claim = cmp.Or(analyzer.Claim(m.text("claim")), analyzer.Suspect)
	rule.Kinds = m.list("kinds")
	for _, cause := range m.list("supersedes") {
		rule.Supersedes = append(rule.Supersedes, analyzer.Cause(cause))
	}
	rule.Bad, rule.Good = m.example("bad"), m.example("good")
	if !isClaim(rule.Claim) {
		m.fail("custom.claim is %q: use %s", rule.Claim, claims)
	}
	m.refuseOthers("claim", "kinds", "supersedes", "bad", "good")
	if !wordsPattern.MatchString(rule.ID) || complete && !strings.Contains(rule.ID, "-") {
		m.fail("the name of the file gives the id %q, which is not kebab-case", rule.ID)
	}
	return errors.Join(m.errs...)
}

// metadata reads an annotation and collects what is wrong with it.
type metadata struct {
	*ast.Annotations
	complete bool
	errs     []error
}

func (m *metadata) fail(format string, args ...any) {
	m.errs = append(m.errs, fmt.Errorf("%s: METADATA: %s", at(m.Location), fmt.Sprintf(format, args...)))
}

func (m *metadata) required(part, text string) string {
	text = strings.TrimSpace(text)
	if text == "" && m.complete {
		m.fail("no %s", part)
	}
	return text
}

// text returns a string below custom, required if all is.
func (m *metadata) text(key string) string {
	value, present := m.Custom[key]
	text, ok := value.(string)
	if present && !ok {
		m.fail("custom.%s is not a string", key)
		return ""
	}
	return m.required("custom."+key, text)
}

// example returns a manifest below custom, required if all is, which ends in a line break
// as a file does.
func (m *metadata) example(key string) string {
	if text := m.text(key); text != "" {
		return text + "\n"
	}
	return ""
}

// list returns words below custom, nil if they are left out.
func (m *metadata) list(key string) []string {
	value, present := m.Custom[key]
	if !present {
		return nil
	}
	list, _ := value.([]any)
	words := make([]string, 0, len(list))
	for _, item := range list {
		if word, ok := item.(string); ok && word != "" {
			words = append(words, word)
		}
	}
	if len(words) == 0 || len(words) != len(list) {
		m.fail("custom.%s is not a list of words", key)
	}
	return words
}

func (m *metadata) references() []string {
	if len(m.RelatedResources) == 0 && m.complete {
		m.fail("no related_resources")
	}
	var refs []string
	for _, r := range m.RelatedResources {
		refs = append(refs, r.Ref.String())
	}
	return refs
}

// refuseOthers fails for every key below custom that is not known.
func (m *metadata) refuseOthers(known ...string) {
	for _, key := range slices.Sorted(maps.Keys(m.Custom)) {
		if !slices.Contains(known, key) {
			m.fail("custom.%s is unknown: there are %s", key, strings.Join(known, ", "))
		}
	}
}
