package policies

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
)

// violations returns how a JSON text differs from the schema of the input, as
// OPA's own validator says it.
func violations(t *testing.T, document string) string {
	t.Helper()
	results, err := rego.New(
		rego.Query("json.match_schema(input.document, input.schema)"),
		rego.Input(map[string]any{"document": document, "schema": string(Schema)}),
	).Eval(context.Background())
	if err != nil || len(results) == 0 {
		t.Fatal(results, err)
	}
	answer := results[0].Expressions[0].Value.([]any)
	if answer[0] == true {
		return ""
	}
	return fmt.Sprint(answer[1])
}

// Each of these would take the process down, or go on for ever.
func TestHostilePolicies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ body, want string }{
		"endless comprehension": {
			"findings contains f if {\n\tr := numbers.range(1, 100000)\n\tx := count([1 | some a in r; some b in r; a * b < 0])\n\tf := {\"x\": x}\n}\n",
			"some-rule.rego: it did not come to an end within 1s",
		},
		"huge array": {
			"findings contains f if {\n\tr := numbers.range(1, 100000)\n\tx := [[a, b] | some a in r; some b in r]\n\tf := {\"x\": x}\n}\n",
			"some-rule.rego: it takes more than 64 MiB of memory",
		},
		"huge output": {
			"findings contains f if {\n\tsome i in numbers.range(1, 100000000)\n\tf := {\"resource\": 0, \"msg\": sprintf(\"%0100d\", [i])}\n}\n",
			"some-rule.rego: it takes more than 64 MiB of memory",
		},
		"many findings": {
			"findings contains f if {\n\tsome i in numbers.range(0, 100000)\n\tf := {\"resource\": i}\n}\n",
			"some-rule.rego: it yields 100001 findings for one unit, more than 100000",
		},
		"long text": {
			"findings contains f if {\n\tx := concat(\"\", [\"0123456789\" | some i in numbers.range(1, 10000)])\n\tf := {\"resource\": 0, \"msg\": x}\n}\n",
			`some-rule.rego: a finding: "msg": a text of 100000 bytes, more than 65536`,
		},
		"error of a built-in function": {
			"findings contains f if f := to_number(input.unit.name)\n",
			"some-rule.rego:13: eval_builtin_error: to_number",
		},
	} {
		t.Run(name, func(t *testing.T) {
			limit := limits{time: time.Second, memory: 1 << 40}
			switch {
			case strings.Contains(test.want, "yields"):
				limit.time = time.Minute
			case strings.Contains(test.want, "memory"):
				limit = limits{time: time.Minute, memory: 64 << 20}
			}
			rules, err := Loader{limits: limit}.load(fstest.MapFS{"some-rule.rego": {Data: []byte(header + test.body)}})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			findings, err := run(rules[0], graphOf(tree{"u/a.yaml": deployment("a")}, nil))
			if err == nil || !strings.Contains(err.Error(), test.want) || len(findings) > 0 {
				t.Errorf("%d findings, %v\nwant %s", len(findings), err, test.want)
			}
			if took := time.Since(start); took > limit.time+10*time.Second {
				t.Errorf("it went on for %s", took)
			}
		})
	}
}
