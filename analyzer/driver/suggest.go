package driver

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// suggestPath names the path that a mistyped one may have meant: "; did you
// mean x?", or nothing. One of its names may be wrong, whichever it is.
func suggestPath(dir, name string) string {
	parent, base, rest := filepath.Dir(name), filepath.Base(name), ""
	for {
		from := parent
		if !filepath.IsAbs(from) {
			from = filepath.Join(dir, parent)
		}
		if entries, err := os.ReadDir(from); err == nil {
			best := filepath.Join(nearmiss.Closest(base, otherNames(entries, base)), rest)
			if _, err := os.Stat(filepath.Join(from, best)); best == rest || err != nil {
				return ""
			}
			return fmt.Sprintf("; did you mean %s?", filepath.ToSlash(filepath.Join(parent, best)))
		}
		if parent == filepath.Dir(parent) {
			return ""
		}
		parent, base, rest = filepath.Dir(parent), filepath.Base(parent), filepath.Join(base, rest)
	}
}

// otherNames returns the names but one: a link that leads nowhere is there.
func otherNames(entries []os.DirEntry, name string) []string {
	var names []string
	for _, e := range entries {
		if e.Name() != name {
			names = append(names, e.Name())
		}
	}
	return names
}
