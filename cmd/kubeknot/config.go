package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/config"
)

func newConfig() *cobra.Command {
	var (
		s    settings
		file string
	)
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the configuration that holds, and where each value comes from",
		Long: `Show the configuration that holds in the working directory, and where each
value comes from: the default, a line of a file, or a flag.

kubeknot.yaml or .kubeknot.yaml is looked for from the working directory up to
the root of the git repository.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := loadConfig(file, true)
			if err != nil {
				return err
			}
			if s.kubernetes != "" {
				if _, err := apiserver.ParseVersion(s.kubernetes); err != nil {
					return err
				}
			}
			return printConfig(cmd.OutOrStdout(), c, withFlags(cmd, c.Entries()))
		},
	}
	s.register(cmd)
	cmd.Flags().StringVar(&file, "config", "", "read this `FILE` instead of the one that is found")
	return cmd
}

// withFlags puts flags in the place of what they override, and the default
// that only the command knows.
func withFlags(cmd *cobra.Command, entries []config.Entry) []config.Entry {
	for i := range entries {
		e := &entries[i]
		if flag := settingFlags[e.Key]; flag != "" && cmd.Flags().Changed(flag) {
			e.Values = []config.Value{{Text: cmd.Flag(flag).Value.String(), Origin: "--" + flag}}
		}
		if e.Key == "kubernetes-version" && len(e.Values) == 0 {
			e.Values = []config.Value{{Text: `"` + apiserver.Served.String() + `"`, Origin: "default"}}
		}
	}
	return entries
}

// printConfig prints a kubeknot.yaml with the origins as comments.
func printConfig(out io.Writer, c *config.Config, entries []config.Entry) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "# %s\n", files(c))
	var unset []string
	for _, e := range entries {
		switch {
		case len(e.Values) == 0:
			unset = append(unset, e.Key)
			continue
		case len(e.Values) > 1 || e.Values[0].Item || e.Values[0].Name != "":
			fmt.Fprintf(w, "%s:\n", e.Key)
		}
		for _, v := range e.Values {
			name := e.Key + ": "
			switch {
			case v.Item:
				name = "  - "
			case v.Name != "":
				name = "  " + v.Name + ": "
			}
			fmt.Fprintf(w, "%s%s\t# %s\n", name, v.Text, v.Origin)
		}
	}
	fmt.Fprintf(w, "# not set: %s\n", strings.Join(unset, ", "))
	return w.Flush()
}

// files says what was read.
func files(c *config.Config) string {
	var names []string
	for _, f := range c.Files() {
		names = append(names, f.Path)
	}
	if len(names) == 0 {
		return "no kubeknot.yaml from here up to the root"
	}
	return strings.Join(names, ", which extends ")
}
