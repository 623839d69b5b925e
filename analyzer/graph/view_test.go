package graph

import "testing"

// TestViewsAskForViews: a view may be made of another one, and each is made once.
func TestViewsAskForViews(t *testing.T) {
	t.Parallel()
	type inner struct{}
	type outer struct{}
	g, made := &Graph{}, 0
	ask := func() int {
		return g.View(outer{}, func() any {
			made++
			return 2 * g.View(inner{}, func() any { made++; return 21 }).(int)
		}).(int)
	}
	if got := ask() + ask(); got != 84 || made != 2 {
		t.Errorf("two views came to %d, made by %d calls", got, made)
	}
}
