package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
)

// known are the flags that say which findings are known.
type known struct {
	baseline, newFrom string
	// ignoreFound leaves out the baseline that is found, because a stranger may
	// have written it.
	ignoreFound bool
}

// noBaseline is the value of --baseline that uses none.
const noBaseline = "none"

// set gives the run the baselines that the flags ask for.
func (k *known) set(ctx context.Context, o *driver.Options) error {
	b, _, err := k.read(o.Paths)
	if err != nil {
		return err
	}
	if b != nil {
		o.Suppress.Baselines = append(o.Suppress.Baselines, b)
	}
	if k.newFrom != "" {
		b, err := revision(ctx, k.newFrom, o)
		if err != nil {
			return fmt.Errorf("--new-from %s: %w", k.newFrom, err)
		}
		o.Suppress.Baselines = append(o.Suppress.Baselines, b)
	}
	return nil
}

// read returns the baseline, nil if there is none, and the file that it is in
// or would be.
func (k *known) read(paths []string) (suppress.Baseline, string, error) {
	file, place := k.baseline, k.baseline
	switch k.baseline {
	case noBaseline:
		return nil, "", nil
	case "":
		dir, err := directory(paths[0])
		if err != nil {
			return nil, "", err
		}
		file, place, err = suppress.FindBaseline(dir)
		if file == "" || k.ignoreFound {
			return nil, place, nil
		}
		if err != nil {
			return nil, place, fmt.Errorf("baseline: %w", err)
		}
	}
	b, err := suppress.ReadBaseline(file)
	if err != nil {
		return nil, place, fmt.Errorf("baseline: %w", err)
	}
	return b, place, nil
}

// directory returns the directory of an argument, absolute and with its links
// followed: the working directory for standard input. What is not there is the
// driver's to report.
func directory(arg string) (string, error) {
	if arg == "-" {
		arg = "."
	}
	abs, err := filepath.Abs(arg)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		abs = filepath.Dir(abs)
	}
	return abs, nil
}

// nextStep says what to do about the first findings of somebody who has neither
// suppressed any yet nor recorded them.
func nextStep(name string, r *analyzer.Result, rules []*analyzer.Rule) string {
	if r.Summary.Suppressed > 0 {
		return ""
	}
	rule := ""
	for _, f := range r.Findings {
		if i := slices.IndexFunc(rules, func(r *analyzer.Rule) bool { return r.ID == f.Rule }); i >= 0 && rules[i].Review != "" {
			return "" // there is a suppression, if only a bad one
		}
		if rule == "" && f.Severity.AtLeast(analyzer.Warning) {
			rule = f.Rule
		}
	}
	if rule == "" {
		return ""
	}
	return fmt.Sprintf(`next: %s explain %s says why; "# kubeknot:ignore %s -- reason" on its line silences it
      %s baseline write records all of it, so that only what is new is reported
`, name, rule, rule, name)
}

// shownPath returns a path as people are shown it: relative to the working
// directory if it lies below.
func shownPath(file string) string {
	wd, err := os.Getwd()
	if err != nil {
		return file
	}
	if real, err := filepath.EvalSymlinks(wd); err == nil {
		wd = real
	}
	if rel, err := filepath.Rel(wd, file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(file)
}
