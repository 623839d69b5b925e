package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/report"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
	"github.com/kubeknot/kubeknot/analyzer/watchdog"
	"github.com/kubeknot/kubeknot/policies"
)

// lintFlags are the flags of lint.
type lintFlags struct {
	settings
	formats          outputs
	color            oneOf
	rules, skipRules []string
	policies         []string
	traced           string
	judge            string          // judgeOf the policies, before they were read
	trace            *policies.Trace // nil without --trace
	stderr           io.Writer
	noCache, verbose bool
	stats, watching  bool
	sources
	known
	limits
	watchdog *watchdog.Watch // nil while --watch lints again and again
}

func newLint() *cobra.Command {
	cmd, _ := lintCommand()
	return cmd
}

// lintCommand returns the command and what its flags are set to.
func lintCommand() (*cobra.Command, *lintFlags) {
	f := &lintFlags{
		color: oneOf{"auto", []string{"auto", "always", "never"}},
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
  kubeknot lint --format text --format sarif=out.sarif
  kubectl get nodes -o yaml | kubeknot lint deploy/ --nodes -`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	f.formats.register(cmd)
	f.color.register(cmd, "color", "colour the text; auto: on a terminal, unless NO_COLOR is set")
	cmd.Flags().StringVar(&f.config, "config", "", "the configuration `FILE` (default: kubeknot.yaml of the closest directory up to the root of the repository)")
	cmd.Flags().BoolVar(&f.noRepoConfig, "no-repo-config", false, "ignore the configuration, its policies, and the baseline of the repository; --config, --policy and --baseline still count")
	cmd.Flags().StringVar(&f.newFrom, "new-from", "", "report what the git revision `REV` does not have")
	cmd.Flags().BoolVar(&f.noCache, "no-cache", false, "judge everything anew, and leave nothing for the next run")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "say on standard error what changes nothing of the result, as why a cache is not used")
	cmd.Flags().BoolVar(&f.stats, "stats", false, "say on standard error where the time went and how much there was to do")
	cmd.Flags().BoolVarP(&f.watching, "watch", "w", false, "lint again whenever something changes, until interrupted")
	f.limits.register(cmd)
	f.register(cmd)
	return cmd, f
}

// register adds the flags that decide what is found.
func (f *lintFlags) register(cmd *cobra.Command) {
	f.settings.register(cmd)
	cmd.Flags().StringSliceVar(&f.rules, "rule", nil, "run these rules alone (`ID`,...)")
	cmd.Flags().StringSliceVar(&f.skipRules, "skip-rule", nil, "leave these rules out (`ID`,...)")
	cmd.Flags().StringVar(&f.baseline, "baseline", "", "the `FILE` of known findings; none: use none (default "+suppress.BaselineName+" of the closest directory)")
	policyFlag(cmd, &f.policies)
	cmd.Flags().StringVar(&f.traced, "trace", "", "say on standard error how a policy judges a resource, `RULE=KIND/NAME`")
	f.sources.register(cmd)
	for _, name := range []string{"rule", "skip-rule"} {
		if err := cmd.RegisterFlagCompletionFunc(name, completeRules); err != nil {
			panic(err) // the flag was added just above
		}
	}
}

// options returns what the flags ask for, or what is wrong with them.
func (f *lintFlags) options() (driver.Options, error) {
	o := driver.Options{Nodes: f.nodes, Namespace: f.namespace, Kubernetes: f.kubernetes}
	f.sources.set(&o)
	var err error
	if f.judge, err = judgeOf(f.policies); err != nil {
		f.judge = "" // it fails again where the cache is opened
	}
	if f.trace, err = newTrace(f.traced, printable{f.stderr}); err != nil {
		return o, err
	}
	all, err := rulesOf(policies.Loader{Trace: f.trace}, f.policies)
	if err != nil {
		return o, err
	}
	if f.kubernetes != "" {
		if _, err := apiserver.ParseVersion(f.kubernetes); err != nil {
			return o, err
		}
	}
	if o.Policies, err = policies.Manifests(f.policies...); err != nil {
		return o, err
	}
	o.Suppress.Known = ruleIDs(all)
	if o.Rules, err = choose(all, f.rules, f.skipRules); err != nil {
		return o, err
	}
	return o, checkTrace(f.trace, o.Rules)
}

func (f *lintFlags) run(cmd *cobra.Command, args []string) error {
	f.stderr = cmd.ErrOrStderr()
	f.ignoreFound = f.noRepoConfig
	if len(args) == 0 {
		args = []string{"."}
	}
	if f.watching {
		return f.watch(cmd, args)
	}
	stats := f.newStats()
	stdin := record(cmd.InOrStdin())
	cmd.SetIn(stdin)
	var err error
	if f.watchdog, err = f.limits.watch(stdin); err != nil {
		return err
	}
	options, err := f.prepare(cmd, args, stats)
	if err != nil {
		return err
	}
	return f.lint(cmd.Context(), cmd, *options, stats)
}

// newStats returns nil unless they are asked for.
func (f *lintFlags) newStats() *driver.Stats {
	if !f.stats {
		return nil
	}
	return &driver.Stats{}
}

// prepare reads policies and settings and returns the options that they make.
func (f *lintFlags) prepare(cmd *cobra.Command, args []string, stats *driver.Stats) (*driver.Options, error) {
	defer stats.Stage("read policies and settings")()
	options, err := f.options()
	if err != nil {
		return nil, err
	}
	options.Paths, options.Stdin = args, cmd.InOrStdin()
	options.Ties = f.formats.has("html")
	options.Watch = f.watchdog
	if err := f.configure(cmd, &options); err != nil {
		return nil, err
	}
	end := f.progress(&options)
	defer end()
	if err := f.known.set(cmd.Context(), &options); err != nil { // before: it has runs of its own
		return nil, err
	}
	f.remember(&options)
	return &options, nil
}

// progress shows how far the work is, until end is called.
func (f *lintFlags) progress(o *driver.Options) (end func()) {
	if f.trace != nil { // which writes to standard error itself
		return func() {}
	}
	o.Progress, end = showProgress(f.stderr)
	return end
}

// lint judges and reports.
func (f *lintFlags) lint(ctx context.Context, cmd *cobra.Command, options driver.Options, stats *driver.Stats) error {
	out := cmd.OutOrStdout()
	options.Stats = stats
	end := func() {}
	if !f.watching {
		end = f.progress(&options)
	}
	result, failure := driver.Run(ctx, options)
	end()
	failure = errors.Join(failure, untold(f.trace))
	if result == nil {
		return failure
	}
	reports := f.formats.all()
	if errors.Is(failure, driver.ErrNothing) && len(result.NotJudged) == 0 { // the error says it better than text
		reports = slices.DeleteFunc(slices.Clone(reports), func(o output) bool { return o == output{format: "text"} })
	}
	reported := stats.Stage("report")
	failure = errors.Join(failure, reports.write(ctx, out, f.reportOptions(out, options.Rules), result))
	reported()
	if stats != nil {
		failure = errors.Join(failure, writeStats(f.stderr, stats))
	}
	if failure != nil {
		return failure
	}
	if slices.Contains(reports, output{format: "text"}) && len(options.Suppress.Baselines) == 0 {
		fmt.Fprint(out, nextStep(cmd.Root().DisplayName(), result, options.Rules))
	}
	if len(f.failing(result)) > 0 {
		return errFindings
	}
	return nil
}

// remember lets the run use the cache, unless what is asked for needs all to be
// judged.
func (f *lintFlags) remember(o *driver.Options) {
	o.Debug = func(err error) {
		if f.verbose {
			fmt.Fprintf(printable{f.stderr}, "kubeknot: %v\n", err)
		}
	}
	if f.noCache || f.trace != nil || f.watchdog.Again() {
		return
	}
	judge, err := judgeOf(f.policies)
	if err == nil && judge != f.judge {
		err = errors.New("cache not used: policies have changed since they were read")
	}
	if err != nil {
		o.Debug(err)
		return
	}
	dir, err := openCache(judge)
	if err != nil {
		o.Debug(err)
		return
	}
	o.Cache = dir
}

// reportOptions returns what formats may want to know.
func (f *lintFlags) reportOptions(out io.Writer, rules []*analyzer.Rule) report.Options {
	failOn, err := analyzer.ParseSeverity(f.failOn.value)
	if err != nil { // never
		failOn = ""
	}
	return report.Options{Color: f.colored(out), Rules: rules, Version: versionText(), FailOn: failOn, Browse: browse()}
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
