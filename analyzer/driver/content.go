package driver

import (
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// content is what a file of the tree holds, once it has been read.
type content struct {
	opened sync.Once
	file   *source.File
	stamp  cache.Stamp    // from before it was read; zero without a cache and Kept, as gone
	gone   error          // why there is no stamp
	parsed *manifest.File // by an earlier run; nil if it was not

	once   sync.Once
	read   bool
	err    error
	failed atomic.Bool // err is not nil
}

// content returns a file that may not have been read yet.
func (w *world) content(rel string) *content {
	w.mu.Lock()
	c := w.contents[rel]
	if c == nil {
		c = &content{}
		w.contents[rel] = c
	}
	w.mu.Unlock()
	c.opened.Do(func() { w.open(c, rel) })
	return c
}

// abs is the absolute path of one inside the tree.
func (w *world) abs(rel string) string { return filepath.Join(w.tree.root, filepath.FromSlash(rel)) }

// source reads a file of the tree at most once.
func (w *world) source(rel string) (*source.File, error) {
	c := w.content(rel)
	c.once.Do(func() {
		if !c.read {
			defer w.options.Stats.working("read")()
			c.file.Data, c.err = w.readAsLooked(c, rel)
			c.read = c.err == nil
			c.failed.Store(!c.read)
		}
	})
	return c.file, c.err
}

// readAsLooked reads a file, unless it is no longer what it was when the run first
// looked at it: something may have been recalled of that.
func (w *world) readAsLooked(c *content, rel string) ([]byte, error) {
	data, stamp, err := readFile(w.abs(rel))
	if err == nil && c.stamp != (cache.Stamp{}) && c.stamp != stamp {
		return nil, errChanged
	}
	if err == nil {
		err = w.options.intake.take(len(data))
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}
