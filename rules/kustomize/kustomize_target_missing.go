package kustomize

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// KustomizeTargetMissing reports patches and images entries of a kustomization
// that change nothing.
var KustomizeTargetMissing = &analyzer.Rule{
	ID:    "kustomize-target-missing",
	Title: "A patch or an images entry of a kustomization changes nothing",
	Claim: analyzer.Suspect,
	Why: `A patch without a target has to find its object, or the build fails. One with a target is applied to whatever the target selects by group, version, kind, namespace and name. If that is nothing, kustomize silently ignores it, and the limit, the replica count or the image that the patch sets is missing. The same holds for an entry of images that no container has.
It happens when an object is renamed or moves to another API version in the base, or when a name is mistyped.

Not reported are components, which are written for any kustomization that uses them, targets that are patterns or select by labels, and kustomizations that cannot be built or whose charts and plugins may make further objects.`,
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
		"sigs.k8s.io/kustomize/api/resmap/reswrangler.go: Select",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Build == nil {
			return nil
		}
		for _, i := range p.Unit.Build.IdlePatches() {
			p.Report(idlePatch(i))
		}
		for _, i := range p.Unit.Build.IdleImages() {
			p.Report(idleImage(i))
		}
		return nil
	},
}

func idleImage(i kustomize.Idle) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("the images entry %s changes nothing: no container has this image", i.Name),
		Label:       "no container has this image",
		Consequence: "kustomize silently ignores the entry",
		Help:        "set name to the image as the containers write it, without the tag, or remove the entry",
		Location:    i.Location,
		Path:        i.Path,
	}
	if len(i.Near) > 0 {
		f.Notes = []string{"containers have " + strings.Join(i.Near, ", ")}
		f.Help = "set name to " + i.Near[0]
	}
	return f
}

func idlePatch(i kustomize.Idle) analyzer.Finding {
	target := strings.TrimSpace(i.Kind + " " + i.Name)
	f := analyzer.Finding{
		Message:     fmt.Sprintf("the patch of %s changes nothing: no such object exists", target),
		Label:       "no object has this name",
		Consequence: "kustomize silently ignores the patch",
		Help:        "set name to that of an object in the base, or remove the patch",
		Location:    i.Location,
		Path:        i.Path,
	}
	if i.Field != "" {
		return excluded(f, i, target)
	}
	if at := slices.IndexFunc(i.Near, func(name string) bool { return nearmiss.IsSlip(name, i.Name) }); at >= 0 {
		f.Evidence, f.Reading = analyzer.NearMiss, "spelling"
		f.Notes = []string{fmt.Sprintf("%s exists", strings.TrimSpace(i.Kind+" "+i.Near[at]))}
		f.Help = "set name to " + i.Near[at]
	} else if len(i.Near) > 0 && i.Kind != "" && len(i.Near) <= 5 {
		f.Notes = []string{fmt.Sprintf("the kustomization has %s %s", i.Kind, strings.Join(i.Near, ", "))}
	}
	return f
}

// excluded says that an object of the name exists, and which field of the
// target keeps the patch from it.
func excluded(f analyzer.Finding, i kustomize.Idle, target string) analyzer.Finding {
	f.Message = fmt.Sprintf("the patch of %s changes nothing: its target has %s %s, which the object does not have", target, i.Field, i.Value)
	f.Label = "matches no object"
	has := i.Has
	if has == "" {
		has = `""`
	}
	f.Notes = []string{fmt.Sprintf("the object has %s %s", i.Field, has)}
	f.Help = fmt.Sprintf("set %s to %s, or leave it out", i.Field, has)
	return f
}
