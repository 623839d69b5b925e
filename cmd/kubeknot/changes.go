package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	watch   func(dir string) error
	watched map[string]bool // directories
	listed  map[string]bool // those that runs list; of others the settings alone count
	files   map[string]bool // of the settings
	roots   []string        // files and directories that policies are read from
	written []string        // files that runs write
	printed []fs.FileInfo   // files that what is printed goes to
	woken   bool            // something has changed since the start
}

// newChanges is told what runs write and print to, which is no change.
func newChanges(written outputs, printed ...io.Writer) (*changes, error) {
	c := &changes{listed: map[string]bool{}, files: map[string]bool{}}
	if err := c.open(); err != nil {
		return nil, err
	}
	for _, o := range written {
		if o.file != "" {
			c.written = append(c.written, absolute(o.file))
		}
	}
	for _, w := range printed {
		if f, ok := w.(*os.File); ok {
			if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
				c.printed = append(c.printed, info)
			}
		}
	}
	return c, nil
}

// open starts to watch, nothing at first.
func (c *changes) open() error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return &watchError{"", err}
	}
	c.watcher, c.watch, c.watched = w, w.Add, map[string]bool{}
	return nil
}

func (c *changes) close() { c.watcher.Close() }

// reopen forgets what is watched: when events are lost, of a directory that went
// and came back nobody has said that it has to be watched anew.
func (c *changes) reopen() error {
	c.close()
	c.woken = true
	return c.open()
}

func (c *changes) count() int { return len(c.watched) }

// watchError is why a directory, or "" for all, cannot be watched.
type watchError struct {
	dir   string
	cause error
}

func (e *watchError) Unwrap() error { return e.cause }

// Error says what to do about it, where that is known.
func (e *watchError) Error() string {
	switch {
	case errors.Is(e.cause, syscall.ENOSPC), errors.Is(e.cause, syscall.EMFILE):
		return "--watch: the system lets this user watch no more directories: raise fs.inotify.max_user_watches and max_user_instances, or the limit of open files, or name a smaller repository"
	case e.dir == "":
		return fmt.Sprintf("--watch: %v", e.cause)
	}
	return fmt.Sprintf("--watch: %s: %v", e.dir, e.cause)
}

// add watches directories. It reports whether there is one that was not.
func (c *changes) add(dirs []string) (more bool, err error) {
	for _, dir := range dirs {
		if c.watched[dir] {
			continue
		}
		err := c.watch(dir)
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
			return false, &watchError{"", err}
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
	if len(c.printed) > 0 {
		info, err := os.Stat(e.Name)
		if err == nil && slices.ContainsFunc(c.printed, func(p fs.FileInfo) bool { return os.SameFile(p, info) }) {
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
