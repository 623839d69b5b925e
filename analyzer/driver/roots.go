package driver

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// argument is a path that was named, absolute and with its links followed.
type argument struct {
	path string
	dir  bool
}

// root is where the tree of an argument begins.
type root struct {
	dir string
	// bound is where the contexts of the argument end. It lies below dir if a
	// kustomization builds on what is further up: that is read for the build alone.
	bound string
}

// findRoots returns the root of the tree of each argument.
func findRoots(dir string, paths []string) (map[argument]root, error) {
	finder := newFinder(dir)
	roots := map[argument]root{}
	plain, bounds := map[string]bool{}, map[string]bool{} // outside of git
	for _, name := range paths {
		abs, isDir, err := resolve(dir, name)
		if err != nil {
			return nil, err
		}
		start := abs
		if !isDir {
			start = filepath.Dir(abs)
		}
		bound, git := finder.root(start)
		top := bound
		if !git {
			top = finder.reach(bound)
			plain[top], bounds[bound] = true, true
		}
		roots[argument{abs, isDir}] = root{top, bound}
	}
	// Of two arguments one of which lies inside the other, the inner one
	// belongs to the tree of the outer one, or its files would be judged twice.
	for arg, r := range roots {
		if plain[r.dir] {
			roots[arg] = root{outermost(r.dir, plain), outermost(r.bound, bounds)}
		}
	}
	return roots, nil
}

// outermost returns the furthest directory above dir that is one of the given, dir
// itself if there is none.
func outermost(dir string, of map[string]bool) string {
	for d := filepath.Dir(dir); d != filepath.Dir(d); d = filepath.Dir(d) {
		if of[d] {
			dir = d
		}
	}
	return dir
}

// reach returns the directory that holds dir and everything that the kustomizations
// below dir build on. What is too far up is left out, and said to be outside.
func (f *finder) reach(dir string) string {
	top := dir
	seen := map[string]bool{}
	for waiting := kustomizationsBelow(dir); len(waiting) > 0; waiting = waiting[1:] {
		if seen[waiting[0]] {
			continue
		}
		seen[waiting[0]] = true
		for _, target := range targets(waiting[0]) {
			up := top
			for !isBelow(filepath.ToSlash(target), filepath.ToSlash(up)) {
				up = filepath.Dir(up)
			}
			if up != top && !f.mayClimb(dir, up) {
				continue
			}
			top = up
			for _, name := range kustomize.FileNames {
				waiting = append(waiting, filepath.Join(target, name))
			}
		}
	}
	return top
}

// kustomizationsBelow returns the kustomization files of a directory and what is
// below it.
func kustomizationsBelow(dir string) []string {
	var files []string
	_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil: // said when the tree is listed
		case e.IsDir() && p != dir && slices.Contains(skippedDirs, e.Name()):
			return fs.SkipDir
		case e.Type().IsRegular() && kustomize.IsFile(p):
			files = append(files, p)
		}
		return nil
	})
	return files
}

// targets returns the files and directories that exist of those that a
// kustomization file lists; none if it cannot be read, which is said later.
func targets(file string) []string {
	data, _, err := readFile(file)
	if err != nil {
		return nil
	}
	var all []string
	for _, d := range manifest.ParseAny(source.NewFile(file, file, data)).Documents {
		if d.Root == nil || !manifest.IsMapping(d.Root) {
			continue
		}
		for _, r := range kustomize.Read(".", d).Targets {
			p := filepath.Join(filepath.Dir(file), filepath.FromSlash(r.Text))
			if _, err := os.Stat(p); err == nil {
				all = append(all, p)
			}
		}
	}
	return all
}
