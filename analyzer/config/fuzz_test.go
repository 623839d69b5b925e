package config

import (
	"errors"
	"os"
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
)

// FuzzLoad looks for text that makes loading panic, and for configurations
// that load and cannot be asked.
func FuzzLoad(f *testing.F) {
	f.Add(Template)
	guide, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(guide)
	for _, text := range []string{
		"rules: {a-b: {severity: off, options: {n: 1}}}\nexclude: ['[']", "a: &a [*a]\nexclude: *a", "<<: {fail-on: info}", "- 1", "? [a]\n: b",
		"extends: x", "units: [{name: a, files: [b], nodes: [{name: c}]}]\n---\n{}", "nodes: [{name: &x {<<: *x}}]", "rules: !!set {a}", "\xff\xfe",
	} {
		f.Add([]byte(text))
	}
	rules := []*analyzer.Rule{{ID: "a-b", Options: struct {
		N int `json:"n,omitempty"`
	}{}}}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			t.Skip("long texts take long and find nothing more")
		}
		l := &loader{dir: "/", read: func(string) ([]byte, error) { return data, nil }, exists: func(string) error { return nil }}
		c, err := l.load("/kubeknot.yaml", func([]Path) ([]*analyzer.Rule, error) { return rules, nil })
		if err != nil {
			if faults, ok := errors.AsType[Faults](err); !ok || len(faults) == 0 || err.Error() == "" {
				t.Errorf("%v is no list of faults", err)
			}
			return
		}
		target := Target{Path: "/a/b.yaml", Kind: "Pod", Namespace: "n", Name: "x"}
		c.Setting("a-b", target)
		c.Excluded(target.Path, "/a")
		c.Entries()
	})
}
