package main

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/report"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
)

func newBaseline() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Record what is known, so that lint reports only what is new",
		Long: `Record the findings there are in ` + suppress.BaselineName + `, so that lint reports only
what is new. It lies in the root of the git repository, or where --baseline says.
Its lines name rule, file, object and field, so moving text changes nothing.

Of files that are not named, and of rules that do not run, the lines stay as they
are.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(
		baselineCommand("write", "Record all findings there are", writeBaseline),
		baselineCommand("prune", "Take out what matches nothing any more", pruneBaseline),
		baselineCommand("show", "Report what is recorded, as lint would without a baseline", showBaseline),
	)
	return cmd
}

// recorded is a baseline and what a run finds beside it.
type recorded struct {
	suppress.Baseline
	file   string
	exists bool
	*analyzer.Result
}

// baselineCommand returns a command that judges as lint does.
func baselineCommand(name, short string, act func(*cobra.Command, recorded) error) *cobra.Command {
	f := &lintFlags{}
	cmd := &cobra.Command{
		Use:   name + " [PATH...]",
		Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.record(cmd, args, name == "write")
			if err != nil {
				return err
			}
			return act(cmd, r)
		},
	}
	f.register(cmd)
	return cmd
}

// record judges, with the baseline that there is.
func (f *lintFlags) record(cmd *cobra.Command, args []string, create bool) (recorded, error) {
	r := recorded{}
	options, err := f.options()
	if err != nil {
		return r, err
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	options.Paths, options.Stdin = args, cmd.InOrStdin()
	if err := f.configure(cmd, &options); err != nil {
		return r, err
	}
	if f.baseline == noBaseline {
		return r, errors.New("--baseline none: there is nothing to work on")
	}
	r.Baseline, r.file, err = f.known.read(args)
	r.exists = r.Baseline != nil
	switch {
	case create && errors.Is(err, os.ErrNotExist):
	case err != nil:
		return r, err
	case !create && !r.exists:
		return r, fmt.Errorf("there is no %s: kubeknot baseline write makes one", suppress.BaselineName)
	}
	options.Suppress.Baselines = []suppress.Baseline{r.Baseline}
	var end func()
	options.Progress, end = showProgress(cmd.ErrOrStderr())
	r.Result, err = driver.Run(cmd.Context(), options)
	end()
	if r.exists && errors.Is(err, driver.ErrNothing) { // all is deleted: that is a change too
		err = nil
	}
	return r, err
}

// save writes the file and says how many lines it has, and what is no more.
func (r recorded) save(cmd *cobra.Command, b suppress.Baseline) error {
	if err := writeFile(r.file, b.Write); err != nil {
		return err
	}
	for _, line := range r.Stale {
		fmt.Fprintf(printable{cmd.OutOrStdout()}, "- %s\n", line)
	}
	_, err := fmt.Fprintf(printable{cmd.OutOrStdout()}, "%s: %d known, %d new, %d removed\n", shownPath(r.file), len(b), len(r.Findings), len(r.Stale))
	return err
}

func writeBaseline(cmd *cobra.Command, r recorded) error {
	return r.save(cmd, slices.Concat(r.Baseline.Without(r.Stale), suppress.NewBaseline(r.Findings)))
}

func pruneBaseline(cmd *cobra.Command, r recorded) error {
	r.Findings = nil // what is new stays new
	return r.save(cmd, r.Baseline.Without(r.Stale))
}

func showBaseline(cmd *cobra.Command, r recorded) error {
	reporter, err := report.New("concise", report.Options{})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if err := reporter.Report(out, &analyzer.Result{Findings: r.Known}); err != nil {
		return err
	}
	for _, line := range r.Stale {
		fmt.Fprintf(printable{out}, "matches nothing any more: %s\n", line)
	}
	return nil
}
