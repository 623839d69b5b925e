package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// suggestFlag names the flag that a mistyped one may have meant.
func suggestFlag(cmd *cobra.Command, err error) error {
	_, name, ok := strings.Cut(err.Error(), "unknown flag: --")
	if !ok {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	if best := suggestion(name, names); best != "" {
		return fmt.Errorf("unknown flag --%s%s", name, strings.Replace(best, "did you mean ", "did you mean --", 1))
	}
	return fmt.Errorf("unknown flag --%s: see %s --help", name, cmd.CommandPath())
}

// oneOf is a flag that takes one of a few words.
type oneOf struct {
	value   string
	allowed []string
}

func (o *oneOf) String() string { return o.value }
func (o *oneOf) Type() string   { return strings.Join(o.allowed, "|") }

func (o *oneOf) Set(s string) error {
	if !slices.Contains(o.allowed, s) {
		return fmt.Errorf("use one of %s%s", strings.Join(o.allowed, ", "), suggestion(s, o.allowed))
	}
	o.value = s
	return nil
}

// register adds the flag and completes its words.
func (o *oneOf) register(cmd *cobra.Command, name, usage string) {
	cmd.Flags().Var(o, name, usage)
	words := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return o.allowed, cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc(name, words); err != nil {
		panic(err) // the flag was added just above
	}
}

// sources are the flags that say what is read and made beside plain manifests.
type sources struct {
	markdown   bool
	values     []string
	release    string
	enableHelm bool
	helm       string
}

func (s *sources) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.markdown, "markdown", false, "read the Markdown files of directories too")
	cmd.Flags().StringArrayVarP(&s.values, "values", "f", nil, "values `FILE` for the charts, after their own; may be repeated, the last one wins")
	cmd.Flags().StringVar(&s.release, "release-name", "", "the name of the release of the charts; without it what depends on the name is no fault")
	cmd.Flags().BoolVar(&s.enableHelm, "enable-helm", false, "build kustomizations that list Helm charts: runs helm, which may use the network")
	cmd.Flags().StringVar(&s.helm, "helm-command", "helm", "the helm `COMMAND` that --enable-helm runs")
}

// set puts what the flags say into the options.
func (s *sources) set(o *driver.Options) {
	o.Markdown, o.Values, o.ReleaseName = s.markdown, s.values, s.release
	if s.enableHelm {
		o.Helm = s.helm
	}
}

func sortRules(rules []*analyzer.Rule) []*analyzer.Rule {
	slices.SortFunc(rules, func(a, b *analyzer.Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

func ruleIDs(rules []*analyzer.Rule) []string {
	ids := make([]string, len(rules))
	for i, r := range rules {
		ids[i] = r.ID
	}
	return ids
}

// completeRules completes rule ids.
func completeRules(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	rules, err := allRules()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return ruleIDs(rules), cobra.ShellCompDirectiveNoFileComp
}

// findRule returns the rule of an id.
func findRule(rules []*analyzer.Rule, id string) (*analyzer.Rule, error) {
	for _, r := range rules {
		if r.ID == id {
			return r, nil
		}
	}
	return nil, fmt.Errorf("no rule %q%s", id, suggestion(id, ruleIDs(rules)))
}

// choose returns the rules that --rule and --skip-rule leave.
func choose(rules []*analyzer.Rule, only, skip []string) ([]*analyzer.Rule, error) {
	for _, id := range slices.Concat(only, skip) {
		if _, err := findRule(rules, id); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(rules), func(r *analyzer.Rule) bool {
		return len(only) > 0 && !slices.Contains(only, r.ID) || slices.Contains(skip, r.ID)
	}), nil
}
