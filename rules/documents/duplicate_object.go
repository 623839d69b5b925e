package documents

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// DuplicateObject reports objects that one file defines twice.
var DuplicateObject = &analyzer.Rule{
	ID:    "duplicate-object",
	Title: "One file defines an object twice",
	Claim: analyzer.Suspect,
	Why: `kubectl applies the documents of a file one after the other, so of two that define the same object (group, kind, namespace and name; not the version) the later one wins: fields of the first that the second leaves out are removed again. kustomize refuses such a file.

The same object in two files is left alone: nearly half of the objects in public repositories are defined more than once, as later versions or as alternatives.`,
	Bad: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  color: blue
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  size: large
`,
	Good: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  color: blue
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: sizes
data:
  size: large
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/overview/working-with-objects/names/",
		"https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes",
	},
	Run: func(p *analyzer.Pass) error {
		type key struct {
			file              *source.File
			group, kind, name string
		}
		before := map[key][]*manifest.Resource{}
		for _, r := range p.Unit.Resources {
			if r.Name == "" || manifest.IsPlaceholder(r.Name) || manifest.IsPlaceholder(r.Namespace) {
				continue
			}
			k := key{r.File(), r.Group, r.Kind, r.Name}
			for _, first := range before[k] {
				if unit.SameObject(first, r) && first.Namespace == r.Namespace {
					p.Report(duplicateObject(first, r))
					break
				}
			}
			before[k] = append(before[k], r)
		}
		return nil
	},
}

func duplicateObject(first, r *manifest.Resource) analyzer.Finding {
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s is defined twice in this file", r),
		Label:       "this one wins",
		Consequence: "kubectl applies both, and the later one wins",
		Help:        "remove one, or give it another name or namespace",
		Location:    r.EntryLocation("metadata", "name"),
		Path:        []string{"metadata", "name"},
		Resource:    r,
		Related:     []analyzer.Related{{Location: first.EntryLocation("metadata", "name"), Message: "first defined here"}},
	}
	if manifest.Equal(first.Node, r.Node) {
		f.Claim = analyzer.Advice
		f.Label = "the same again"
		f.Consequence = "kubectl applies both, which changes nothing; kustomize refuses the file"
	}
	return f
}
