package policies

import (
	"errors"
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
)

// A dialect is a way in which policies are written: kubeknot's own, or that of
// another tool.
type dialect interface {
	// knows reports whether the file or directory at a path is written in it.
	// The path exists. What it cannot read it does not know.
	knows(path string) bool
	// rules returns the rules of all paths that it knows, ready to run. It is
	// not called without any.
	rules(l Loader, paths []string) ([]*analyzer.Rule, error)
}

// dialects are asked in this order whether they know a path. The last one takes
// what the others leave.
var dialects = []dialect{manifests{}, conftest{}, own{}}

// dialectOf returns the place of the dialect that a path is written in.
func dialectOf(path string) int {
	for i, d := range dialects[:len(dialects)-1] {
		if d.knows(path) {
			return i
		}
	}
	return len(dialects) - 1
}

// unique refuses two rules of one id.
func unique(rules []*analyzer.Rule) error {
	var errs []error
	first := map[string]*analyzer.Rule{}
	for _, r := range rules {
		if other := first[r.ID]; other != nil {
			errs = append(errs, fmt.Errorf("%s: %s is the rule %s already", r.Policy, other.Policy, r.ID))
			continue
		}
		first[r.ID] = r
	}
	return errors.Join(errs...)
}
