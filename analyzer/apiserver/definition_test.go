package apiserver

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func definition(rest string) Object {
	return Object{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", JSON: fmt.Appendf(nil, `{
		"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"backups.example.com"},
		"spec":{"group":"example.com","scope":"Namespaced","names":{"kind":"Backup","plural":"backups"},
		"versions":[{"name":"v1","served":true,"storage":true,%s}]}}`, rest)}
}

const backup = `"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","required":["spec"],"properties":{
	"spec":{"type":"object","required":["schedule"],"properties":{
		"schedule":{"type":"string"},"keep":{"type":"integer","default":7},
		"limits":{"type":"object","additionalProperties":{"type":"object","properties":{"max":{"type":"integer"}}}},
		"pod":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},
		"list":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}},
	"status":{"type":"object","required":["phase"],"properties":{"phase":{"type":"string"}}}}}}`

func TestDefinition(t *testing.T) {
	t.Parallel()
	accepted := Create(definition(backup))
	if accepted.Defines == nil || !cmp.Equal(accepted.Defines.Versions, []string{"v1"}) {
		t.Fatalf("it defines %v: %v", accepted.Defines, describe(accepted))
	}
	tests := []struct {
		name   string
		object Object
		want   []string
	}{
		{"accepted", object("example.com/v1", "Backup", `"spec":{"schedule":"a","keep":null,"limits":{"a.b/c":{"max":1}}}`), nil},
		{"the status is the server's", object("example.com/v1", "Backup", `"spec":{"schedule":"a"},"status":{}`), nil},
		{"but its fields are read", object("example.com/v1", "Backup", `"spec":{"schedule":"a"},"status":{"x":1}`),
			[]string{`unknown-field status/x: unknown field "status.x"`}},
		{"misspelt fields are judged as if they were not", object("example.com/v1", "Backup", `"spec":{"schedul":"a","kepe":"7"}`),
			[]string{
				`unknown-field spec/kepe: unknown field "spec.kepe" near keep`,
				`unknown-field spec/schedul: unknown field "spec.schedul" near schedule`,
				"wrong-type spec/kepe: must be an integer, not a string",
			}},
		{"a field above its place", object("example.com/v1", "Backup", `"schedule":"a"`),
			[]string{`unknown-field schedule: unknown field "schedule" home spec/schedule`}},
		{"keys with dots", object("example.com/v1", "Backup", `"spec":{"schedule":"a","limits":{"a.b/c":{"max":"1","least":1}}}`),
			[]string{
				`unknown-field spec/limits/a.b/c/least: unknown field "spec.limits.a.b/c.least"`,
				"wrong-type spec/limits/a.b/c/max: must be an integer, not a string",
			}},
		{"metadata", object("example.com/v1", "Backup", `"spec":{"schedule":"a"},"metadata":{"name":"x","labels":{"a":1},"lables":{}}`),
			[]string{
				"wrong-type metadata/labels/a: must be a string, not a number",
				`unknown-field metadata/lables: unknown field "metadata.lables" near labels`,
			}},
		{"metadata that is embedded", object("example.com/v1", "Backup", `"spec":{"schedule":"a","pod":{"apiVersion":"v1","kind":"Pod","metadata":{"nam":"x"},"any":1}}`),
			[]string{`unknown-field spec/pod/metadata/nam: unknown field "spec.pod.metadata.nam"`}},
		{"sets", object("example.com/v1", "Backup", `"spec":{"schedule":"a","list":["x","x"]}`),
			[]string{`invalid spec/list/1: Duplicate value: "x"`}},
		{"names", object("example.com/v1", "Backup", `"spec":{"schedule":"a"},"metadata":{"name":"A_b"}`),
			[]string{`invalid metadata/name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`}},
		{"a version that is not there", object("example.com/v2", "Backup", `"spec":{}`),
			[]string{"not-served apiVersion: it serves v1, not v2"}},
		{"nothing", Object{APIVersion: "example.com/v1", Kind: "Backup", JSON: []byte(`{}`)},
			[]string{
				"required metadata/name: Required value: name or generateName is required",
				"required spec: Required value",
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, describe(accepted.Defines.Create(tt.object))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCreateDefinition(t *testing.T) {
	t.Parallel()
	schema := func(s string) Object { return definition(`"schema":{"openAPIV3Schema":` + s + `}`) }
	tests := []struct {
		name   string
		object Object
		want   []string
	}{
		{"what all versions share is written in the first", schema(`{"type":"object","properties":{"a":{"type":"x"}}}`),
			[]string{`invalid spec/versions/0/schema/openAPIV3Schema/properties/a/type: Unsupported value: "x": supported values: "array", "boolean", "integer", "number", "object", "string"`}},
		{"a key of a schema is no field astray", schema(`{"type":"object","spec":{"type":"object"}}`),
			[]string{`unknown-field spec/versions/0/schema/openAPIV3Schema/spec: unknown field "spec.versions[0].schema.openAPIV3Schema.spec"`}},
		{"a format that is not checked", schema(`{"type":"object","properties":{"a":{"type":"string","format":"date"},"b":{"type":"string","format":"cron"}}}`),
			[]string{`warning spec/versions/0/schema/openAPIV3Schema/properties/b/format: unrecognized format "cron"`}},
		{"a rule that cannot be compiled", schema(`{"type":"object","x-kubernetes-validations":[{"rule":"self.a >"}],"properties":{"a":{"type":"integer"}}}`),
			[]string{"invalid spec/versions/0/schema/openAPIV3Schema/x-kubernetes-validations/0/rule: "}},
		{"no storage version", Object{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", JSON: []byte(`{"metadata":{"name":"a.b"},"spec":{"group":"b","scope":"Cluster","names":{"kind":"A","plural":"a"},"versions":[]}}`)},
			[]string{
				"invalid spec/group: Invalid value: \"b\": should be a domain with at least one dot",
				"invalid spec/versions: Invalid value: []: must have exactly one version marked as storage version",
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := Create(tt.object)
			for i := range v.Refusals {
				if len(v.Refusals[i].Message) > 200 { // the compiler's own words
					v.Refusals[i].Message = ""
				}
			}
			if diff := cmp.Diff(tt.want, describe(v)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if defines := v.Defines != nil; defines != (len(v.Refusals) == 0) {
				t.Errorf("it defines a kind: %v", defines)
			}
		})
	}
}

// FuzzDefinition looks for panics in what is asked of custom resources of any
// shape.
func FuzzDefinition(f *testing.F) {
	accepted := Create(definition(backup))
	f.Add(`{"metadata":{"name":"x"},"schedule":"a","spec":null}`)
	f.Add(`{"spec":{"schedul":{"":[]},"limits":{"a.b":{"max":[]},"":{"":1}},"list":{}},"":1}`)
	f.Add(`{"metadata":[],"spec":{"pod":{"metadata":1}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		accepted.Defines.Create(Object{APIVersion: "example.com/v1", Kind: "Backup", JSON: []byte(text)})
	})
}
