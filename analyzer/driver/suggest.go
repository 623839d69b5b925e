package driver

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/agnivade/levenshtein"
)

// suggestPath names the entry that a mistyped path may have meant:
// "; did you mean x?", or nothing.
func suggestPath(dir, name string) string {
	parent := filepath.Dir(name)
	from := parent
	if !filepath.IsAbs(from) {
		from = filepath.Join(dir, parent)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return ""
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if best := Closest(filepath.Base(name), names); best != "" {
		return fmt.Sprintf("; did you mean %s?", filepath.ToSlash(filepath.Join(parent, best)))
	}
	return ""
}

// Closest returns the candidate that a mistyped name may have meant, "" if
// none is close: at most a third of its letters may differ, and never more
// than three.
func Closest(name string, candidates []string) string {
	best, limit := "", min(3, max(1, len(name)/3))+1
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(name, c); d < limit {
			best, limit = c, d
		}
	}
	return best
}
