package main

import (
	"embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/policies"
)

func newPolicy() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Write policies of your own: new, check, test, export",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(newPolicyNew(), newPolicyCheck(), newPolicyTest(), newPolicySchema(), newPolicyExport())
	return cmd
}

//go:embed scaffold
var scaffold embed.FS

func newPolicyNew() *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME",
		Short: "Write NAME.rego, its tests and fixtures into the working directory",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := scaffolded(args[0])
			if err != nil {
				return err
			}
			for _, f := range files {
				if err := writeNew(f.name, f.text); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), f.name)
			}
			return nil
		},
	}
}

type scaffoldFile struct{ name, text string }

var policyName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// scaffolded returns the files of a new policy. None of them may exist.
func scaffolded(name string) ([]scaffoldFile, error) {
	if !policyName.MatchString(name) {
		return nil, fmt.Errorf("%q is no name of a rule: use kebab-case, as latest-image", name)
	}
	rules, err := allRules()
	if err != nil {
		return nil, err
	}
	if _, err := findRule(rules, name); err == nil {
		return nil, fmt.Errorf("kubeknot has a rule %s of its own", name)
	}
	cases := filepath.Join("testdata", name)
	want := `latest # want "^warning suspect certain: Deployment web runs web:latest$"`
	files := []scaffoldFile{
		{name + ".rego", "policy.rego"},
		{name + "_test.rego", "policy_test.rego"},
		{filepath.Join(cases, "bad-latest", "deployment.yaml"), "deployment.yaml"},
		{filepath.Join(cases, "ok-version", "deployment.yaml"), "deployment.yaml"},
	}
	for i, f := range files {
		text, err := scaffold.ReadFile("scaffold/" + f.text)
		if err != nil {
			return nil, err
		}
		image := "1.2"
		if strings.Contains(f.name, "bad-") {
			image = want
		}
		files[i].text = strings.NewReplacer("PACKAGE", strings.ReplaceAll(name, "-", "_"), "IMAGE", image).Replace(string(text))
		if _, err := os.Stat(f.name); err == nil {
			return nil, fmt.Errorf("%s exists already", f.name)
		}
	}
	return files, nil
}

func writeNew(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o666)
}

func newPolicyCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check [DIR|FILE...]",
		Short: "Compile policies strictly, against the type of the input",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			own, err := policies.Loader{}.Files(args...)
			if err != nil {
				return err
			}
			for _, r := range own {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s: ok\n", r.Policy, r.ID)
			}
			_, err = allRules(args...)
			return err
		},
	}
}

func newPolicySchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON schema of the input, for opa check --schema",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(policies.Schema)
			return err
		},
	}
}

func newPolicyExport() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write a policy for another tool",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(newPolicyExportGatekeeper())
	return cmd
}

func newPolicyExportGatekeeper() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "gatekeeper FILE",
		Short: "Write a policy as a ConstraintTemplate of Gatekeeper, and a constraint",
		Long: `Write a policy as a ConstraintTemplate of OPA Gatekeeper, and a constraint that
puts it in force, so that the same rule guards admission. A policy that holds
objects against each other is refused: Gatekeeper shows it one at a time.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := policies.ExportGatekeeper(args[0])
			if err != nil {
				return err
			}
			if output == "" {
				_, err = cmd.OutOrStdout().Write(text)
				return err
			}
			err = writeFile(output, func(w io.Writer) error { _, err := w.Write(text); return err })
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), output)
			return err
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the `FILE` to write (default: standard output)")
	return cmd
}
