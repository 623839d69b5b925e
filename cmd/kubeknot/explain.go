package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
)

func newExplain() *cobra.Command {
	var own []string
	cmd := &cobra.Command{
		Use:   "explain RULE",
		Short: "Explain a rule: what Kubernetes does, why it matters, what to write",
		Args:  cobra.ExactArgs(1),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return completeRules(cmd, args, start)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := allRules(own...)
			if err != nil {
				return err
			}
			rule, err := findRule(all, args[0])
			if err != nil {
				return err
			}
			explain(printable{cmd.OutOrStdout()}, rule)
			return nil
		},
	}
	policyFlag(cmd, &own)
	return cmd
}

// claims says what each claim means.
var claims = map[analyzer.Claim]string{
	analyzer.Rejected: "the API server, or kubectl before it, refuses the object",
	analyzer.Broken:   "accepted, but it cannot work as written",
	analyzer.Suspect:  "it works, probably not as it was meant",
	analyzer.Advice:   "it works as written; there is a better way",
	analyzer.Policy:   "Kubernetes takes it; a rule of your own forbids it",
}

func explain(out io.Writer, r *analyzer.Rule) {
	fmt.Fprintf(out, "%s: %s\n\n", r.ID, r.Title)
	fmt.Fprintf(out, "Claim: %s: %s.\n", r.Claim, claims[r.Claim])
	if len(r.Kinds) > 0 {
		fmt.Fprintf(out, "Kinds: %s.\n", strings.Join(r.Kinds, ", "))
	}
	if r.Policy != "" {
		fmt.Fprintf(out, "Written in Rego: %s.\n", r.Policy)
	}
	if r.Why != "" { // a user's policy need not say the rest
		fmt.Fprintf(out, "\n%s\n", wrap(r.Why, 80))
	}
	for i, o := range r.OptionList() {
		if i == 0 {
			fmt.Fprint(out, "\nOptions in kubeknot.yaml, with their defaults:\n")
		}
		fmt.Fprintf(out, "  %s (%s): %s\n", o.Name, o.Default, o.Doc)
	}
	for _, example := range []struct{ name, text string }{{"Reported", r.Bad}, {"Fine", r.Good}} {
		if example.text != "" {
			fmt.Fprintf(out, "\n%s:\n\n%s", example.name, indent(example.text))
		}
	}
	if len(r.References) > 0 {
		fmt.Fprint(out, "\nReferences:\n")
	}
	for _, ref := range r.References {
		fmt.Fprintf(out, "  %s\n", ref)
	}
}

func indent(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return "    " + strings.Join(lines, "\n    ") + "\n"
}

// wrap breaks each paragraph of a text into lines of at most width bytes.
func wrap(text string, width int) string {
	var out []string
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(line)+1+len(word) > width {
				out = append(out, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}
