package main

import (
	"errors"
	"io"
	"os"
	"slices"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/report"
)

// lintFlags are the flags of lint.
type lintFlags struct {
	format, failOn, color oneOf
	nodes, namespace      string
	kubernetes            string
	rules, skipRules      []string
	sources
}

func newLint() *cobra.Command {
	cmd, _ := lintCommand()
	return cmd
}

// lintCommand returns the command and what its flags are set to.
func lintCommand() (*cobra.Command, *lintFlags) {
	f := &lintFlags{
		format: oneOf{"text", report.Formats()},
		failOn: oneOf{"error", []string{"error", "warning", "info", "never"}},
		color:  oneOf{"auto", []string{"auto", "always", "never"}},
	}
	cmd := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "Judge manifests",
		Long: `Judge the manifests of files and directories, directories with all below them;
"-" reads a stream from standard input. Without a path it judges the working
directory. Of a Markdown file the fenced blocks of YAML and JSON are judged.

Each directory is judged as "kubectl apply -f DIR" would take it, together with
the directories above it. Paths choose what is reported; what they depend on is
read from around them, so one file and its whole tree get the same answer.

Exit code: 0 if nothing is at or above --fail-on, 1 if something is, 2 if the
command could not do its work or directories hold nothing to lint.`,
		Example: `  kubeknot lint
  kubeknot lint deploy/ --format concise
  kubectl get nodes -o yaml | kubeknot lint deploy/ --nodes -`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.format.register(cmd, "format", "how to report")
	f.failOn.register(cmd, "fail-on", "the lowest severity that makes the exit code 1")
	f.color.register(cmd, "color", "colour the text; auto: on a terminal, unless NO_COLOR is set")
	cmd.Flags().StringVar(&f.nodes, "nodes", "", "`FILE` of Node objects, as kubectl get nodes -o yaml prints them; - reads standard input")
	cmd.Flags().StringVarP(&f.namespace, "namespace", "n", "", "the namespace of objects that name none")
	cmd.Flags().StringVar(&f.kubernetes, "kubernetes-version", "", "the `VERSION` of the cluster, as 1.31 (default "+apiserver.Served.String()+")")
	cmd.Flags().StringSliceVar(&f.rules, "rule", nil, "run these rules alone (`ID`,...)")
	cmd.Flags().StringSliceVar(&f.skipRules, "skip-rule", nil, "leave these rules out (`ID`,...)")
	f.sources.register(cmd)
	for _, name := range []string{"rule", "skip-rule"} {
		if err := cmd.RegisterFlagCompletionFunc(name, completeRules); err != nil {
			panic(err) // the flag was added just above
		}
	}
	return cmd, f
}

// options returns what the flags ask for, or what is wrong with them.
func (f *lintFlags) options() (driver.Options, error) {
	o := driver.Options{Nodes: f.nodes, Namespace: f.namespace, Kubernetes: f.kubernetes}
	f.sources.set(&o)
	all, err := allRules()
	if err != nil {
		return o, err
	}
	if f.kubernetes != "" {
		if _, err := apiserver.ParseVersion(f.kubernetes); err != nil {
			return o, err
		}
	}
	o.Rules, err = choose(all, f.rules, f.skipRules)
	return o, err
}

func (f *lintFlags) run(cmd *cobra.Command, args []string) error {
	options, err := f.options()
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"."}
	}
	out := cmd.OutOrStdout()
	reporter, err := report.New(f.format.value, report.Options{Color: f.colored(out), Rules: options.Rules})
	if err != nil {
		return err
	}
	options.Ties = f.format.value == "html"
	options.Paths, options.Stdin = args, cmd.InOrStdin()
	result, failure := driver.Run(cmd.Context(), options)
	nothing := errors.Is(failure, driver.ErrNothing) && f.format.value == "text" && len(result.NotJudged) == 0
	if result == nil || nothing {
		return failure
	}
	if err := reporter.Report(out, result); err != nil {
		return err
	}
	if failure != nil {
		return failure
	}
	if len(f.failing(result)) > 0 {
		return errFindings
	}
	return nil
}

// failing returns the findings at or above --fail-on.
func (f *lintFlags) failing(result *analyzer.Result) []analyzer.Finding {
	limit, err := analyzer.ParseSeverity(f.failOn.value)
	if err != nil { // never
		return nil
	}
	return slices.DeleteFunc(slices.Clone(result.Findings), func(x analyzer.Finding) bool { return !x.Severity.AtLeast(limit) })
}

// colored decides whether the text is coloured (https://no-color.org).
func (f *lintFlags) colored(out io.Writer) bool {
	switch f.color.value {
	case "always":
		return true
	case "never":
		return false
	}
	file, ok := out.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isatty.IsTerminal(file.Fd())
}
