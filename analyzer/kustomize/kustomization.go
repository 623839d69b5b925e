// Package kustomize reads kustomizations and builds them with kustomize's own
// library, and leads every value of a build back to the line that a person can
// edit. It imports source and manifest.
package kustomize

import (
	"path"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// FileNames are the file names that kustomize looks for
// (sigs.k8s.io/kustomize/api/konfig).
var FileNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// IsFile reports whether kustomize reads the path as its own configuration.
func IsFile(p string) bool { return slices.Contains(FileNames, path.Base(p)) }

// Reads reports whether a document in a file of that name configures kustomize.
// Flux has objects of the same kind, which are applied like any other
// (https://fluxcd.io/flux/components/kustomize/kustomizations/).
func Reads(d *manifest.Document) bool {
	return d.Root != nil && manifest.IsMapping(d.Root) && !strings.HasPrefix(manifest.String(d.Root, "apiVersion"), "kustomize.toolkit.fluxcd.io/")
}

// Kustomization is what a kustomization file says about other files. All paths
// are slash-separated and inside the tree.
type Kustomization struct {
	Dir string
	// Document is the file; its Root is a mapping.
	Document  *manifest.Document
	Component bool
	// Targets are what it lists as resources, bases and components, in order.
	Targets []Reference
	// Inputs are patches and configurations: no objects of their own. Patches
	// without a file are left out.
	Inputs []Reference
	// Generated are the ConfigMaps and Secrets that it makes.
	Generated []Generated
	// Rewritten is what it changes of the resources that it lists.
	Rewritten Aspects
	// Unbuilt says what keeps it from being built here, which is no fault: the
	// reasons complete "not built: ".
	Unbuilt []Unbuilt
}

// Reference is an entry of a kustomization that names a file or a directory.
type Reference struct {
	// Field is where it stands in the kustomization: "resources", "0".
	Field []string
	// Text is what is written there.
	Text string
	// Path is the file or directory inside the tree; "" if it is remote or
	// lies outside.
	Path string
}

// Generated is an object that kustomize makes. Its name gets a suffix, in
// whatever refers to it too, so to the manifests it has this one.
type Generated struct{ Kind, Name string }

// Unbuilt is a reason not to build a kustomization.
type Unbuilt struct {
	Reason string
	// Field is where the reason stands in the kustomization.
	Field []string
}

// generators are the fields that make objects, and what they make.
var generators = []struct{ field, kind string }{{"configMapGenerator", "ConfigMap"}, {"secretGenerator", "Secret"}}

// Read reads the kustomization file of a directory.
func Read(dir string, d *manifest.Document) *Kustomization {
	k := &Kustomization{Dir: dir, Document: d, Component: manifest.String(d.Root, "kind") == "Component"}
	for _, field := range []string{"resources", "bases", "components"} {
		k.Targets = append(k.Targets, k.references(field)...)
	}
	for _, field := range []string{"patchesStrategicMerge", "configurations", "transformers", "crds", "validators", "generators"} {
		k.Inputs = append(k.Inputs, k.references(field)...)
	}
	for _, field := range []string{"patches", "patchesJson6902", "replacements"} {
		k.Inputs = append(k.Inputs, k.references(field, "path")...)
	}
	if text := manifest.String(d.Root, "openapi", "path"); text != "" {
		k.Inputs = append(k.Inputs, k.reference(text, "openapi", "path"))
	}
	for _, g := range generators {
		for _, n := range manifest.Items(manifest.Get(d.Root, g.field)) {
			k.Generated = append(k.Generated, Generated{g.kind, manifest.String(n, "name")})
		}
	}
	k.Rewritten = changes(d.Root)
	d.NoteDuplicates()
	k.findUnbuilt()
	k.hideSecrets()
	return k
}

// Location returns the place of a field path of the kustomization; without one
// that of its first key.
func (k *Kustomization) Location(field ...string) source.Location {
	if len(field) == 0 && len(k.Document.Root.Content) > 0 {
		return k.Document.Location(&k.Document.Root.Content[0])
	}
	r := manifest.Resource{Document: k.Document, Node: k.Document.Root}
	return r.Location(field...)
}

// references returns the files that the entries of a list name: each entry
// itself, or one of its fields. Inline texts are no names.
func (k *Kustomization) references(field string, below ...string) []Reference {
	var all []Reference
	for i, n := range manifest.Items(manifest.Get(k.Document.Root, field)) {
		if text := manifest.String(n, below...); text != "" && !strings.Contains(text, "\n") {
			all = append(all, k.reference(text, append([]string{field, index(i)}, below...)...))
		}
	}
	return all
}

func (k *Kustomization) reference(text string, field ...string) Reference {
	r := Reference{Field: field, Text: text}
	if !isRemote(text) && !path.IsAbs(text) {
		if p := path.Join(k.Dir, text); p != ".." && !strings.HasPrefix(p, "../") {
			r.Path = p
		}
	}
	return r
}

// isRemote reports whether kustomize would fetch it: it takes URLs, and what
// git clones (sigs.k8s.io/kustomize/api/internal/git NewRepoSpecFromURL).
func isRemote(text string) bool {
	return strings.Contains(text, "://") || strings.Contains(text, "git@") || strings.HasPrefix(text, "github.com/") || strings.HasPrefix(text, "git::") ||
		strings.Contains(text, "?ref=") || strings.Contains(text, ".git//") || strings.HasPrefix(text, "gh:")
}

// findUnbuilt notes what would need the network, plugins or helm.
func (k *Kustomization) findUnbuilt() {
	add := func(reason string, field ...string) { k.Unbuilt = append(k.Unbuilt, Unbuilt{reason, field}) }
	for _, r := range slices.Concat(k.Targets, k.Inputs) {
		switch {
		case isRemote(r.Text):
			add(r.Text+" is remote, and nothing is fetched", r.Field...)
		case r.Path == "":
			add(r.Text+" is outside the tree", r.Field...)
		}
	}
	for _, g := range k.generatorInputs() {
		if isRemote(g.Text) {
			add(g.Text+" is remote, and nothing is fetched", g.Field...)
		}
	}
	for _, field := range []string{"helmCharts", "helmChartInflationGenerator"} {
		if manifest.Get(k.Document.Root, field) != nil {
			add(needsHelm, field)
		}
	}
}

// needsHelm is the reason not to build what holds Helm charts.
const needsHelm = "its Helm charts are rendered with --enable-helm alone"

// generatorInput is a file that a generator reads.
type generatorInput struct {
	Reference
	variables bool // it holds variables, each of which makes a key
}

// generatorInputs returns the files that the generators in the fields of the
// kustomization read.
func (k *Kustomization) generatorInputs() []generatorInput {
	var all []generatorInput
	for _, m := range k.fieldMakers() {
		all = append(all, k.inputsOf(m)...)
	}
	return all
}

// inputsOf returns the files that a generator reads. The Field of those that a
// document of its own names is that of the whole "generators".
func (k *Kustomization) inputsOf(m maker) []generatorInput {
	if m.kind() == "" {
		return nil
	}
	var all []generatorInput
	add := func(name string, variables bool, at ...string) {
		field := []string{"generators"}
		if m.Document == k.Document {
			field = slices.Concat(m.Path, at)
		}
		all = append(all, generatorInput{k.reference(name, field...), variables})
	}
	n := m.entry()
	for _, list := range []string{"files", "envs"} {
		for j, f := range manifest.Items(manifest.Get(n, list)) {
			name := manifest.String(f)
			if _, file, named := strings.Cut(name, "="); named && list == "files" {
				name = file
			}
			add(name, list == "envs", list, index(j))
		}
	}
	if name := manifest.String(n, "env"); name != "" {
		add(name, true, "env")
	}
	return all
}
