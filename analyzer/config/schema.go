package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/kubeknot/kubeknot/analyzer"
)

// Schema returns the JSON schema (draft 7, which editors know best) of a
// configuration file for the given rules. What a schema cannot say, such as
// whether a file exists, Load alone finds.
func Schema(rules []*analyzer.Rule) ([]byte, error) {
	types := map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[FailOn]():   words(failOns),
		reflect.TypeFor[Severity](): words(severities),
		reflect.TypeFor[Effect]():   words(effects),
		reflect.TypeFor[Name]():     text(),
		reflect.TypeFor[NameGlob](): text(),
		reflect.TypeFor[Path]():     text(),
		reflect.TypeFor[Glob](): {Type: "string", MinLength: jsonschema.Ptr(1),
			Not: &jsonschema.Schema{Pattern: `^(!|/|(\./)*\.\.(/|$))`}},
		reflect.TypeFor[Pattern](): {Type: "string", Pattern: objectPattern.String()},
		reflect.TypeFor[Date]():    {Type: "string", Pattern: datePattern.String()},
		reflect.TypeFor[Version](): {AnyOf: []*jsonschema.Schema{{Type: "number"}, {Type: "string", Pattern: versionPattern.String()}}},
		reflect.TypeFor[RuleID]():  {Type: "string", Pattern: ruleIDPattern.String()},
		reflect.TypeFor[Rules]():   {Ref: "#/definitions/rules"},
	}
	nodes, err := jsonschema.For[[]node](&jsonschema.ForOptions{TypeSchemas: types})
	if err != nil {
		return nil, fmt.Errorf("schema of nodes: %w", err)
	}
	types[reflect.TypeFor[Nodes]()] = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{text(), nodes}}
	s, err := jsonschema.For[Config](&jsonschema.ForOptions{TypeSchemas: types})
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	s.Schema = "http://json-schema.org/draft-07/schema#"
	s.Title = "kubeknot.yaml"
	s.Description = "The configuration of kubeknot."
	for _, key := range []string{"overrides", "ignore"} {
		s.Properties[key].Items.AnyOf = []*jsonschema.Schema{{Required: []string{"paths"}}, {Required: []string{"resources"}}}
	}
	if s.Definitions, err = ruleSchemas(rules); err != nil {
		return nil, err
	}
	s.If = &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Required: []string{"policies"}}, {Required: []string{"extends"}}}}
	s.Else = onlyKnown(rules)
	refuseNull(s)
	return json.MarshalIndent(s, "", "  ")
}

func text() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", MinLength: jsonschema.Ptr(1)}
}

func words(all []string) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, w := range all {
		s.Enum = append(s.Enum, w)
	}
	return s
}

// ruleSchemas returns the definitions of what can be said of rules: those that
// are known by their names, and others, which policies may bring.
func ruleSchemas(rules []*analyzer.Rule) (map[string]*jsonschema.Schema, error) {
	level := func(options *jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{words(severities), {
			Type: "object", MinProperties: jsonschema.Ptr(1),
			Properties:           map[string]*jsonschema.Schema{"severity": words(severities), "options": options},
			AdditionalProperties: nothing(),
		}}}
	}
	all := &jsonschema.Schema{
		Type: "object", Properties: map[string]*jsonschema.Schema{},
		PropertyNames:        &jsonschema.Schema{Pattern: ruleIDPattern.String()},
		AdditionalProperties: level(&jsonschema.Schema{Type: "object"}),
	}
	plain := &jsonschema.Schema{Ref: "#/definitions/level"}
	for _, r := range rules {
		s := plain
		if r.Options != nil {
			options, err := jsonschema.ForType(reflect.TypeOf(r.Options), nil)
			if err != nil {
				return nil, fmt.Errorf("options of %s: %w", r.ID, err)
			}
			s = level(options)
		}
		// Beside a $ref draft 7 ignores a description.
		all.Properties[r.ID] = &jsonschema.Schema{Description: r.Title, AllOf: []*jsonschema.Schema{s}}
	}
	return map[string]*jsonschema.Schema{"rules": all, "level": level(nothing())}, nil
}

// onlyKnown refuses the ids of rules that are not known.
func onlyKnown(rules []*analyzer.Rule) *jsonschema.Schema {
	ids := &jsonschema.Schema{}
	for _, r := range rules {
		ids.Enum = append(ids.Enum, r.ID)
	}
	slices.SortFunc(ids.Enum, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	key := func(name string, s *jsonschema.Schema) *jsonschema.Schema {
		return &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{name: s}}
	}
	named := &jsonschema.Schema{PropertyNames: ids}
	return &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{
		"rules":     named,
		"overrides": {Items: key("rules", named)},
		"ignore":    {Items: key("rule", ids)},
	}}
}

// nothing is the schema that no value has.
func nothing() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }

// refuseNull takes null out of the types of lists and pointers: a key without
// a value is a fault.
func refuseNull(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
	for _, sub := range s.Properties {
		refuseNull(sub)
	}
	for _, sub := range s.Definitions {
		refuseNull(sub)
	}
	for _, sub := range slices.Concat(s.AnyOf, s.AllOf) {
		refuseNull(sub)
	}
	refuseNull(s.Items)
	refuseNull(s.AdditionalProperties)
}
