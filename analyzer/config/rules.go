package config

import (
	"reflect"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Rules says something of rules, in the order of the file. Where a rule is
// named twice, because one file extends another, the later counts.
type Rules []*Level

// Level is what one place of the configuration says of a rule.
type Level struct {
	// Rule is its id.
	Rule string
	// Severity is "" if options alone are given.
	Severity Severity
	// Options are of the type of analyzer.Rule.Options, nil if none are given.
	// Those that are not named have the rule's defaults.
	Options any
	// At is the place of the rule's id.
	At source.Location

	options *manifest.Node // not read yet
}

// Severity is a severity of analyzer, Off, or On.
type Severity string

// Off switches a rule off. On is what the rule itself says; it takes back
// whatever was said before.
const (
	Off Severity = "off"
	On  Severity = "on"
)

var severities = []string{string(Off), string(On), string(analyzer.Error), string(analyzer.Warning), string(analyzer.Info)}

func (s *Severity) read(d *decoder, n *manifest.Node, what string) {
	*s = Severity(d.word(n, what, severities))
}

// levelKeys is a Level that is written as a mapping.
type levelKeys struct {
	Severity Severity `json:"severity,omitempty" jsonschema:"off, on, error, warning or info"`
	Options  unread   `json:"options,omitempty" jsonschema:"the options that the rule has"`
}

// unread is a mapping that is read later.
type unread struct{ node *manifest.Node }

func (u *unread) read(_ *decoder, n *manifest.Node, _ string) { u.node = n }

func (r *Rules) read(d *decoder, n *manifest.Node, what string) {
	for _, e := range d.entries(n, what) {
		l := &Level{Rule: e.Key.Value, At: d.at(e.Key)}
		var keys levelKeys
		if tag := e.Value.Tag; tag == manifest.MapTag || tag == manifest.SeqTag {
			d.decode(e.Raw, reflect.ValueOf(&keys).Elem(), l.Rule)
		} else {
			d.decode(e.Raw, reflect.ValueOf(&keys.Severity).Elem(), l.Rule)
		}
		if len(e.Value.Content) == 0 && e.Value.Kind == manifest.MappingNode {
			d.fault(e.Raw, "%s needs a severity or options", l.Rule)
		}
		l.Severity, l.options = keys.Severity, keys.Options.node
		d.levels = append(d.levels, l)
		*r = append(*r, l)
	}
}

// checkRules reports the ids that no rule has, and reads the options of the
// others, which only the rules can explain.
func (d *decoder) checkRules(all []*analyzer.Rule) {
	byID := map[string]*analyzer.Rule{}
	ids := make([]string, 0, len(all))
	for _, r := range all {
		byID[r.ID] = r
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	known := func(id string, at source.Location) bool {
		if byID[id] == nil {
			d.faults.add(at, "no rule %q%s", id, suggestion(id, ids))
		}
		return byID[id] != nil
	}
	for _, ref := range d.ruleRefs {
		known(ref.id, ref.at)
	}
	for _, l := range d.levels {
		if known(l.Rule, l.At) && l.options != nil {
			l.Options = d.readOptions(byID[l.Rule], l.options)
		}
	}
}

// readOptions reads the options of a rule over its defaults.
func (d *decoder) readOptions(rule *analyzer.Rule, n *manifest.Node) any {
	if rule.Options == nil {
		d.fault(n, "%s has no options", rule.ID)
		return nil
	}
	before := len(*d.faults)
	v := reflect.New(reflect.TypeOf(rule.Options)).Elem()
	v.Set(reflect.ValueOf(rule.Options))
	d.decode(n, v, "options of "+rule.ID)
	if c, ok := v.Interface().(interface{ Check() error }); ok && len(*d.faults) == before {
		if err := c.Check(); err != nil {
			d.fault(n, "options of %s: %v", rule.ID, err)
		}
	}
	return v.Interface()
}
