package kustomize

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Look says what there is at an absolute path, so that two answers are the same
// as long as a build would find the same: "" for nothing, and else whether it is
// a file or a directory, and where links lead. Of a path that ends in "/" it
// says which files the directory holds, with a "/" behind each.
func Look(name string) string {
	if strings.HasSuffix(name, "/") {
		return listing(name)
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return ""
	}
	info, err := os.Stat(real)
	if err != nil {
		return ""
	}
	what := "file"
	if info.IsDir() {
		what = "directory"
	}
	if real != filepath.Clean(name) {
		what += " " + real
	}
	return what
}

// listing returns the names in a directory that are not those of directories.
func listing(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	var names strings.Builder
	for _, e := range entries {
		if e.Type()&fs.ModeDir == 0 {
			names.WriteString(e.Name() + "/")
		}
	}
	return names.String()
}

// state is Look, asked once for all builds of the tree.
func (t *Tree) state(name string) string { return look(t, "state", name, Look) }

// abs is the absolute path of one inside the tree.
func (t *Tree) abs(rel string) string { return filepath.Join(t.Root, filepath.FromSlash(rel)) }

// note remembers what is at a path that kustomize asks about, unless that is told
// by the kustomizations that there are.
func (fs *fileSystem) note(name string) {
	state := fs.tree.state(name)
	rel, inside := fs.tree.inside(name)
	switch {
	case inside && state == "directory" && fs.tree.Kustomizations[rel] != nil:
	case inside && state == "" && IsFile(rel):
	case strings.ContainsAny(name, "\n{"): // no path but a patch, which may be one of a Secret
	default:
		fs.looked[name] = state
	}
}

// forgetRead forgets the files that were read, of which the content counts.
func (fs *fileSystem) forgetRead() {
	for name, state := range fs.looked {
		if rel, inside := fs.tree.inside(name); inside && state == "file" && slices.Contains(fs.read, rel) {
			delete(fs.looked, name)
		}
	}
}
