package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Entry is one key of the configuration and what it comes to.
type Entry struct {
	Key string
	// Doc says what the key means.
	Doc string
	// Values has one value for each element of a list or mapping, or the only
	// one. It is empty if nothing is set and there is no default.
	Values []Value
}

// Value is the value of a key or a part of it, and where it comes from.
type Value struct {
	// Name is the key inside a mapping, "" for anything else.
	Name string
	// Text is the value as YAML on one line.
	Text string
	// Item reports that the value is an element of a list.
	Item bool
	// Origin is "default" or "kubeknot.yaml:3".
	Origin string
}

// Entries returns the resolved configuration, key by key in the order of the
// documentation. Flags are not part of it.
func (c *Config) Entries() []Entry {
	var all []Entry
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		f := t.Field(i)
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if key == "" {
			continue
		}
		e := Entry{Key: key, Doc: f.Tag.Get("jsonschema")}
		for _, l := range slices.Backward(c.layers) {
			if field := manifest.Field(l.doc.Root, key); field.Key != nil {
				e.Values = joined(e.Values, l.values(field), f.Type.Kind() == reflect.Slice)
			}
		}
		if text, ok := f.Tag.Lookup("default"); ok && len(e.Values) == 0 {
			e.Values = []Value{{Text: text, Origin: "default"}}
		}
		all = append(all, e)
	}
	return all
}

// joined puts the values of a file behind those of the file that it extends,
// or in their place.
func joined(base, own []Value, list bool) []Value {
	if !list {
		return own
	}
	for _, v := range own { // of a name that is repeated the last one counts
		base = slices.DeleteFunc(base, func(b Value) bool { return b.Name != "" && b.Name == v.Name })
	}
	return append(base, own...)
}

// values returns the elements of a list or mapping, or the value itself.
func (l *layer) values(field manifest.Entry) []Value {
	value := func(name string, n, at *manifest.Node) Value {
		origin := fmt.Sprintf("%s:%d", l.doc.File.Path, l.at(at).Start().Line)
		return Value{Name: name, Text: inline(n), Item: field.Value.Kind == manifest.SequenceNode, Origin: origin}
	}
	var all []Value
	switch {
	case len(field.Value.Content) == 0:
	case field.Value.Kind == manifest.MappingNode:
		for name, e := range manifest.Fields(field.Value) {
			all = append(all, value(name, e.Value, e.Key))
		}
		return all
	default:
		for _, item := range field.Value.Children() {
			all = append(all, value("", manifest.Resolve(item), item))
		}
		return all
	}
	return []Value{{Text: inline(field.Value), Origin: value("", field.Value, field.Key).Origin}}
}

// inline returns a node as YAML on one line.
func inline(n *manifest.Node) string {
	text, err := yaml.Marshal(flow(n))
	if err != nil {
		return "?" // nothing that was decoded comes here
	}
	return strings.TrimSpace(string(text))
}

// flow returns what kyaml writes on one line for a node, without comments and
// with aliases followed.
func flow(n *manifest.Node) *yaml.Node {
	n = manifest.Resolve(n)
	c := &yaml.Node{Kind: yaml.ScalarNode, Tag: n.Tag.String(), Value: n.Value, Style: yaml.FlowStyle}
	switch n.Kind {
	case manifest.ScalarNode:
		c.Style = yaml.Style(n.Style & (manifest.DoubleQuotedStyle | manifest.SingleQuotedStyle))
		if strings.Contains(n.Value, "\n") {
			c.Style = yaml.DoubleQuotedStyle
		}
	case manifest.MappingNode:
		c.Kind = yaml.MappingNode
		for _, e := range manifest.Fields(n) {
			c.Content = append(c.Content, flow(e.Key), flow(e.Value))
		}
	default:
		c.Kind = yaml.SequenceNode
		for _, item := range n.Children() {
			c.Content = append(c.Content, flow(item))
		}
	}
	return c
}
