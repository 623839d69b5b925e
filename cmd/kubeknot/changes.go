package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/kubeknot/kubeknot/analyzer/config"
	"github.com/kubeknot/kubeknot/analyzer/driver"
	"github.com/kubeknot/kubeknot/analyzer/suppress"
	"github.com/kubeknot/kubeknot/policies"
)

// An editor makes, renames and removes several files for one save, and git
// changes many: a change counts once nothing has happened for calm, or after
// haste.
const (
	calm  = 20 * time.Millisecond
	haste = 300 * time.Millisecond
)

// changes says when something has changed that a run may depend on. Directories
// are watched, not files, so files that an editor replaces are seen.
type changes struct {
	watcher *fsnotify.Watcher
	watched map[string]bool // directories
	listed  map[string]bool // those that runs list; of others the settings alone count
	files   map[string]bool // of the settings
	roots   []string        // files and directories that policies are read from
	written []string        // files that runs write
	woken   bool            // something has changed since the start
}

func newChanges(written outputs) (*changes, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, &watchError{"", err}
	}
	c := &changes{watcher: w, watched: map[string]bool{}, listed: map[string]bool{}, files: map[string]bool{}}
	for _, o := range written {
		if o.file != "" {
			c.written = append(c.written, absolute(o.file))
		}
	}
	return c, nil
}

func (c *changes) close() { c.watcher.Close() }

func (c *changes) count() int { return len(c.watched) }

// watchError is why a directory cannot be watched.
type watchError struct {
	dir   string
	cause error
}

// Error says what to do about it, where that is known.
func (e *watchError) Error() string {
	switch {
	case errors.Is(e.cause, syscall.ENOSPC), errors.Is(e.cause, syscall.EMFILE):
		return "--watch: the system lets this user watch no more directories: raise fs.inotify.max_user_watches and max_user_instances, or the limit of open files, or name a smaller repository"
	}
	return fmt.Sprintf("--watch: %s: %v", e.dir, e.cause)
}

// add watches directories. It reports whether there is one that was not.
func (c *changes) add(dirs []string) (more bool, err error) {
	for _, dir := range dirs {
		if c.watched[dir] {
			continue
		}
		err := c.watcher.Add(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR): // nothing is read there either
			continue
		case err != nil:
			return more, &watchError{dir, err}
		}
		c.watched[dir] = true
		more = true
	}
	return more, nil
}

// trees watches the directories that runs list.
func (c *changes) trees(dirs []string) (more bool, err error) {
	for _, dir := range dirs {
		c.listed[dir] = true
	}
	return c.add(dirs)
}

// settings watches what the options were made of, with the places where a file
// would be one of the settings.
func (c *changes) settings(f *lintFlags, o *driver.Options) (more bool, err error) {
	c.files, c.roots = map[string]bool{}, nil
	dir, err := workingDirectory()
	if err != nil {
		return false, err
	}
	names := []string{f.config, o.Nodes}
	names = append(append(names, o.Values...), o.Policies...)
	for _, file := range o.Config.Files() {
		names = append(names, file.Path)
	}
	if f.baseline != noBaseline {
		names = append(names, f.baseline)
	}
	start, err := directory(o.Paths[0])
	if err != nil {
		return false, err
	}
	for _, from := range []string{dir, start} {
		for d := from; ; d = filepath.Dir(d) {
			for _, name := range append(slices.Clone(config.Names), suppress.BaselineName, ".git") {
				names = append(names, filepath.Join(d, name))
			}
			if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil || d == filepath.Dir(d) {
				break
			}
		}
	}
	var dirs []string
	for _, name := range names {
		if name != "" {
			c.files[absolute(name)] = true
			dirs = append(dirs, filepath.Dir(absolute(name)))
		}
	}
	inputs, err := policies.Inputs(f.policies...)
	if err != nil {
		return false, err
	}
	for _, name := range inputs {
		root := absolute(name)
		c.roots = append(c.roots, root)
		dirs = append(dirs, filepath.Dir(root))
		err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				dirs = append(dirs, p)
			}
			return nil // what cannot be read the policies say
		})
		if err != nil {
			return false, err
		}
	}
	return c.add(dirs)
}

// wait returns when a change has come to rest, and whether it is one of the
// settings, or when the context is done.
func (c *changes) wait(ctx context.Context) (settings bool, err error) {
	var rest, limit <-chan time.Time
	for {
		counts := false
		select {
		case <-ctx.Done():
			return false, nil
		case <-rest:
			c.woken = true
			return settings, nil
		case <-limit:
			c.woken = true
			return settings, nil
		case err := <-c.watcher.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return false, &watchError{"", err}
			}
			counts, settings = true, true // anything may have changed
		case e := <-c.watcher.Events:
			var setting bool
			counts, setting = c.counts(e)
			settings = settings || setting
		}
		if counts {
			rest = time.After(calm)
			if limit == nil {
				limit = time.After(haste)
			}
		}
	}
}

// counts reports whether a run may depend on what has happened, and whether it
// is one of the settings.
func (c *changes) counts(e fsnotify.Event) (counts, setting bool) {
	if c.watched[e.Name] && e.Has(fsnotify.Remove|fsnotify.Rename) {
		c.forget(e.Name)
	}
	base := filepath.Base(e.Name)
	for _, file := range c.written {
		if e.Name == file || filepath.Dir(e.Name) == filepath.Dir(file) && strings.HasPrefix(base, "."+filepath.Base(file)+".") {
			return false, false
		}
	}
	setting = c.files[e.Name] || slices.ContainsFunc(c.roots, func(root string) bool {
		return e.Name == root || strings.HasPrefix(e.Name, root+string(filepath.Separator))
	})
	return setting || c.listed[filepath.Dir(e.Name)] && !isScratch(base), setting
}

// forget is for a directory that is gone: if one of its name comes back it has
// to be watched anew.
func (c *changes) forget(dir string) {
	for other := range c.watched {
		if other == dir || strings.HasPrefix(other, dir+string(filepath.Separator)) {
			_ = c.watcher.Remove(other) // which may have happened by itself
			delete(c.watched, other)
		}
	}
}

// isScratch reports whether a name is one that editors give to files that they
// keep beside the edited one: nothing is read from those.
func isScratch(name string) bool {
	return strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".swp") || strings.HasSuffix(name, ".swx") || strings.HasPrefix(name, ".#") || name == "4913"
}

// absolute returns a path with the links of its directory followed, as watched
// directories are named.
func absolute(name string) string {
	abs, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(dir, filepath.Base(abs))
	}
	return abs
}
