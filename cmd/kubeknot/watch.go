package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// watchable says why a run cannot be repeated.
func (f *lintFlags) watchable(args []string) error {
	switch {
	case slices.Contains(args, "-") || f.nodes == "-":
		return errors.New("--watch: standard input can be read once only")
	case f.newFrom != "":
		return errors.New("--watch and --new-from exclude each other: use a baseline, kubeknot baseline write")
	case f.traced != "":
		return errors.New("--watch and --trace exclude each other")
	}
	return nil
}

// watcher lints again and again.
type watcher struct {
	flags   *lintFlags // as they were given
	cmd     *cobra.Command
	args    []string
	changes *changes
	kept    *driver.Kept

	run     *lintFlags      // with what the settings say; nil if they have to be read
	options *driver.Options // the options that they make
}

// watch lints, and lints again whenever something has changed, until it is
// interrupted, which is how it is meant to end.
func (f *lintFlags) watch(cmd *cobra.Command, args []string) error {
	if err := f.watchable(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt does not wait for the run
	c, err := newChanges(f.formats, cmd.OutOrStdout(), f.stderr)
	if err != nil {
		return err
	}
	defer c.close()
	w := &watcher{flags: f, cmd: cmd, args: args, changes: c, kept: &driver.Kept{}}
	if err := w.prepare(); err != nil {
		return err
	}
	defer w.flush()
	for ctx.Err() == nil {
		if err := w.lint(ctx); err != nil {
			return err
		}
		if err := w.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepare reads policies and settings. They are watched before they are read.
func (w *watcher) prepare() error {
	w.flush()
	for {
		run := *w.flags
		run.policies = slices.Clone(w.flags.policies)
		options, err := run.prepare(w.cmd, w.args, nil)
		if err != nil {
			return err
		}
		more, err := w.changes.settings(&run, options)
		if err != nil {
			return err
		}
		if more {
			continue
		}
		options.Progress, options.Kept = nil, w.kept
		if options.Cache == nil {
			options.Cache = &cache.Dir{}
		}
		options.Cache.Held = true
		w.run, w.options = &run, options
		return w.directories()
	}
}

// directories watches the directories that are listed, until there is no further
// one.
func (w *watcher) directories() error {
	for {
		dirs, err := w.options.Kept.Directories(*w.options)
		if err != nil {
			return err
		}
		if more, err := w.changes.trees(dirs); !more || err != nil {
			return err
		}
	}
}

// lint reports once, and once more if there are directories that nobody watched.
// What is wrong with the settings and the run is said; the error is for what
// ends the watch.
func (w *watcher) lint(ctx context.Context) error {
	start := time.Now()
	out := w.cmd.OutOrStdout()
	w.separate(out)
	var err error
	if w.options == nil {
		err = w.prepare()
	}
	if err == nil {
		err = w.run.lint(ctx, w.cmd, *w.options, w.run.newStats())
	}
	var limit *watchError
	switch {
	case errors.As(err, &limit):
		return err
	case ctx.Err() != nil:
		return nil
	case err != nil && !errors.Is(err, errFindings):
		fmt.Fprintf(printable{w.flags.stderr}, "%s: %s\n", w.cmd.Root().DisplayName(), strings.TrimSpace(err.Error()))
	}
	if w.options != nil {
		if more, err := w.changes.trees(w.options.Kept.Listed()); err != nil {
			return err
		} else if more {
			return w.lint(ctx)
		}
	}
	fmt.Fprintf(w.flags.stderr, "watching %d directories for changes; linted in %s\n", w.changes.count(), time.Since(start).Round(time.Millisecond))
	return nil
}

// separate sets a report apart from the one before: a terminal is cleared, as
// tsc --watch does it.
func (w *watcher) separate(out io.Writer) {
	file, ok := out.(*os.File)
	switch {
	case ok && isatty.IsTerminal(file.Fd()) && os.Getenv("TERM") != "dumb":
		fmt.Fprint(out, "\x1b[2J\x1b[3J\x1b[H")
	case w.changes.woken:
		fmt.Fprintf(w.flags.stderr, "--- %s\n", time.Now().Format(time.TimeOnly))
	}
}

// wait returns when something has changed, or the context is done. Where too much
// has changed for the system to say it, it may be anything.
func (w *watcher) wait(ctx context.Context) error {
	settings, err := w.changes.wait(ctx)
	if errors.Is(err, fsnotify.ErrEventOverflow) {
		fmt.Fprintln(w.flags.stderr, "more has changed at once than the system can say: everything is looked at again")
		settings, err = true, w.changes.reopen()
	}
	if settings {
		w.flush()
		w.run, w.options = nil, nil
	}
	return err
}

// flush writes what the cache has learned.
func (w *watcher) flush() {
	if w.options != nil && w.options.Cache.Path != "" {
		if err := w.options.Cache.Flush(); err != nil {
			w.options.Debug(err)
		}
	}
}
