package driver

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// This file reads what is named besides the manifests of a tree.

// readNodes reads the inventory that "kubectl get nodes -o yaml|json" prints.
func readNodes(dir, name string, stdin io.Reader) ([]*manifest.Resource, error) {
	if name == "" {
		return nil, nil
	}
	f, err := readInput(dir, name, stdin)
	if err != nil {
		return nil, fmt.Errorf("nodes: %w", err)
	}
	if err := readable(f); err != nil {
		return nil, fmt.Errorf("nodes: %w", err)
	}
	nodes := slices.DeleteFunc(f.Resources(), func(r *manifest.Resource) bool { return r.Kind != "Node" || r.Group != "" })
	if len(nodes) == 0 {
		return nil, fmt.Errorf("nodes: %s holds no Node: it takes what \"kubectl get nodes -o yaml\" prints", f.Path)
	}
	return nodes, nil
}

// readPolicies returns the objects of files, of which each has to be readable.
func readPolicies(dir string, names []string) ([]*manifest.Resource, error) {
	var all []*manifest.Resource
	for _, name := range names {
		f, err := readInput(dir, name, nil)
		if err == nil {
			err = readable(f)
		}
		if err != nil {
			return nil, fmt.Errorf("policies: %w", err)
		}
		all = append(all, f.Resources()...)
	}
	return all, nil
}

// readable returns the first syntax error of a file.
func readable(f *manifest.File) error {
	for _, d := range f.Documents {
		for _, p := range d.Problems {
			if p.Kind == manifest.SyntaxError {
				at := f.Position(p.Span.Start)
				return fmt.Errorf("%s:%d:%d: %s", f.Path, at.Line, at.Column, p.Message)
			}
		}
	}
	return nil
}

// readInput reads one file, or standard input for "-".
func readInput(dir, name string, stdin io.Reader) (*manifest.File, error) {
	if name == "-" {
		data, err := source.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("standard input: %w", err)
		}
		return manifest.Parse(source.NewFile(streamName, streamName, data)), nil
	}
	abs := name
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(dir, name)
	}
	data, err := source.ReadNamed(abs)
	if err != nil {
		return nil, fmt.Errorf("%s: %s%s", name, reason(err), suggestPath(dir, name))
	}
	return manifest.Parse(source.NewFile(filepath.ToSlash(name), filepath.ToSlash(name), data)), nil
}

const streamName = "<stdin>"
