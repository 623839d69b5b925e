package kustomize

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
)

// KustomizeTargetMissing reports patches and images entries of a kustomization
// that change nothing.
var KustomizeTargetMissing = &analyzer.Rule{
	ID:    "kustomize-target-missing",
	Title: "A patch or an images entry of a kustomization changes nothing",
	Claim: analyzer.Suspect,
	Why: `A patch without a target has to find its object, or the build fails. One with a target is applied to whatever the target selects, and if that is nothing, kustomize goes on without a word: the limit, the replica count or the image that the patch sets is simply not there. The same holds for an entry of images that no container has.
It happens when an object is renamed in the base, or when a name is mistyped.

Left alone are components, which are written for whoever uses them, targets that are patterns or ask for labels, and everything in a kustomization that cannot be built.`,
	Bad: `-- kustomization.yaml --
resources:
- app.yaml
patches:
- target:
    kind: ConfigMap
    name: setings
  patch: |-
    - op: add
      path: /data/color
      value: blue
-- app.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  size: large
`,
	Good: `-- kustomization.yaml --
resources:
- app.yaml
patches:
- target:
    kind: ConfigMap
    name: settings
  patch: |-
    - op: add
      path: /data/color
      value: blue
-- app.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  size: large
`,
	References: []string{
		"https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/",
		"sigs.k8s.io/kustomize/api/internal/builtins/PatchTransformer.go: transformJson6902 applies a patch to what the target selects",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Build == nil {
			return nil
		}
		for _, i := range p.Unit.Build.IdlePatches() {
			p.Report(idlePatch(i))
		}
		for _, i := range p.Unit.Build.IdleImages() {
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("the images entry %s changes nothing: no container has this image", i.Name),
				Label:       "no container has this image",
				Consequence: "kustomize skips the entry without a word",
				Help:        "write the name as the containers do, without the tag, or remove the entry",
				Location:    i.In.Location(i.Field...),
				Path:        i.Field,
			})
		}
		return nil
	},
}

func idlePatch(i kustomize.Idle) analyzer.Finding {
	target := strings.TrimSpace(i.Kind + " " + i.Name)
	f := analyzer.Finding{
		Message:     fmt.Sprintf("the patch of %s changes nothing: there is no such object", target),
		Label:       "no object of this name",
		Consequence: "kustomize skips the patch without a word, and the build goes on",
		Help:        "write the name as the base does, or remove the patch",
		Location:    i.In.Location(i.Field...),
		Path:        i.Field,
	}
	if at := slices.IndexFunc(i.Near, func(name string) bool { return missing.Misspelled(name, i.Name) }); at >= 0 {
		f.Evidence = analyzer.NearMiss
		f.Notes = []string{fmt.Sprintf("there is %s", strings.TrimSpace(i.Kind+" "+i.Near[at]))}
		f.Help = "write name: " + i.Near[at]
	} else if len(i.Near) > 0 && i.Kind != "" && len(i.Near) <= 5 {
		f.Notes = []string{fmt.Sprintf("what it patches has %s %s", i.Kind, strings.Join(i.Near, ", "))}
	}
	return f
}
