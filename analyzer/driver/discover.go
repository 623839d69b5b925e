package driver

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// tree is one directory tree that the arguments lie in.
type tree struct {
	root string // absolute
	// files are the manifest files by their path inside the tree, in the order
	// of a lexical walk, which is the order in which kubectl applies them.
	files  []string
	charts []string
	notes  []analyzer.NotJudged // what could not be looked at; File is inside the tree
	// args are the arguments inside this tree: files or directories.
	args []string
}

// extensions are those that kubectl recognises in a directory
// (k8s.io/cli-runtime/pkg/resource FileExtensions).
var extensions = []string{".json", ".yaml", ".yml"}

// skippedDirs hold no manifests of the tree's own.
var skippedDirs = []string{".git", "node_modules"}

// maxClimb bounds how far up a root is looked for outside a git repository.
const maxClimb = 8

// findRoot returns the directory whose resources may matter to a path: the git
// root; outside of git the outermost directory above that holds manifests of
// its own, so that one file and its whole tree are judged alike.
func findRoot(dir string) string {
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(filepath.Join(d, ".git")); err == nil {
			return d
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	root, home := dir, homeDir()
	d := dir
	for range maxClimb {
		d = filepath.Dir(d)
		if d == filepath.Dir(d) || d == home || d == filepath.Clean(os.TempDir()) {
			break
		}
		if holdsManifests(d) {
			root = d
		}
	}
	return root
}

func homeDir() string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Clean(home)
}

// holdsManifests reports whether a file of the directory itself looks like a
// Kubernetes manifest.
func holdsManifests(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		if !e.Type().IsRegular() || !slices.Contains(extensions, filepath.Ext(e.Name())) {
			return false
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		return err == nil && bytes.Contains(data, []byte("apiVersion")) && bytes.Contains(data, []byte("kind"))
	})
}

// walk lists the manifest files of the tree by name; nothing is read yet.
func (t *tree) walk() error {
	return filepath.WalkDir(t.root, func(p string, e fs.DirEntry, err error) error {
		rel := t.rel(p)
		switch {
		case errors.Is(err, fs.ErrNotExist): // gone since it was listed
			return nil
		case err != nil:
			t.note(rel, "not readable: "+reason(err))
			return nil
		case e.IsDir() && slices.Contains(skippedDirs, e.Name()) && rel != ".":
			return fs.SkipDir
		case e.IsDir():
			return nil
		case e.Name() == "Chart.yaml":
			t.charts = append(t.charts, t.rel(filepath.Dir(p)))
			return nil
		case !slices.Contains(extensions, filepath.Ext(e.Name())) && !unit.IsKustomizationFile(rel):
			if e.Type()&fs.ModeSymlink != 0 && isDir(p) {
				t.note(rel, "symbolic link, not followed")
			}
			return nil
		case e.Type()&fs.ModeSymlink != 0:
			t.note(rel, "symbolic link, not followed")
			return nil
		case !e.Type().IsRegular():
			t.note(rel, "not a regular file")
			return nil
		}
		t.files = append(t.files, rel)
		return nil
	})
}

func isDir(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}

// reason shortens an error of the file system to what the path does not say.
func reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

func (t *tree) note(rel, reason string) {
	t.notes = append(t.notes, analyzer.NotJudged{File: rel, Reason: reason})
}

// rel returns the slash-separated path inside the tree.
func (t *tree) rel(p string) string {
	r, err := filepath.Rel(t.root, p)
	if err != nil {
		return filepath.ToSlash(p)
	}
	return filepath.ToSlash(r)
}

// named reports whether an argument names the path or a directory above it.
func (t *tree) named(rel string) bool {
	return slices.ContainsFunc(t.args, func(arg string) bool {
		return arg == "." || arg == rel || strings.HasPrefix(rel, arg+"/")
	})
}
