package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrOutside says that a path, once its links are followed, is not inside the
// directory that bounds it.
var ErrOutside = errors.New("outside of the repository, where nothing is read")

// IsRepository reports whether a directory is the root of a git repository.
func IsRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// Repository returns the root of the git repository that holds a directory,
// which is absolute; the directory itself if no repository does.
func Repository(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		if IsRepository(d) {
			return d
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
}

// Inside returns an error that wraps ErrOutside if a path leads out of root. Both
// are absolute. A path that does not exist is judged by its name, and the error
// says that it does not exist. An empty root bounds nothing.
func Inside(root, path string) error {
	if root == "" {
		return nil
	}
	within := func(base, path string) bool {
		rel, err := filepath.Rel(base, path)
		return err == nil && filepath.IsLocal(rel)
	}
	outside := &fs.PathError{Op: "open", Path: path, Err: ErrOutside}
	realRoot, err := filepath.EvalSymlinks(root)
	if err != nil {
		return err
	}
	if !within(root, path) && !within(realRoot, path) {
		return outside // whether it exists is not said either
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	if !within(realRoot, real) {
		return outside
	}
	return nil
}

// LinksInside returns an error if a path, or a symbolic link at any depth below
// it, leads out of root, as Inside does for one path. Links to directories are
// not walked into.
func LinksInside(root, path string) error {
	if err := Inside(root, path); err != nil {
		return err
	}
	return filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.Type()&fs.ModeSymlink == 0 {
			return err
		}
		if err := Inside(root, name); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil // a link to nothing is the reader's to report
	})
}
