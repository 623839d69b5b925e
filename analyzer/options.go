package analyzer

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Option describes one option of a rule.
type Option struct {
	// Name is the key in kubeknot.yaml.
	Name string
	// Default is the value that holds unless the configuration gives another,
	// as YAML.
	Default string
	// Doc says what it does, in one sentence.
	Doc string
}

// OptionList describes the options of a rule in the order of its struct; nil
// if it has none.
func (r *Rule) OptionList() []Option {
	if r.Options == nil {
		return nil
	}
	var all []Option
	defaults := reflect.ValueOf(r.Options)
	for _, f := range reflect.VisibleFields(defaults.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		value := fmt.Sprintf("%v", defaults.FieldByIndex(f.Index))
		if f.Type.Kind() == reflect.Slice {
			value = strings.ReplaceAll(value, " ", ", ")
		}
		all = append(all, Option{Name: name, Default: value, Doc: f.Tag.Get("jsonschema")})
	}
	return all
}

// OptionsOf returns what the configuration says for a resource of the rule
// that runs, or the rule's defaults. T is the type of Rule.Options.
func OptionsOf[T any](p *Pass, r *manifest.Resource) T {
	if p.Options != nil {
		if o, ok := p.Options(r).(T); ok {
			return o
		}
	}
	return p.Rule.Options.(T)
}

// optionsFault says what is wrong with the type of a rule's options, "" if
// nothing is.
func optionsFault(options any) string {
	if options == nil {
		return ""
	}
	t := reflect.TypeOf(options)
	if t.Kind() != reflect.Struct {
		return "its options are no struct"
	}
	for _, f := range reflect.VisibleFields(t) {
		name, settings, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || settings != "omitempty" || f.Tag.Get("jsonschema") == "" {
			return fmt.Sprintf("option %s needs the tags json:\"name,omitempty\" and jsonschema:\"what it does\"", f.Name)
		}
	}
	return ""
}
