package driver

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// This file connects the configuration with the run.

// absolute returns the path of a file as the configuration compares it; "" for
// standard input.
func (o *Options) absolute(f *source.File) string {
	if f == nil || f.Path == streamName {
		return ""
	}
	name := filepath.FromSlash(f.Path)
	if !filepath.IsAbs(name) {
		name = filepath.Join(o.Dir, name)
	}
	return filepath.ToSlash(name)
}

// target is what the configuration has to know of an object.
func (o *Options) target(f *source.File, r *manifest.Resource) config.Target {
	t := config.Target{Path: o.absolute(f)}
	if r != nil {
		t.Kind, t.Namespace, t.Name = r.Kind, r.Namespace, r.WrittenName()
		if t.Namespace == "" {
			t.Namespace = o.Namespace
		}
	}
	return t
}

// configured returns a finding as the configuration wants it; ok is false if it
// is not to be reported.
func (r *run) configured(f analyzer.Finding) (_ analyzer.Finding, ok bool) {
	c := r.options.Config
	if c == nil {
		return f, true
	}
	s := c.Setting(f.Rule, r.options.target(f.Location.File, f.Resource))
	if s.Off {
		return f, false
	}
	if s.Severity != "" {
		f.Severity = s.Severity
	}
	if _, excluded := c.Excluded(r.options.absolute(f.Location.File), r.named(f.Location.File)); excluded {
		r.excluded++
		return f, false
	}
	return f, true
}

// named returns the directory among the paths that holds a file, the innermost
// one; "" if the file itself was named.
func (r *run) named(f *source.File) string {
	file, found := r.options.absolute(f), ""
	for _, dir := range r.paths() {
		if dir == file {
			return ""
		}
		if isBelow(file, dir) && len(dir) > len(found) {
			found = dir
		}
	}
	return found
}

// absolutePaths returns the paths of the options as the configuration compares
// them, their links followed.
func (o *Options) absolutePaths() []string {
	paths := make([]string, len(o.Paths))
	for i, p := range o.Paths {
		if !filepath.IsAbs(p) {
			p = filepath.Join(o.Dir, p)
		}
		if real, err := filepath.EvalSymlinks(p); err == nil {
			p = real
		}
		paths[i] = filepath.ToSlash(p)
	}
	return paths
}

// ruleOptions returns what the configuration says of a rule's options.
func (r *run) ruleOptions(rule *analyzer.Rule) func(*manifest.Resource) any {
	if r.options.Config == nil || rule.Options == nil {
		return nil
	}
	return func(of *manifest.Resource) any {
		return r.options.Config.Setting(rule.ID, r.options.target(of.File(), of)).Options
	}
}

// ignored returns the entries of the configuration that silence findings.
func (r *run) ignored(l *Loaded, failed bool) []suppress.Entry {
	o := &r.options
	var all []suppress.Entry
	for i := range o.Config.Ignore {
		e := &o.Config.Ignore[i]
		all = append(all, suppress.Entry{
			Rule: string(e.Rule), Reason: e.Reason, Expires: string(e.Expires), At: e.At, Judged: !failed && r.judged(e, l),
			Covers: func(end suppress.End) bool {
				return !e.Expired(time.Now()) && e.Covers(string(e.Rule), o.target(end.File, end.Resource))
			},
		})
	}
	return all
}

// judged reports whether all that an entry can silence was looked at: what lies
// beside and below its file was asked for, its rule has passed over none of it,
// and there is no Markdown that it names and that was not read.
func (r *run) judged(e *config.Ignore, l *Loaded) bool {
	o := &r.options
	at := path.Dir(o.absolute(e.At.File))
	for _, t := range l.trees {
		for arg, dir := range t.args {
			if !dir || !isBelow(at, path.Join(filepath.ToSlash(t.root), arg)) {
				continue
			}
			for passed := range r.unjudged {
				if passed.rule == string(e.Rule) && e.In(path.Join(filepath.ToSlash(t.root), passed.rel)) {
					return false
				}
			}
			return !slices.ContainsFunc(t.texts, func(rel string) bool {
				return !o.Markdown && e.Paths != nil && e.In(path.Join(filepath.ToSlash(t.root), rel))
			})
		}
	}
	return false
}

// isBelow reports whether a path is a directory or lies in it.
func isBelow(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

// external converts what exists although no file defines it.
func external(lists ...[]config.External) []unit.External {
	var all []unit.External
	for _, list := range lists {
		for i := range list {
			e := &list[i]
			all = append(all, unit.External{Labels: e.Labels, Is: e.Matches})
		}
	}
	return all
}

// configuredUnits returns the units of the configuration that have files in the
// tree.
func (w *world) configuredUnits() ([]unit.Configured, error) {
	o := w.options
	if o.Config == nil {
		return nil, nil
	}
	var units []unit.Configured
	for _, u := range o.Config.Units {
		c := unit.Configured{Name: string(u.Name), Namespace: string(u.Namespace), External: external(u.External, o.Config.External)}
		c.Files, c.Context = w.matching(u.Files), w.matching(u.Context)
		if len(c.Files) == 0 {
			continue
		}
		c.Nodes = u.Nodes.List
		if u.Nodes.File.Text != "" {
			nodes, err := readNodes(o.Dir, u.Nodes.File.Abs, nil)
			if err != nil {
				return nil, err
			}
			c.Nodes = nodes
		}
		units = append(units, c)
	}
	return units, nil
}

// matching returns the files of the tree that match a glob.
func (w *world) matching(globs []config.Glob) []string {
	var files []string
	for _, rel := range w.tree.files {
		abs := filepath.ToSlash(filepath.Join(w.tree.root, filepath.FromSlash(rel)))
		for i := range globs {
			if globs[i].Match(abs) {
				files = append(files, rel)
				break
			}
		}
	}
	return files
}
