package apiserver

import (
	"slices"
	"testing"
)

// TestResourcesFitTheStrategies compares the discovery documents with the kinds
// whose strategies are linked in: plural and scope must be the same.
func TestResourcesFitTheStrategies(t *testing.T) {
	t.Parallel()
	for gk, e := range entries {
		i := slices.IndexFunc(Resources(), func(r Resource) bool { return r.Group == gk.Group && r.Plural == e.resource })
		switch {
		case i < 0:
			t.Errorf("%s: no resource %q, run \"go generate ./analyzer/apiserver\"", gk, e.resource)
		case Resources()[i].Namespaced != e.strategy.NamespaceScoped():
			t.Errorf("%s: Namespaced is %v", gk, Resources()[i].Namespaced)
		}
	}
}

func TestHadResource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		group, plural string
		want          bool
	}{
		{"apps", "deployments", true},
		{"extensions", "deployments", true},
		{"extensions", "ingresses", true},
		{"policy", "podsecuritypolicies", true},
		{"", "deployments", false},
		{"apps", "deployment", false},
		{"batch", "deployments", false},
	} {
		if got := HadResource(c.group, c.plural); got != c.want {
			t.Errorf("HadResource(%q, %q) = %v", c.group, c.plural, got)
		}
	}
	if !HadGroup("extensions") || HadGroup("networking") {
		t.Error("extensions was a group, networking never")
	}
}
