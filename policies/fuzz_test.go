package policies

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// FuzzInput looks for manifests whose input does not fit its schema, and for
// values of Secrets in it. What is random stands beside a Secret and in it.
func FuzzInput(f *testing.F) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(string(Schema)))
	if err != nil {
		f.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("input.json", schema); err != nil {
		f.Fatal(err)
	}
	compiled, err := compiler.Compile("input.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(deployment("a"), "stringData: {a: XXCANARYXX}")
	f.Add("apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: a}}\n---\n"+deployment("a"), "data: [XXCANARYXX]\nimmutable: true")
	f.Add("apiVersion: v1\nkind: List\nitems: [{kind: Pod}, {kind: Pod, metadata: 1}]", "x: {y: {z: XXCANARYXX}}\n? [1]\n: XXCANARYXX")
	f.Fuzz(func(t *testing.T, text, more string) {
		if strings.Contains(text, "CANARY") || strings.Contains(more, "kind") || strings.Contains(more, "metadata") || strings.Contains(more, "---") ||
			strings.Contains(more, "apiVersion") || strings.Contains(more, "type") || strings.Contains(more, "immutable: X") {
			t.Skip("outside of a Secret, or where it says what it is")
		}
		in := inputOf(graphOf(tree{"u/a.yaml": text, "u/s.yaml": secret + more}, nil))
		value, err := in.value(nil)
		if err != nil {
			return // too large
		}
		data, err := ast.JSON(value)
		if err != nil {
			t.Fatal(err)
		}
		if err := compiled.Validate(data); err != nil {
			t.Errorf("%v", err)
		}
		all, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(all), ":\"XXCANARYXX") {
			t.Errorf("a value of a Secret: %s", all)
		}
	})
}
