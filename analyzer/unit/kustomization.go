package unit

import (
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// KustomizationNames are the file names that kustomize looks for
// (sigs.k8s.io/kustomize/api/konfig).
var KustomizationNames = []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}

// IsKustomizationFile reports whether kustomize reads the path as its own
// configuration.
func IsKustomizationFile(p string) bool { return slices.Contains(KustomizationNames, path.Base(p)) }

// Customization is what a kustomization file says about other files. All paths
// are inside the tree; what lies outside or is remote is left out and makes it
// Open.
type Customization struct {
	Dir       string
	Component bool
	// Targets are the resource files and kustomization directories it lists,
	// in order, components included.
	Targets []string
	// Inputs are patches and configurations: no objects of their own.
	Inputs []string
	// Generated are the ConfigMaps and Secrets that it makes.
	Generated []Generated
	// Rewritten reports labels, patches or transformers that change resources.
	Rewritten bool
	Open      []string
}

// Generated is an object that kustomize makes. Its name gets a suffix, in
// whatever refers to it too, so to the manifests it has this one.
type Generated struct{ Kind, Name string }

// ReadCustomization reads a kustomization file of a directory.
func ReadCustomization(dir string, root *yaml.Node) *Customization {
	c := &Customization{Dir: dir, Component: manifest.String(root, "kind") == "Component"}
	for _, field := range []string{"resources", "bases", "components"} {
		for _, n := range manifest.Items(manifest.Get(root, field)) {
			c.target(n)
		}
	}
	for _, field := range []string{"patchesStrategicMerge", "configurations", "transformers", "crds", "validators"} {
		for _, n := range manifest.Items(manifest.Get(root, field)) {
			c.input(manifest.String(n))
		}
	}
	for _, field := range []string{"patches", "patchesJson6902", "replacements"} {
		for _, n := range manifest.Items(manifest.Get(root, field)) {
			c.input(manifest.String(n, "path"))
		}
	}
	c.input(manifest.String(root, "openapi", "path"))
	for _, g := range []struct{ field, kind string }{{"configMapGenerator", "ConfigMap"}, {"secretGenerator", "Secret"}} {
		for _, n := range manifest.Items(manifest.Get(root, g.field)) {
			c.Generated = append(c.Generated, Generated{g.kind, manifest.String(n, "name")})
		}
	}
	for _, n := range manifest.Items(manifest.Get(root, "generators")) {
		c.input(manifest.String(n))
		c.Open = append(c.Open, "a generator of "+dir+" is not run")
	}
	if manifest.Get(root, "helmCharts") != nil || manifest.Get(root, "helmChartInflationGenerator") != nil {
		c.Open = append(c.Open, "the Helm charts of "+dir+" are not rendered")
	}
	for _, field := range []string{"commonLabels", "labels", "patches", "patchesStrategicMerge", "patchesJson6902", "transformers", "replacements", "vars", "components", "replicas", "namePrefix", "nameSuffix", "namespace"} {
		c.Rewritten = c.Rewritten || manifest.Get(root, field) != nil
	}
	return c
}

// target adds a resource file or a directory; remote ones make it open.
func (c *Customization) target(n *yaml.Node) {
	name := manifest.String(n)
	if name == "" {
		return
	}
	p, ok := c.resolve(name)
	if !ok {
		c.Open = append(c.Open, name+" is outside the tree")
		return
	}
	c.Targets = append(c.Targets, p)
}

// input adds a patch or configuration; inline ones name no file.
func (c *Customization) input(name string) {
	if p, ok := c.resolve(name); ok && name != "" && !strings.Contains(name, "\n") {
		c.Inputs = append(c.Inputs, p)
	}
}

func (c *Customization) resolve(name string) (string, bool) {
	if strings.Contains(name, "://") || path.IsAbs(name) {
		return "", false
	}
	p := path.Join(c.Dir, name)
	return p, p != ".." && !strings.HasPrefix(p, "../")
}
