package argocd

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// parameter finds {{ name }} and {{ .name }} in a template.
var parameter = regexp.MustCompile(`\{\{\s*\.?([A-Za-z0-9_.-]+)\s*\}\}`)

// generate returns the Applications that an ApplicationSet makes of lists and of
// directories. What other generators make is not known here
// (https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators/).
func (f *finder) generate(r *manifest.Resource) []application {
	data, ok := manifest.AppendJSON(nil, r.Get("spec", "template"))
	if !ok || r.Get("spec", "templatePatch") != nil {
		return nil
	}
	var all []application
	for _, g := range manifest.Items(r.Get("spec", "generators")) {
		for _, parameters := range f.parameters(g) {
			missing := false
			text := parameter.ReplaceAllStringFunc(string(data), func(found string) string {
				value, known := parameters[parameter.FindStringSubmatch(found)[1]]
				missing = missing || !known
				return value
			})
			root, err := yaml.Parse(text)
			if err != nil || missing || strings.Contains(text, "{{") {
				continue
			}
			n := manifest.FromYAML(root.YNode())
			all = append(all, application{Resource: r, spec: manifest.Get(n, "spec"), name: manifest.String(n, "metadata", "name"), made: true})
		}
	}
	return all
}

// parameters returns the sets of parameters of a generator.
func (f *finder) parameters(g *manifest.Node) []map[string]string {
	var all []map[string]string
	if manifest.Get(g, "selector") != nil {
		return nil
	}
	for _, e := range manifest.Items(manifest.Get(g, "list", "elements")) {
		set := map[string]string{}
		for key, entry := range manifest.Fields(e) {
			set[key] = entry.Value.Value
		}
		all = append(all, set)
	}
	git := manifest.Get(g, "git")
	if git == nil || !f.isOwn(manifest.String(git, "repoURL")) {
		return all
	}
	for _, dir := range f.directories(manifest.Items(manifest.Get(git, "directories"))) {
		set := map[string]string{"path": dir, "path.path": dir, "path.basename": path.Base(dir), "path.basenameNormalized": strings.ReplaceAll(path.Base(dir), "_", "-")}
		for key, entry := range manifest.Fields(manifest.Get(git, "values")) {
			set["values."+key] = entry.Value.Value
		}
		all = append(all, set)
	}
	return all
}

// directories returns the directories that match a pattern, those with a dot at
// the beginning of a name left out; exclude wins
// (https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/).
func (f *finder) directories(patterns []*manifest.Node) []string {
	var all []string
	seen := map[string]bool{}
	for _, rel := range f.Files {
		for dir := path.Dir(rel); dir != "." && !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			taken := false
			for _, exclude := range []bool{false, true} {
				for _, p := range patterns {
					if ok, err := path.Match(manifest.String(p, "path"), dir); ok && err == nil && manifest.Bool(p, "exclude") == exclude {
						taken = !exclude
					}
				}
			}
			if taken && !strings.Contains("/"+dir, "/.") {
				all = append(all, dir)
			}
		}
	}
	slices.Sort(all)
	return all
}

// overlay returns a kustomization with what source.kustomize sets
// (https://argo-cd.readthedocs.io/en/stable/user-guide/kustomize/).
func overlay(a application, k *kustomize.Kustomization) *kustomize.Overlay {
	options := manifest.Get(a.spec, "source", "kustomize")
	return &kustomize.Overlay{Kustomization: k, Edit: func(text []byte) ([]byte, error) {
		if options == nil {
			return text, nil
		}
		root, err := yaml.Parse(string(text))
		if err != nil {
			return nil, err
		}
		for _, field := range []string{"namePrefix", "nameSuffix", "namespace"} {
			if value := manifest.String(options, field); value != "" {
				if err := root.PipeE(yaml.SetField(field, yaml.NewStringRNode(value))); err != nil {
					return nil, err
				}
			}
		}
		out, err := root.String()
		return []byte(out), err
	}}
}
