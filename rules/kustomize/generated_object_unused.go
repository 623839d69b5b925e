package kustomize

import (
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// GeneratedObjectUnused reports ConfigMaps and Secrets of generators that
// nothing in the build refers to.
var GeneratedObjectUnused = &analyzer.Rule{
	ID:    "generated-object-unused",
	Title: "Nothing uses what a generator makes",
	Claim: analyzer.Suspect,
	Kinds: []string{"ConfigMap", "Secret"},
	Why: `kustomize puts a hash of the content behind the name of a generated ConfigMap or Secret, and puts the new name into whatever refers to it. So nobody outside of the build can know the name: if nothing inside refers to it, it is not used at all. Mostly the reference is there but spelt otherwise, or it stands in a field that kustomize does not know.

Not reported are kustomizations that hold nothing else, objects without a hash (disableNameSuffixHash), and those with labels or annotations, by which controllers find them. Where the build holds custom resources it is an info: one of them may find it in its own way.`,
	Bad: `-- kustomization.yaml --
resources:
- app.yaml
configMapGenerator:
- name: web-settings
  literals:
  - color=blue
-- app.yaml --
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: ExternalName
  externalName: web.example.com
`,
	Good: `-- kustomization.yaml --
resources:
- app.yaml
configMapGenerator:
- name: web-settings
  literals:
  - color=blue
-- app.yaml --
apiVersion: batch/v1
kind: Job
metadata:
  name: web
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: web
        image: example/web:1
        envFrom:
        - configMapRef:
            name: web-settings
`,
	References: []string{
		"https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/configmapgenerator/",
		"sigs.k8s.io/kustomize/api/internal/builtins/HashTransformer.go",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Build == nil {
			return nil
		}
		made := p.Unit.Build.Generators()
		if len(made) == len(p.Unit.Resources) {
			return nil // nothing in it could refer to them
		}
		for _, g := range made {
			r := g.Resource
			if !g.Hashed || r.Get("metadata", "labels") != nil || r.Get("metadata", "annotations") != nil || mentioned(p.Unit, r) {
				continue
			}
			p.Report(unusedObject(p, g))
		}
		return nil
	},
}

func unusedObject(p *analyzer.Pass, g kustomize.GeneratedObject) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s %s is generated, and nothing refers to it", g.Resource.Kind, g.Resource.WrittenName()),
		Label:       "nothing in this build has this name",
		Consequence: fmt.Sprintf("it is made as %s, a name that nobody else can know", g.Resource.Name),
		Help:        "refer to it by this name, set disableNameSuffixHash if something outside of the build does, or remove it",
		Location:    g.Location,
		Path:        []string{"metadata", "name"},
		Resource:    g.Resource,
	}
	for _, r := range p.Unit.Resources {
		if unit.IsCustom(r) {
			f.Evidence = analyzer.Open
		}
	}
	return f
}

// mentioned reports whether the name of an object stands anywhere in another
// one of the unit.
func mentioned(u *unit.Unit, of *manifest.Resource) bool {
	for _, r := range u.Resources {
		if r != of && holds(r.Node, of.Name) {
			return true
		}
	}
	return false
}

func holds(n *manifest.Node, text string) bool {
	if n.Kind == manifest.ScalarNode {
		return strings.Contains(n.Value, text)
	}
	for _, c := range n.Children() {
		if holds(c, text) {
			return true
		}
	}
	return false
}
