package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/report"
)

// output is a format and the file it is written to, "" for standard output.
type output struct{ format, file string }

// outputs are what --format asks for. None is text on standard output.
type outputs []output

func (o *outputs) Type() string { return "NAME[=FILE]" }

func (o *outputs) String() string {
	names := make([]string, len(*o))
	for i, out := range *o {
		names[i] = strings.TrimSuffix(out.format+"="+out.file, "=")
	}
	return strings.Join(names, ",")
}

func (o *outputs) Set(s string) error {
	name, file, toFile := strings.Cut(s, "=")
	if all := report.Formats(); !slices.Contains(all, name) {
		return fmt.Errorf("use one of %s%s", strings.Join(all, ", "), suggestion(name, all))
	}
	if toFile && file == "" {
		return errors.New("it names no file behind the =")
	}
	for _, other := range *o {
		switch {
		case !sameFile(other.file, file):
		case file == "":
			return fmt.Errorf("%s goes to standard output already: write %s=FILE", other.format, name)
		default:
			return fmt.Errorf("%s goes to %s already", other.format, file)
		}
	}
	if toFile {
		if err := checkTarget(file); err != nil {
			return err
		}
	}
	*o = append(*o, output{name, file})
	return nil
}

// sameFile reports whether two names lead to the same file, which need not exist.
// An empty name is standard output.
func sameFile(a, b string) bool {
	if a == "" || b == "" {
		return a == b
	}
	there, err := os.Stat(a)
	other, fault := os.Stat(b)
	if err == nil && fault == nil {
		return os.SameFile(there, other)
	}
	return resolved(a) == resolved(b)
}

// resolved returns the absolute path of a file, with the links of its directory
// followed.
func resolved(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		return filepath.Join(dir, filepath.Base(abs))
	}
	return abs
}

// checkTarget refuses to write a report to what may be a trap in a stranger's tree:
// a link, which leads elsewhere, and a pipe, which may have no reader. What the
// system itself provides, as /dev/stderr and /dev/fd/63, is written to.
func checkTarget(name string) error {
	if abs, err := filepath.Abs(name); err == nil && (strings.HasPrefix(abs, "/dev/") || strings.HasPrefix(abs, "/proc/self/")) {
		return nil
	}
	info, err := os.Lstat(name)
	switch {
	case err != nil || info.Mode().IsRegular() || info.IsDir(): // what is wrong with a directory is said elsewhere
		return nil
	case info.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a link: name the file itself", name)
	}
	return fmt.Errorf("%s is not a regular file", name)
}

// register adds the flag and completes its formats.
func (o *outputs) register(cmd *cobra.Command) {
	cmd.Flags().Var(o, "format", "how to report: "+strings.Join(report.Formats(), ", ")+"; several at once, of which one without a file (default text)")
	words := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return report.Formats(), cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("format", words); err != nil {
		panic(err) // the flag was added just above
	}
}

// all returns what to write, the default if nothing was asked for.
func (o outputs) all() outputs {
	if len(o) == 0 {
		return outputs{{format: report.Formats()[0]}}
	}
	return o
}

// has reports whether a format is among them.
func (o outputs) has(format string) bool {
	return slices.ContainsFunc(o, func(out output) bool { return out.format == format })
}

// write writes every report, those behind one that fails too, until the context is
// done.
func (o outputs) write(ctx context.Context, stdout io.Writer, options report.Options, result *analyzer.Result) error {
	var errs []error
	for _, out := range o {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		reportOptions := options
		reportOptions.Color = options.Color && out.file == ""
		reporter, err := report.New(out.format, reportOptions)
		switch {
		case err != nil:
		case out.file == "":
			err = reporter.Report(stdout, result)
		default:
			err = writeFile(out.file, func(w io.Writer) error { return reporter.Report(w, result) })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// unfinished are the files that are being written under names of their own, and
// the directories of revisions.
var unfinished sync.Map

// removeUnfinished is for a run that ends at once.
func removeUnfinished() {
	unfinished.Range(func(name, _ any) bool {
		os.RemoveAll(name.(string))
		return true
	})
}

// writeFile puts a file in place as a whole: its readers see the earlier one or
// the new one. What is no regular file, as /dev/stderr, is written to directly.
func writeFile(name string, write func(io.Writer) error) error {
	if err := checkTarget(name); err != nil { // it may have come to be since
		return err
	}
	if real, err := filepath.EvalSymlinks(name); err == nil { // of /dev/stderr, and of directories
		name = real
	}
	mode := fs.FileMode(0o666) // less what the umask takes
	info, err := os.Stat(name)
	there := err == nil
	if there {
		if info.IsDir() {
			return fmt.Errorf("%s is a directory", name)
		}
		if mode = info.Mode(); !mode.IsRegular() {
			return writeTo(name, os.O_WRONLY, mode, write)
		}
	}
	temporary := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%d.tmp", filepath.Base(name), os.Getpid()))
	unfinished.Store(temporary, nil)
	defer unfinished.Delete(temporary)
	err = writeTo(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode.Perm(), write)
	if err == nil && there {
		_ = os.Chmod(temporary, mode.Perm()) // as it was; else less, where a file system has no such thing
	}
	if err == nil {
		err = os.Rename(temporary, name)
	}
	var failure *fs.PathError
	if errors.As(err, &failure) && failure.Path == temporary {
		err = failure.Err // nobody has heard of the temporary file
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		os.Remove(temporary)
	}
	if err != nil {
		return fmt.Errorf("%s is not written: %w", name, err)
	}
	return nil
}

func writeTo(name string, flags int, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := os.OpenFile(name, flags, mode)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// printable passes text on without what a terminal would obey instead of showing:
// names of files and objects are other people's.
type printable struct{ io.Writer }

// Write expects whole texts, as fmt.Fprintf writes them.
func (p printable) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.Writer, report.Printable(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}

// browse returns the URL of the repository's files in a job of GitHub Actions,
// started at its root; "" elsewhere. Relative links lead nowhere in summaries.
func browse() string {
	server, repository, commit := os.Getenv("GITHUB_SERVER_URL"), os.Getenv("GITHUB_REPOSITORY"), os.Getenv("GITHUB_SHA")
	if server == "" || repository == "" || commit == "" {
		return ""
	}
	return server + "/" + repository + "/blob/" + commit + "/"
}
