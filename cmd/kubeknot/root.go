package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
)

// The exit codes.
const (
	exitClean    = 0 // nothing at or above --fail-on
	exitFindings = 1
	exitFailure  = 2 // usage, configuration or tool failure, or nothing to lint
)

// errFindings ends a run that has reported something at or above --fail-on.
var errFindings = errors.New("findings")

// run is the whole program as a function of its arguments and streams.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	}
	fmt.Fprintf(stderr, "kubeknot: %s\n", strings.TrimSpace(err.Error()))
	return exitFailure
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "kubeknot",
		Short: "Says where Kubernetes manifests do not hold together",
		Long: `kubeknot reads Kubernetes manifests and says, before anything is applied, where
they do not hold together: which selector misses its pods, which Service leads
nowhere, which node label nobody has.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       versionLine(),
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(suggestFlag)
	root.SuggestionsMinimumDistance = 2
	root.AddCommand(newLint(), newUnits(), newBaseline(), newFn(), newRules(), newExplain(), newPolicy(), newConfig(), newInit(), newCache(), newVersion())
	return root
}

// suggestion completes an error about a mistyped name: "; did you mean x?".
func suggestion(name string, candidates []string) string {
	if best := analyzer.Closest(name, candidates); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return ""
}
