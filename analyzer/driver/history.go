package driver

import (
	"sync"

	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// History holds what each directory of a repository defined at a revision. The
// zero value is empty, and nil means that no revision is known.
type History struct {
	mu          sync.Mutex
	directories map[string]unit.Earlier
}

// record adds the objects of a unit; several units may share a directory.
func (h *History) record(dir string, u *unit.Unit) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.directories == nil {
		h.directories = map[string]unit.Earlier{}
	}
	if h.directories[dir] == nil {
		h.directories[dir] = unit.Earlier{}
	}
	h.directories[dir].Add(u)
}

// of returns what a directory defined, nil if that is not known.
func (h *History) of(dir string) unit.Earlier {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.directories[dir]
}
