package driver

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// tree is one directory tree that the arguments lie in.
type tree struct {
	root string // absolute
	// args are the arguments by their paths inside the tree; true for
	// directories.
	args map[string]bool
	// files are the manifest files by their path inside the tree, in the order
	// of a lexical walk, which is the order in which kubectl applies them.
	files  []string
	texts  []string // Markdown files, in the same order
	charts []string
	// bounds are the directories that contexts end at, besides the root; see
	// findRoots.
	bounds []string
	// goTests are the directories with tests in Go, but not those below whose
	// testdata an argument lies.
	goTests []string
	// vendored are the directories with the copies of "go mod vendor", but not
	// those that an argument lies in.
	vendored []string
	notes    []analyzer.NotJudged // what could not be looked at; File is inside the tree
	// repositories are git repositories inside the tree, absolute. Each is a
	// tree of its own, as if it had been named alone.
	repositories []string
	kept         *Kept
}

// extensions are those that kubectl recognises in a directory
// (k8s.io/cli-runtime/pkg/resource FileExtensions).
var extensions = []string{".json", ".yaml", ".yml"}

// skippedDirs hold no manifests of the tree's own.
var skippedDirs = []string{".git", "node_modules"}

// maxClimb bounds how far up from an argument a root lies outside a git repository.
const maxClimb = 8

// finder finds the roots of paths.
type finder struct {
	dir    string   // the working directory
	limits []string // directories that are a root only if they are named, and so is what is above
}

// newFinder returns a finder for the working directory dir.
func newFinder(dir string) *finder {
	f := &finder{dir: dir}
	limits := []string{os.TempDir()}
	if home, err := os.UserHomeDir(); err == nil {
		limits = append(limits, home)
	}
	for _, dir := range limits { // paths are compared with their links followed
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			f.limits = append(f.limits, real)
		}
	}
	return f
}

// root returns the directory whose resources may matter to those of dir: the git
// root; outside of git the working directory if it holds dir, so that from one
// place a file and "." are judged alike, and else dir itself.
func (f *finder) root(dir string) (root string, git bool) {
	for d := dir; ; d = filepath.Dir(d) {
		if isRepository(d) {
			return d, true
		}
		if d == filepath.Dir(d) {
			break
		}
	}
	if f.mayClimb(dir, f.dir) {
		return f.dir, false
	}
	return dir, false
}

// mayClimb reports whether a root above dir may be the directory up: it is not too
// far up, and neither a limit nor above one.
func (f *finder) mayClimb(dir, up string) bool {
	for range maxClimb {
		dir = filepath.Dir(dir)
		if dir == filepath.Dir(dir) || slices.Contains(f.limits, dir) {
			return false
		}
		if dir == up {
			return true
		}
	}
	return false
}

// isRepository reports whether the directory is the root of a git repository,
// a submodule or a worktree.
func isRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

// walk lists the manifest files of the tree by name; nothing is read yet.
func (t *tree) walk() {
	t.list(t.root)
	byHand := maps.Clone(t.args) // any extension will do
	for _, rel := range slices.Concat(t.files, t.texts) {
		delete(byHand, rel)
	}
	for arg, dir := range byHand {
		if !dir {
			t.files = append(t.files, arg)
		}
	}
	slices.SortFunc(t.files, inWalkOrder)
}

// inWalkOrder compares paths as a lexical walk meets them: name by name.
func inWalkOrder(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	switch { // "/" ends a name, so it comes before whatever a longer name has
	case n == len(a) || n == len(b):
		return cmp.Compare(len(a), len(b))
	case a[n] == '/':
		return -1
	case b[n] == '/':
		return 1
	}
	return cmp.Compare(a[n], b[n])
}

// list lists a directory and what is below, in lexical order.
func (t *tree) list(dir string) {
	entries, err := t.kept.readDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist): // gone since it was listed
		return
	case err != nil:
		t.note(t.rel(dir), "not readable: "+reason(err))
	case dir != t.root && holds(entries, ".git"):
		t.repositories = append(t.repositories, dir)
		return
	}
	t.recognizeGo(t.rel(dir), entries)
	for _, e := range entries {
		p := filepath.Join(dir, e.Name())
		switch rel := t.rel(p); {
		case e.IsDir() && slices.Contains(skippedDirs, e.Name()) && !t.leadsToArgument(rel):
		case e.IsDir():
			t.list(p)
		default:
			t.entry(p, rel, e)
		}
	}
}

// recognizeGo notes directories of a Go module whose manifests nothing deploys.
func (t *tree) recognizeGo(rel string, entries []fs.DirEntry) {
	tested := func(e fs.DirEntry) bool { return strings.HasSuffix(e.Name(), "_test.go") }
	switch {
	case path.Base(rel) == "vendor" && holds(entries, "modules.txt") && !t.leadsToArgument(rel):
		t.vendored = append(t.vendored, rel)
	case slices.ContainsFunc(entries, tested) && !t.leadsToArgument(path.Join(rel, "testdata")):
		t.goTests = append(t.goTests, rel)
	}
}

// entry sorts in what is no directory.
func (t *tree) entry(p, rel string, e fs.DirEntry) {
	link := e.Type()&fs.ModeSymlink != 0
	switch {
	case e.Name() == "Chart.yaml" && e.Type().IsRegular():
		t.charts = append(t.charts, t.rel(filepath.Dir(p)))
	case isMarkdown(rel) && e.Type().IsRegular():
		t.texts = append(t.texts, rel)
	case !slices.Contains(extensions, filepath.Ext(e.Name())) && !kustomize.IsFile(rel):
		if link && isDir(p) {
			t.note(rel, "symbolic link, not followed")
		}
	case link:
		t.note(rel, "symbolic link, not followed")
	case !e.Type().IsRegular():
		t.note(rel, "not a regular file")
	default:
		t.files = append(t.files, rel)
	}
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
	if below, ok := strings.CutPrefix(p, t.root+string(filepath.Separator)); ok {
		return filepath.ToSlash(below) // what a walk yields is clean
	}
	r, err := filepath.Rel(t.root, p)
	if err != nil {
		return filepath.ToSlash(p)
	}
	return filepath.ToSlash(r)
}

// named reports whether an argument names the path or a directory above it. It is
// false of a path that does not lie in the tree, as that of a values file.
func (t *tree) named(rel string) bool {
	for !t.has(rel) {
		above := path.Dir(rel)
		if above == rel { // "." or "/"
			return false
		}
		rel = above
	}
	return true
}

func (t *tree) has(rel string) bool { _, ok := t.args[rel]; return ok }

// leadsToArgument reports whether an argument is the directory or lies below.
func (t *tree) leadsToArgument(dir string) bool {
	for arg := range t.args {
		if arg == dir || strings.HasPrefix(arg, dir+"/") {
			return true
		}
	}
	return false
}
