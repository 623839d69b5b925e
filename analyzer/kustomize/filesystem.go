package kustomize

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// fileSystem is what one build reads: the files of the tree and nothing else.
// Directories are looked at on disk; nothing is ever written.
type fileSystem struct {
	filesys.FileSystem
	tree *Tree
	root string   // the directory that is built, inside the tree
	read []string // the files that were read, inside the tree
	// empty are the files that are not there and are taken for empty.
	empty map[string]bool
}

// Exists is true for what is taken for empty.
func (fs *fileSystem) Exists(name string) bool {
	if rel, ok := fs.tree.inside(name); ok && fs.empty[rel] {
		return true
	}
	return fs.FileSystem.Exists(name)
}

var (
	errOutside  = errors.New("outside the tree")
	errReadOnly = errors.New("nothing is written")
)

// ReadFile gives the file of the root what makes kustomize say where each
// object comes from.
func (fs *fileSystem) ReadFile(name string) ([]byte, error) {
	rel, ok := fs.tree.inside(name)
	if !ok {
		return nil, fmt.Errorf("%s is %w", name, errOutside)
	}
	if fs.empty[rel] {
		return nil, nil
	}
	data, err := fs.tree.Read(rel)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(fs.read, rel) {
		fs.read = append(fs.read, rel)
	}
	if path.Dir(rel) == fs.root && IsFile(rel) {
		return withOrigins(data), nil
	}
	return data, nil
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
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
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
