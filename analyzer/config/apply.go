package config

import (
	"slices"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
)

// Target is what a finding is about.
type Target struct {
	// Path is the file, absolute and slash-separated. Standard input has none;
	// "" matches no pattern.
	Path string
	// Kind and Name are those of the object, "" if there is none. Namespace is
	// the one it is applied in, "" if that is not known.
	Kind, Namespace, Name string
}

// matches reports whether a target is in both lists; nil is everything.
func (t Target) matches(paths []Glob, resources []Pattern) bool {
	in := paths == nil
	for i := range paths {
		in = in || paths[i].Match(t.Path)
	}
	is := resources == nil
	for i := range resources {
		is = is || resources[i].Match(t.Namespace, t.Kind, t.Name)
	}
	return in && is
}

// Setting is what holds for a rule at one target.
type Setting struct {
	// Off means that the rule does not report there.
	Off bool
	// Severity is that of all its findings there; "" leaves it to the rule.
	Severity analyzer.Severity
	// Options are of the type of analyzer.Rule.Options, nil for its defaults.
	Options any
}

// Setting returns what holds for a rule at a target: what rules says, then
// each override that matches.
func (c *Config) Setting(rule string, t Target) Setting {
	var s Setting
	s.apply(c.Rules, rule)
	for i := range c.Overrides {
		if o := &c.Overrides[i]; o.Rules.name(rule) && t.matches(o.Paths, o.Resources) {
			s.apply(o.Rules, rule)
		}
	}
	return s
}

func (s *Setting) apply(rules Rules, rule string) {
	for _, l := range rules {
		if l.Rule != rule {
			continue
		}
		switch l.Severity {
		case "": // options alone
		case Off:
			s.Off = true
		case On:
			s.Off, s.Severity = false, ""
		default:
			s.Off, s.Severity = false, analyzer.Severity(l.Severity)
		}
		if l.Options != nil {
			s.Options = l.Options
		}
	}
}

// Enable takes back that a rule is switched off, for who asks for it by name.
// What is said of parts of the tree holds.
func (c *Config) Enable(rule string) {
	var s Setting
	if s.apply(c.Rules, rule); s.Off {
		c.Rules = append(slices.Clip(c.Rules), &Level{Rule: rule, Severity: On})
	}
}

// name reports whether the rule is named.
func (r Rules) name(rule string) bool {
	for _, l := range r {
		if l.Rule == rule {
			return true
		}
	}
	return false
}

// Covers reports whether the entry silences a rule at a target. Whether it has
// expired is another question.
func (i *Ignore) Covers(rule string, t Target) bool {
	return string(i.Rule) == rule && t.matches(i.Paths, i.Resources)
}

// In reports whether a file is among those that the entry is for, given by its
// absolute, slash-separated path.
func (i *Ignore) In(path string) bool { return Target{Path: path}.matches(i.Paths, nil) }

// Expired reports whether the entry no longer holds. Without a day it always
// does.
func (i *Ignore) Expired(now time.Time) bool {
	return i.Expires != "" && now.Format(time.DateOnly) >= string(i.Expires)
}

// defaultExclude are the directories of test data: manifests that are wrong on
// purpose. Directories called test, tests or e2e are not among them, because
// that is what environments are called; nor are examples, which people apply.
func defaultExclude(dir string) []Glob {
	var all []Glob
	for _, text := range []string{"**/testdata", "**/fixtures"} {
		g := Glob{Text: text}
		g.compile(dir)
		all = append(all, g)
	}
	return all
}

// Excluded reports whether a file is read but not reported, and by which
// pattern; the pattern is nil if include leaves it out. named is the directory
// that was asked for and that holds the file, "" if the file itself was: who
// names a directory that is excluded, or one inside it, wants it, but hooks
// name every file that has changed. Both paths are absolute and
// slash-separated.
func (c *Config) Excluded(file, named string) (by *Glob, excluded bool) {
	for i := range c.Exclude {
		if g := &c.Exclude[i]; g.Match(file) && (named == "" || !g.Match(named)) {
			return g, true
		}
	}
	return nil, !Target{Path: file}.matches(c.Include, nil)
}
