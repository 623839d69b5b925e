package policies

import "testing"

func TestWildcard(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern      wildcard
		name         string
		whole, start bool
	}{
		{"web", "web", true, false},
		{"web", "web-1", false, false},
		{"web-*", "web-", true, true},
		{"*-web", "my-web", true, false},
		{"*-web", "my-web-1", false, false},
		{"*web*", "my-web-1", true, true},
		{"web-*", "", false, false},
	} {
		if got := c.pattern.matches(c.name); got != c.whole {
			t.Errorf("%s matches %q: %t", c.pattern, c.name, got)
		}
		if got := c.pattern.matchesStart(c.name); got != c.start {
			t.Errorf("%s matches every name from %q on: %t", c.pattern, c.name, got)
		}
	}
}
