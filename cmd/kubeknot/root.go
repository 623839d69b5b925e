package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// The exit codes.
const (
	exitClean    = 0 // nothing at or above --fail-on
	exitFindings = 1
	exitFailure  = 2   // usage, configuration or tool failure, or nothing to lint
	exitSignal   = 128 // and the number of the signal that has ended the run
)

// errFindings ends a run that has reported something at or above --fail-on.
var errFindings = errors.New("findings")

// run is the whole program as a function of its name, arguments and streams.
func run(name string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(name)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	ctx, signalled, end := interruptible()
	defer end()
	err := root.ExecuteContext(ctx)
	switch code := signalled(); {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	case code != 0 && errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "%s: interrupted\n", name)
		return code
	}
	fmt.Fprintf(printable{stderr}, "%s: %s\n", name, strings.TrimSpace(err.Error()))
	return exitFailure
}

// programName is how the program that lies in the file is called. As a plugin of
// kubectl its file is called kubectl-knot
// (https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/).
func programName(file string) string {
	if strings.TrimSuffix(filepath.Base(file), ".exe") == "kubectl-knot" {
		return "kubectl knot"
	}
	return "kubeknot"
}

// newRoot returns all commands; the name is the one that usage and messages show.
func newRoot(name string) *cobra.Command {
	root := &cobra.Command{
		Use:         "kubeknot",
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: name},
		Short:       "Says where Kubernetes manifests do not hold together",
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
	root.AddCommand(newLint(), newUnits(), newBaseline(), newFn(), newRules(), newExplain(), newPolicy(), newConfig(), newInit(), newCache(), newVersion(), newDocs())
	return root
}

// suggestion completes an error about a mistyped name: "; did you mean x?".
func suggestion(name string, candidates []string) string {
	if best := nearmiss.Closest(name, candidates); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return ""
}
