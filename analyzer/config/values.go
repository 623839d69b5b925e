package config

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Values that are more than plain text read themselves; schema.go says the
// same of each as a JSON schema.

// FailOn is a severity or "never"; "" means error.
type FailOn string

var failOns = []string{"error", "warning", "info", "never"}

func (f *FailOn) read(d *decoder, n *manifest.Node, what string) {
	*f = FailOn(d.word(n, what, failOns))
}

// Effect is what a taint does.
type Effect string

var effects = []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}

func (e *Effect) read(d *decoder, n *manifest.Node, what string) {
	*e = Effect(d.word(n, what, effects))
}

// Name is a text that is not empty where it is written; "" means not set.
type Name string

func (m *Name) read(d *decoder, n *manifest.Node, what string) {
	text, ok := d.text(n, what)
	if ok && text == "" {
		d.fault(n, "%s is empty", what)
	}
	*m = Name(text)
}

// NameGlob is a name in which * stands for any text; "" means not set.
type NameGlob string

func (g *NameGlob) read(d *decoder, n *manifest.Node, what string) {
	(*Name)(g).read(d, n, what)
	if !doublestar.ValidatePattern(string(*g)) {
		d.fault(n, "%s %q is no pattern: a bracket or brace is not closed", what, string(*g))
	}
}

// Match reports whether the pattern matches a name.
func (g NameGlob) Match(name string) bool { return doublestar.MatchUnvalidated(string(g), name) }

// Version is a version of Kubernetes, as "1.31"; "" means not set. Unquoted it
// is a number to YAML, whose text is taken as it stands, or 1.30 would be 1.3.
type Version string

var versionPattern = regexp.MustCompile(`^v?\d+\.\d+(\.\d+)?$`)

func (v *Version) read(d *decoder, n *manifest.Node, what string) {
	text, ok := d.text(n, what, manifest.FloatTag)
	if ok && !versionPattern.MatchString(text) {
		d.fault(n, "no Kubernetes version %q: write it like 1.31", text)
	}
	*v = Version(text)
}

// Date is a day, as "2027-01-01"; "" means not set.
type Date string

var datePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func (t *Date) read(d *decoder, n *manifest.Node, what string) {
	text, ok := d.text(n, what, manifest.TimestampTag)
	if _, err := time.Parse(time.DateOnly, text); ok && err != nil {
		d.fault(n, "%s %q is no day: write it like 2027-01-31", what, text)
	}
	*t = Date(text)
}

// RuleID is the id of a rule.
type RuleID string

var ruleIDPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`)

func (r *RuleID) read(d *decoder, n *manifest.Node, what string) {
	text, ok := d.text(n, what)
	*r = RuleID(text)
	if ok {
		d.ruleRefs = append(d.ruleRefs, ruleRef{text, d.at(n)})
	}
}

// Path is a file or directory, written relative to the file that names it.
type Path struct {
	// Text is as written, Abs absolute.
	Text, Abs string
	origin
}

func (p *Path) read(d *decoder, n *manifest.Node, what string) {
	(*Name)(&p.Text).read(d, n, what)
	p.At = d.at(n)
	if p.Abs = p.Text; !isAbsolute(p.Text) {
		p.Abs = path.Join(d.dir, p.Text)
	}
	if p.Text != "" {
		if err := d.exists(p.Abs); err != nil {
			d.fault(n, "%s: %s: %v", what, p.Text, err)
		}
	}
}

// Glob is a pattern of paths below the directory of the file it stands in: *
// matches within a name, ** across directories, {a,b} either. A pattern that
// matches a directory stands for all below it.
type Glob struct {
	// Text is as written.
	Text string
	origin

	dir, pattern string
}

func (g *Glob) read(d *decoder, n *manifest.Node, what string) {
	(*Name)(&g.Text).read(d, n, what)
	g.At = d.at(n)
	if fault := g.compile(d.dir); fault != "" && g.Text != "" {
		d.fault(n, "%s %q %s", what, g.Text, fault)
	}
}

// compile makes the pattern ready to match below dir and returns what is wrong
// with it, "" if nothing is.
func (g *Glob) compile(dir string) (fault string) {
	g.dir = strings.TrimSuffix(dir, "/") + "/"
	g.pattern = path.Clean(g.Text)
	switch {
	case strings.HasPrefix(g.Text, "!"):
		return "is negated, which patterns cannot be: say what to report with include"
	case isAbsolute(g.Text):
		return "is absolute: patterns are relative to the directory of the configuration file"
	case g.pattern == ".." || strings.HasPrefix(g.pattern, "../"):
		return "leads out of the directory of the configuration file"
	case !doublestar.ValidatePattern(g.pattern):
		return "is no pattern: a bracket or brace is not closed"
	case g.pattern == ".":
		g.pattern = "**"
	}
	return ""
}

// Match reports whether the pattern matches an absolute, slash-separated path
// or a directory above it.
func (g *Glob) Match(file string) bool {
	rel, below := strings.CutPrefix(file, g.dir)
	for below && rel != "." {
		if doublestar.MatchUnvalidated(g.pattern, rel) {
			return true
		}
		rel = path.Dir(rel)
	}
	return false
}

// Pattern names objects: "Kind/name" or "namespace/Kind/name", each part a
// pattern in which * stands for any text.
type Pattern struct {
	Text string
	origin
}

var objectPattern = regexp.MustCompile(`^([^/]+/)?[^/a-z][^/]*/[^/]+$`)

func (p *Pattern) read(d *decoder, n *manifest.Node, what string) {
	text, ok := d.text(n, what)
	p.Text, p.At = text, d.at(n)
	if ok && !objectPattern.MatchString(text) {
		d.fault(n, "%s %q is no object: write Kind/name or namespace/Kind/name", what, text)
	} else if ok && !doublestar.ValidatePattern(text) {
		d.fault(n, "%s %q is no pattern: a bracket or brace is not closed", what, text)
	}
}

// Match reports whether the pattern matches an object. One that names a
// namespace does not match an object of which no namespace is known.
func (p *Pattern) Match(namespace, kind, name string) bool {
	object := fmt.Sprintf("%s/%s", kind, name)
	if strings.Count(p.Text, "/") == 2 {
		object = namespace + "/" + object
	}
	return kind != "" && doublestar.MatchUnvalidated(p.Text, object)
}
