package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/quantity"
	"github.com/kubeknot/kubeknot/rules"
)

// seeds are documents of every kind whose verdict kubeknot knows, with many of
// their fields. The server accepts each of them.
//
//go:embed seeds/*.yaml
var seeds embed.FS

// document is a manifest of one object.
type document struct {
	origin string // for people
	text   []byte
	// node is the root mapping. It is never changed.
	node *yaml.Node
	kind string
	seed bool // written for this test
}

// gather returns the documents to start from, in a fixed order and each text
// once: those written for this test, the examples of the rules, the
// fixtures and the samples of sentences.
func gather(o options) ([]document, error) {
	g := gatherer{seen: map[string]bool{}}
	err := fs.WalkDir(seeds, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := seeds.ReadFile(path)
		if err != nil {
			return err
		}
		return g.add(path, data, true)
	})
	if err != nil {
		return nil, err
	}
	for _, r := range rules.All() {
		if err := errors.Join(g.add(r.ID+" (bad)", []byte(r.Bad), false), g.add(r.ID+" (good)", []byte(r.Good), false)); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{"testdata", "analyzer/apiserver/testdata"} {
		if err := g.addTree(o.root, filepath.FromSlash(dir)); err != nil {
			return nil, err
		}
	}
	return g.documents, nil
}

// addTree takes the documents of a directory: fixtures, and samples of the
// sentences that kubeknot recognizes (apiserver.Sentences).
func (g *gatherer) addTree(root, dir string) error {
	return filepath.WalkDir(filepath.Join(root, dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !isYAML(path) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		return g.add(filepath.ToSlash(rel), data, false)
	})
}

func isYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

type gatherer struct {
	documents []document
	seen      map[string]bool
}

// add takes the objects of a file that kubeknot knows. Documents that are no
// YAML have nothing to compare; in a seed they are an error.
func (g *gatherer) add(origin string, data []byte, seed bool) error {
	for i, text := range bytes.Split(append([]byte("\n"), data...), []byte("\n---")) {
		var doc yaml.Node
		if err := yaml.Unmarshal(text, &doc); err != nil {
			if seed {
				return fmt.Errorf("%s: %w", origin, err)
			}
			continue
		}
		if doc.Kind != yaml.DocumentNode || doc.Content[0].Kind != yaml.MappingNode {
			continue
		}
		var head struct {
			APIVersion string `yaml:"apiVersion"`
			Kind       string `yaml:"kind"`
		}
		if err := doc.Content[0].Decode(&head); err != nil || !apiserver.Known(head.APIVersion, head.Kind) || strings.HasSuffix(head.Kind, "List") {
			continue
		}
		text, err := yaml.Marshal(doc.Content[0])
		if err != nil || g.seen[string(text)] {
			continue
		}
		if quantity.MayHold(text) {
			continue // the server would compute with its quantities without an end
		}
		if _, ok := read(text); !ok {
			continue // a patch, or a template, which kubectl is not given
		}
		g.seen[string(text)] = true
		g.documents = append(g.documents, document{fmt.Sprintf("%s, document %d", origin, i+1), text, doc.Content[0], head.Kind, seed})
	}
	return nil
}
