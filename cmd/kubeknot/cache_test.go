package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// TestPoliciesThatChangeWhileTheyAreRead: what the earlier ones say must not be
// remembered as said by the later ones.
func TestPoliciesThatChangeWhileTheyAreRead(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a-rule.rego")
	write := func(message string) {
		if err := os.WriteFile(name, []byte(policyText("a_rule", message)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	_, f := lintCommand()
	var told strings.Builder
	f.policies, f.stderr, f.verbose = []string{name}, &told, true
	read := func() *driver.Options {
		o, err := f.options()
		if err != nil {
			t.Fatal(err)
		}
		return &o
	}
	o := read()
	if f.remember(o); o.Cache == nil {
		t.Fatalf("no cache: %s", &told)
	}
	o = read()
	write("second")
	if f.remember(o); o.Cache != nil || !strings.Contains(told.String(), "policies have changed") {
		t.Errorf("with a cache; told %q", told.String())
	}
}
