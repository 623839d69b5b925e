package manifest

import (
	"encoding/json"
	"reflect"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// thing has the kinds of fields that the types of Kubernetes have.
type thing struct {
	meta  `json:",inline"`
	Spec  *inner            `json:"spec,omitempty"`
	Data  map[string]string `json:"data"`
	Bytes map[string][]byte `json:"bytes"`
	Items []inner           `json:"items"`
	On    *bool             `json:"active"`
	Plain bool              `json:"plain"`
	Port  upper             `json:"port"`
	Ports []*upper          `json:"ports"`
	Any   any               `json:"any"`
	Odd   *odd              `json:"odd"`
}

// odd has fields for which Decode has no way.
type odd struct {
	Quoted int `json:"quoted,string"`
	Plain  int `json:"plain"`
}

type meta struct {
	Kind string `json:"kind"`
}

type inner struct {
	Count int32   `json:"count"`
	Size  int64   `json:"size"`
	Name  string  `json:"name"`
	Rate  float64 `json:"rate"`
	Deep  *inner  `json:"deep"`
}

// upper reads its own JSON.
type upper struct{ Text string }

func (u *upper) UnmarshalJSON(data []byte) error {
	u.Text = "read: " + string(data)
	return nil
}

// TestDecode holds Decode to what encoding/json makes of AppendJSON's text.
func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want bool // whether it is a case for Decode at all
	}{
		{`{kind: Pod, spec: {count: 3, size: -4, name: x}}`, true},
		{`{spec: null, data: null, items: null, active: null, plain: null, port: null}`, true},
		{`{spec: {}, data: {}, items: [], bytes: {}}`, true},
		{`{data: {a: b, c: null, d: "1", e: 'yes', f: 2024-01-01, "": ""}}`, true},
		{`{bytes: {a: aGk=, b: "", c: null}}`, true},
		{`{items: [{count: 0}, null, {deep: {deep: {name: x}}}]}`, true},
		{`{active: true, plain: True}`, true},
		{`{active: yes, plain: Off}`, true},
		{`{port: 80, ports: [http, {a: [1, x]}, null, yes]}`, true},
		{`{spec: &a {name: x}, items: [*a, *a]}`, true},
		{`{spec: {name: "a\u00e9\t<>"}}`, true},
		{`{spec: {name: 1}}`, false},
		{`{spec: {name: on}}`, false},
		{`{spec: {name: [a]}}`, false},
		{`{spec: {count: "1"}}`, false},
		{`{spec: {count: 010}}`, false},
		{`{spec: {count: 1_000}}`, false},
		{`{spec: {count: +1}}`, false},
		{`{spec: {count: 3000000000}}`, false},
		{`{spec: {rate: 1.5}}`, false},
		{`{spec: {unknown: 1}}`, false},
		{`{Kind: Pod}`, false},
		{`{kind: Pod, kind: Job}`, false},
		{`{data: {a: x, a: y}}`, false},
		{`{data: {a: 1}}`, false},
		{`{data: {<<: {a: x}}}`, false},
		{`{spec: {<<: {name: x}}}`, false},
		{`{bytes: {a: "***"}}`, false},
		{`{items: {}}`, false},
		{`{any: 1}`, false},
		{`{odd: {plain: 1}}`, false},
		{`{spec: &a {deep: *a}}`, false},
		{`[]`, false},
	} {
		var y yaml.Node
		if err := yaml.Unmarshal([]byte(tt.text), &y); err != nil {
			t.Fatalf("%s: %v", tt.text, err)
		}
		n := FromYAML(&y)
		var got, want thing
		if ok := Decode(n, &got); ok != tt.want {
			t.Errorf("%s: Decode = %t", tt.text, ok)
		}
		if !tt.want {
			continue
		}
		data, _ := AppendJSON(nil, n)
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %#v\nwant %#v", tt.text, got, want)
		}
	}
}
