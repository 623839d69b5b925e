package kustomize

import (
	"context"
	"path"
)

// Overlay is a kustomization with what a GitOps controller sets in it before it
// builds it.
type Overlay struct {
	// Kustomization is what is built: one of the tree, or one that the controller
	// generates, whose document is no file of the tree.
	Kustomization *Kustomization
	// Edit changes the text of its file; nil leaves it as it is.
	Edit func(text []byte) ([]byte, error)
	// Settings hold, in the fields of a kustomization, what the controller sets, so
	// that its values are traced; nil if that is not known.
	Settings *Kustomization
}

// BuildOverlays builds kustomizations as a controller does, in parallel. The
// results stand in the order of all. The error is that of the context.
func (t *Tree) BuildOverlays(ctx context.Context, all []*Overlay) ([]*Build, error) {
	return t.buildAll(ctx, len(all), func(i int) *Build { return t.prepare(all[i].Kustomization, all[i]) })
}

// generated reports whether the path is that of the file that the controller makes.
func (o *Overlay) generated(rel string) bool {
	return o != nil && o.Kustomization.Document.File.Rel == rel
}

// text returns the text of a file as the build reads it.
func (fs *fileSystem) text(rel string) ([]byte, error) {
	var data []byte
	var err error
	if fs.overlay.generated(rel) {
		data = fs.overlay.Kustomization.Document.File.Data
	} else if data, err = fs.tree.Read(rel); err != nil {
		return nil, err
	}
	if fs.cut != nil && fs.cut.Document.File.Rel == rel {
		data = withoutEntry(data, fs.entry)
	}
	if path.Dir(rel) != fs.root || !IsFile(rel) {
		return data, nil
	}
	if fs.overlay != nil && fs.overlay.Edit != nil {
		if data, err = fs.overlay.Edit(data); err != nil {
			return nil, err
		}
	}
	if fs.origins {
		data = withOrigins(data)
	}
	return data, nil
}
