package documents

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/missing"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// AppliedTooEarly reports objects that are applied before what they need, so
// that the first attempt fails.
var AppliedTooEarly = &analyzer.Rule{
	ID:    "applied-too-early",
	Title: "An object is applied before what it needs",
	Claim: analyzer.Rejected,
	Why: `kubectl apply sends objects in the order of files and documents, and sorts nothing. Most references may come later, because controllers and kubelets try again. Three may not: an object whose Namespace stands behind it is refused, and so is a bare Pod whose ServiceAccount does. A custom resource is refused even behind its CustomResourceDefinition, because kubectl looks its kind up before it applies anything.

The rest is applied, the exit code is 1, and a second attempt works. So it is a warning in one file, and info between two files of a directory, which may be meant to be applied one by one. kustomize and GitOps tools sort by kind; for what they apply it is of no concern.`,
	Bad: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
---
apiVersion: v1
kind: Namespace
metadata:
  name: shop
`,
	Good: `apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: shop
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/management/#organizing-resource-configurations",
		"k8s.io/kubernetes/plugin/pkg/admission/serviceaccount/admission.go: getServiceAccount",
		"k8s.io/kubernetes/staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Build != nil || p.Unit.Kind == unit.Unlisted {
			return nil // sorted by kind, or applied nobody knows how
		}
		order := map[*manifest.Resource]int{}
		for i, r := range p.Unit.Resources {
			order[r] = i
		}
		tooEarlyForNamespace(p, order)
		tooEarlyForDefinition(p)
		for _, ref := range p.Graph.References().All {
			if ref.Use == graph.Account && missing.Judged(p, ref) && ref.Workload.IsPod() && !manifest.IsPlaceholder(ref.Target.Name) {
				if accounts := p.Graph.Resolve(ref); len(accounts) > 0 && behind(order, ref.From, accounts) {
					p.Report(tooEarlyForAccount(ref, accounts[0]))
				}
			}
		}
		return nil
	},
}

// behind reports whether all of the needed objects are the unit's own and come
// after the one that needs them.
func behind(order map[*manifest.Resource]int, r *manifest.Resource, needed []*manifest.Resource) bool {
	for _, n := range needed {
		if at, own := order[n]; !own || at < order[r] {
			return false
		}
	}
	return true
}

// tooEarlyForNamespace reports each Namespace once, at the first object that
// comes before it.
func tooEarlyForNamespace(p *analyzer.Pass, order map[*manifest.Resource]int) {
	early, first := map[string]int{}, map[string]*manifest.Resource{}
	for _, r := range p.Unit.Resources {
		needed := p.Graph.Objects().Named(graph.Target{Kind: "Namespace", Name: r.Namespace})
		if r.Namespace == "" || len(needed) == 0 || !behind(order, r, needed) {
			continue
		}
		if early[r.Namespace]++; first[r.Namespace] == nil {
			first[r.Namespace] = r
		}
	}
	for _, r := range p.Unit.Resources {
		if r.Kind != "Namespace" || first[r.Name] == nil {
			continue
		}
		f := tooEarly(first[r.Name], r, early[r.Name], "metadata", "namespace")
		f.Consequence = fmt.Sprintf("the first apply fails: namespaces %q not found; applied once more, it is accepted", r.Name)
		f.Help = fmt.Sprintf("put %s first, into a file that sorts before the others", r)
		p.Report(f)
		delete(first, r.Name)
	}
}

// tooEarlyForDefinition reports each CustomResourceDefinition once, at the
// first object of its kind.
func tooEarlyForDefinition(p *analyzer.Pass) {
	type kind struct{ group, name string }
	count, first := map[kind]int{}, map[kind]*manifest.Resource{}
	for _, r := range p.Unit.Resources {
		k := kind{r.Group, r.Kind}
		if count[k]++; first[k] == nil {
			first[k] = r
		}
	}
	for _, crd := range p.Unit.Resources {
		k := kind{manifest.String(crd.Node, "spec", "group"), manifest.String(crd.Node, "spec", "names", "kind")}
		if crd.Kind != "CustomResourceDefinition" || first[k] == nil {
			continue
		}
		f := tooEarly(first[k], crd, count[k], "kind")
		f.Message = fmt.Sprintf("%s is applied together with the CustomResourceDefinition of its kind", first[k])
		f.Consequence = fmt.Sprintf("the first apply fails: no matches for kind %q; applied once more, it is accepted", k.name)
		f.Help = "apply the definition first: kubectl apply -f " + crd.File().Path
		f.Related[0].Message = "its kind is defined here"
		p.Report(f)
		delete(first, k)
	}
}

// tooEarlyForAccount reports a bare Pod before its ServiceAccount.
func tooEarlyForAccount(ref *graph.Reference, account *manifest.Resource) analyzer.Finding {
	f := tooEarly(ref.From, account, 1, ref.Path...)
	f.Consequence = "the API server refuses the Pod: serviceaccount not found; applied once more, it is accepted"
	f.Help = fmt.Sprintf("put %s before it, into the same file or into one that sorts before", account)
	return f
}

// tooEarly starts a finding about the first of some objects that need another.
func tooEarly(r, needed *manifest.Resource, objects int, path ...string) analyzer.Finding {
	f := analyzer.Finding{
		Severity: analyzer.Warning,
		Message:  fmt.Sprintf("%s is applied before its %s", r, needed),
		Label:    "not there yet",
		Location: r.EntryLocation(path...),
		Path:     path,
		Resource: r,
		Related:  []analyzer.Related{{Location: needed.NameLocation(), Message: fmt.Sprintf("%s comes after it", needed)}},
	}
	if r.File() != needed.File() {
		f.Severity = analyzer.Info
		f.Notes = append(f.Notes, "this is so if the directory is applied at once, in the order of its files")
	}
	if objects > 1 {
		f.Notes = append(f.Notes, fmt.Sprintf("%s in the same way", text.Count(objects-1, "more object fails", "more objects fail")))
	}
	return f
}
