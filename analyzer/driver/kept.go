package driver

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Kept is what one run leaves in memory for the next of the same process:
// listings and files, read and parsed. Everything is looked at again by its
// stamp, so a run with it says what one without it says. Nil keeps nothing. Runs
// with it follow each other.
type Kept struct {
	mu    sync.Mutex
	dirs  map[string]keptDir  // by absolute path
	files map[string]keptFile // by the path that people are shown
}

type keptDir struct {
	stamp   cache.Stamp
	entries []fs.DirEntry
}

type keptFile struct {
	stamp  cache.Stamp
	text   *source.File
	read   bool           // text holds the content
	parsed *manifest.File // nil if it was not
}

// readDir is os.ReadDir.
func (k *Kept) readDir(dir string) ([]fs.DirEntry, error) {
	if k == nil {
		return os.ReadDir(dir)
	}
	stamp, _ := stampOf(dir) // what cannot be looked at cannot be read
	k.mu.Lock()
	known := k.dirs[dir]
	k.mu.Unlock()
	if stamp.Same(known.stamp) {
		return known.entries, nil
	}
	entries, err := os.ReadDir(dir)
	if err == nil {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.dirs == nil {
			k.dirs = map[string]keptDir{}
		}
		k.dirs[dir] = keptDir{stamp, entries}
	}
	return entries, err
}

// Directories returns the directories that a run with these options lists, those
// above the paths included, and keeps their listings.
func (k *Kept) Directories(o Options) ([]string, error) {
	dir, err := o.directory()
	if err != nil {
		return nil, err
	}
	if _, err := openTrees(dir, o.Paths, k); err != nil {
		return nil, err
	}
	return k.Listed(), nil
}

// Listed returns the directories that runs have listed, ordered.
func (k *Kept) Listed() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Sorted(maps.Keys(k.dirs))
}

// file returns what is kept of a file.
func (k *Kept) file(shown string) keptFile {
	if k == nil {
		return keptFile{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.files[shown]
}

// keep takes over what a run has read.
func (k *Kept) keep(worlds []*world) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.files = map[string]keptFile{}
	for _, w := range worlds {
		for rel, c := range w.contents {
			if c.err == nil {
				k.files[c.file.Path] = keptFile{stamp: c.stamp, text: c.file, read: c.read, parsed: w.files[rel]}
			}
		}
	}
}

// open looks at a file for the first time in a run: one that is as it was is the
// same file, and one of which nothing is known is not read yet.
func (w *world) open(c *content, rel string) {
	c.file = source.NewFile(w.show(rel), rel, nil)
	if w.options.Kept == nil && w.options.Cache == nil {
		return
	}
	c.stamp, c.gone = stampOf(w.abs(rel))
	known := w.options.Kept.file(c.file.Path)
	switch {
	case known.text == nil || known.text.Rel != rel:
	case c.stamp.Same(known.stamp):
		c.file, c.read, c.parsed = known.text, known.read, known.parsed
	case known.read:
		data, err := w.readAsLooked(c, rel)
		switch {
		case err != nil: // said by whoever reads it
		case bytes.Equal(data, known.text.Data):
			c.file, c.read, c.parsed = known.text, true, known.parsed
		default:
			c.file.Data, c.read = data, true
		}
	}
}

// holds reports whether a directory has an entry of a name.
func holds(entries []fs.DirEntry, name string) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name })
}

// stampOf returns the stamp that a file has before it is read. The error says
// that it is not there.
func stampOf(name string) (cache.Stamp, error) {
	info, err := os.Stat(name)
	if err != nil {
		return cache.Stamp{}, err
	}
	return cache.NewStamp(info), nil
}
