package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/policies"
	"github.com/kubeknot/kubeknot/rules"
)

// policyFlag adds --policy.
func policyFlag(cmd *cobra.Command, paths *[]string) {
	cmd.Flags().StringArrayVar(paths, "policy", nil, "policies of your own, a `DIR|FILE` of Rego, Gatekeeper constraints or admission policies; repeatable")
}

// allRules returns the native rules, the embedded policies and those of the
// given paths, sorted by id.
func allRules(paths ...string) ([]*analyzer.Rule, error) {
	return rulesOf(policies.Loader{}, paths)
}

func rulesOf(loader policies.Loader, paths []string) ([]*analyzer.Rule, error) {
	embedded, err := loader.Embedded()
	if err != nil {
		return nil, fmt.Errorf("embedded policies: %w", err)
	}
	all := slices.Concat(rules.All(), policies.Constraints(), embedded)
	if len(paths) == 0 {
		return sortRules(all), nil
	}
	own, err := loader.Files(paths...)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, r := range own {
		if _, err := findRule(all, r.ID); err == nil {
			errs = append(errs, fmt.Errorf("%s: kubeknot has a rule %s of its own: rename the file", r.Policy, r.ID))
		}
	}
	return sortRules(append(all, own...)), errors.Join(errs...)
}

// newTrace reads the value of --trace, RULE=KIND/NAME; "" is no trace.
func newTrace(value string, out io.Writer) (*policies.Trace, error) {
	if value == "" {
		return nil, nil
	}
	rule, resource, ok := strings.Cut(value, "=")
	kind, name, named := strings.Cut(resource, "/")
	if !ok || !named || rule == "" || kind == "" || name == "" {
		return nil, fmt.Errorf("--trace %s: use RULE=KIND/NAME, as replicas-default=Deployment/web", value)
	}
	return &policies.Trace{Rule: rule, Kind: kind, Name: name, Out: out}, nil
}

// checkTrace says why nothing can be told before the run.
func checkTrace(t *policies.Trace, chosen []*analyzer.Rule) error {
	if t == nil {
		return nil
	}
	rule, err := findRule(chosen, t.Rule)
	if err == nil && rule.Policy == "" {
		err = fmt.Errorf("%s is written in Go: policies alone can be traced", t.Rule)
	}
	if err != nil {
		return fmt.Errorf("--trace: %w", err)
	}
	return nil
}

// untold says that nothing was told in the run.
func untold(t *policies.Trace) error {
	if t == nil || t.Told() > 0 {
		return nil
	}
	return fmt.Errorf("--trace: %s looks at no %s %s in what was judged", t.Rule, t.Kind, t.Name)
}
