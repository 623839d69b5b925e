package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

func newUnits() *cobra.Command {
	var namespace string
	var from sources
	cmd := &cobra.Command{
		Use:   "units [PATH...]",
		Short: "Show what is judged together, and why",
		Long: `Show the units that lint judges: the resources that are applied together, the
context they may lean on, and what keeps absence from being evidence.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			o := driver.Options{Paths: args, Stdin: cmd.InOrStdin(), Namespace: namespace}
			from.set(&o)
			units, err := driver.Units(cmd.Context(), o)
			if err != nil {
				return err
			}
			if len(units) == 0 {
				return driver.ErrNothing
			}
			out := bufio.NewWriter(cmd.OutOrStdout()) // keeps the first error for Flush
			for _, u := range units {
				printUnit(printable{out}, u)
			}
			return out.Flush()
		},
	}
	cmd.Flags().StringVarP(&namespace, "namespace", "n", "", "the namespace of objects that name none")
	from.register(cmd)
	return cmd
}

// why says why the resources of a unit belong together.
var why = map[unit.Kind]string{
	unit.Directory:     "a directory, as kubectl apply -f takes it",
	unit.Kustomization: "a kustomization, built as kubectl apply -k does",
	unit.Chart:         "a chart, rendered as helm template does",
	unit.Unlisted:      "files that the kustomization beside them does not list",
	unit.Listed:        "what the configuration names as applied together",
	unit.Dump:          "what a cluster holds",
	unit.Stream:        "a stream",
	unit.Document:      "the blocks of a Markdown file, until one shows an object again",
}

// printUnit prints a unit as a small table.
func printUnit(out io.Writer, u *unit.Unit) {
	kind := why[u.Kind]
	if u.Build != nil && !u.Build.Built() {
		kind = "a kustomization that is not built: its files as they are written"
	}
	if u.Delivery != nil {
		kind = fmt.Sprintf("applied by %s, defined in %s", u.Delivery.By, u.Delivery.By.File().Path)
	}
	fmt.Fprintf(out, "%s (%s)\n", u.Name, kind)
	for _, part := range []struct {
		title     string
		resources []*manifest.Resource
	}{{"judges", u.Resources}, {"leans on", u.Context}, {"replaces", u.Replaced}} {
		printResources(out, part.title, part.resources)
	}
	for _, reason := range slices.Compact(slices.Clone(u.Open)) {
		fmt.Fprintf(out, "  %-9s %s\n", "open:", reason)
	}
}

// printResources prints one line per file.
func printResources(out io.Writer, title string, resources []*manifest.Resource) {
	for len(resources) > 0 {
		file := resources[0].File()
		n := slices.IndexFunc(resources, func(r *manifest.Resource) bool { return r.File().Path != file.Path })
		if n < 0 {
			n = len(resources)
		}
		line := fmt.Sprintf("  %-9s %s:", title, file.Path)
		for i, r := range resources[:n] {
			if i > 0 {
				line += ","
			}
			line += " " + r.String()
		}
		fmt.Fprintln(out, line)
		resources, title = resources[n:], ""
	}
}
