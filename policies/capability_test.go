package policies

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestDeniedFunctionsDoNotLoad(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]string{
		"http.send":          `http.send({"method": "get", "url": "http://x"})`,
		"net.lookup_ip_addr": `net.lookup_ip_addr("x")`,
		"opa.runtime":        `opa.runtime()`,
		"time.now_ns":        `time.now_ns()`,
		"rand.intn":          `rand.intn("x", 2)`,
		"uuid.rfc4122":       `uuid.rfc4122("x")`,
	} {
		_, err := policyOf(fmt.Sprintf("findings contains f if f := %s\n", call))
		want := fmt.Sprintf("some-rule.rego:13:29: a policy may not call %s: %s", name, denied[name])
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// A mock does not call the function, but there is nothing to replace either.
func TestDeniedFunctionsCannotBeReplaced(t *testing.T) {
	t.Parallel()
	_, err := policyOf("findings contains f if f := 1 with http.send as 1\n")
	if err == nil || !strings.Contains(err.Error(), "some-rule.rego:13") {
		t.Errorf("got %v", err)
	}
}

func TestDeniedNamesExist(t *testing.T) {
	t.Parallel()
	for name, reason := range denied {
		if ast.BuiltinMap[name] == nil {
			t.Errorf("OPA has no %s", name)
		}
		if reason == "" {
			t.Errorf("no reason for %s", name)
		}
	}
}

func TestWhatIsNotDeterministicIsDenied(t *testing.T) {
	t.Parallel()
	for _, b := range ast.Builtins {
		if _, ok := denied[b.Name]; b.Nondeterministic && !ok {
			t.Errorf("%s needs a reason among the denied", b.Name)
		}
	}
	for _, b := range capabilities().Builtins {
		if _, ok := denied[b.Name]; ok || b.Nondeterministic {
			t.Errorf("%s is offered", b.Name)
		}
	}
}
