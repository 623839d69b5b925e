package kustomize

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// fileSystem is what one build reads: the files of the tree and nothing else.
// Directories are looked at on disk, at each once for all builds; nothing is
// ever written.
type fileSystem struct {
	filesys.FileSystem
	tree *Tree
	root string   // the directory that is built, inside the tree
	read []string // the files that were read, or found and gone by then, inside the tree
	// origins has the file of the root ask for the origins of what it builds.
	origins bool
	// cut is the kustomization that is read without the entry at a path; nil
	// reads all as they are. See Tree.blame.
	cut   *Kustomization
	entry []string
	// overlay is that of the build; nil for none.
	overlay *Overlay
	// empty are the files that are not there and are taken for empty.
	empty map[string]bool
	// looked is Build.Looked.
	looked map[string]string
}

// Exists is true for what is taken for empty.
func (fs *fileSystem) Exists(name string) bool {
	fs.note(name)
	if rel, ok := fs.tree.inside(name); ok && fs.empty[rel] {
		return true
	}
	return look(fs.tree, "exists", name, fs.FileSystem.Exists)
}

// IsDir is that of the disk.
func (fs *fileSystem) IsDir(name string) bool {
	fs.note(name)
	return look(fs.tree, "is a directory", name, fs.FileSystem.IsDir)
}

// CleanedAbs is that of the disk.
func (fs *fileSystem) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	fs.note(name)
	cleaned := look(fs.tree, "cleaned", name, func(name string) cleaned {
		dir, file, err := fs.FileSystem.CleanedAbs(name)
		return cleaned{dir, file, err}
	})
	return cleaned.dir, cleaned.file, cleaned.err
}

// cleaned is an answer of CleanedAbs.
type cleaned struct {
	dir  filesys.ConfirmedDir
	file string
	err  error
}

// look asks something about a path once: overlays of one base look at the same
// directories again and again.
func look[A any](t *Tree, question, name string, ask func(name string) A) A {
	key := [2]string{question, name}
	answer, ok := t.looked.Load(key)
	if !ok {
		answer, _ = t.looked.LoadOrStore(key, ask(name))
	}
	return answer.(A)
}

var (
	errOutside  = errors.New("outside the tree")
	errReadOnly = errors.New("nothing is written")
)

// ReadFile gives the file of the root what makes kustomize say where each
// object comes from.
func (fs *fileSystem) ReadFile(name string) ([]byte, error) {
	fs.note(name)
	rel, ok := fs.tree.inside(name)
	if !ok {
		return nil, fmt.Errorf("%s is %w", name, errOutside)
	}
	if fs.empty[rel] {
		return nil, nil
	}
	data, err := fs.text(rel)
	file := err == nil || strings.HasPrefix(fs.tree.state(name), "file") // kustomize tries directories too
	if file && !slices.Contains(fs.read, rel) {
		fs.read = append(fs.read, rel)
	}
	return data, err
}

// withOrigins returns a kustomization that asks for the origins of what it
// builds. What cannot be read is left to kustomize to refuse.
func withOrigins(data []byte) []byte {
	n, err := yaml.Parse(string(data))
	if err != nil || n.YNode().Kind != yaml.MappingNode {
		return data
	}
	if err := n.PipeE(yaml.SetField("buildMetadata", yaml.NewListRNode("originAnnotations"))); err != nil {
		return data
	}
	text, err := n.String()
	if err != nil {
		return data
	}
	return []byte(text)
}

// inside returns the path of a file of the tree. Symbolic links that lead out
// of it are not followed.
func (t *Tree) inside(name string) (string, bool) {
	name = look(t, "real", name, func(name string) string {
		if real, err := filepath.EvalSymlinks(name); err == nil {
			return real
		}
		return name
	})
	rel, err := filepath.Rel(t.Root, name)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

func (*fileSystem) Create(string) (filesys.File, error) { return nil, errReadOnly }
func (*fileSystem) Mkdir(string) error                  { return errReadOnly }
func (*fileSystem) MkdirAll(string) error               { return errReadOnly }
func (*fileSystem) RemoveAll(string) error              { return errReadOnly }
func (*fileSystem) WriteFile(string, []byte) error      { return errReadOnly }
