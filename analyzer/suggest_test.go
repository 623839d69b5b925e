package analyzer_test

import (
	"testing"

	"github.com/kubeknot/kubeknot/analyzer"
)

func TestClosest(t *testing.T) {
	t.Parallel()
	words := []string{"bare-pod", "selectors-overlap", "lint"}
	for name, want := range map[string]string{
		"bare-pd": "bare-pod", "selectors-overalp": "selectors-overlap", "lnt": "lint", "": "", "x": "", "li": "", "bare-replicaset": "",
	} {
		if got := analyzer.Closest(name, words); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}
