package delivery

import (
	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// reportProblems reports the problems of a kind that planning has found.
func reportProblems(p *analyzer.Pass, kind unit.ProblemKind) {
	if p.Unit.Delivery == nil {
		return
	}
	for _, problem := range p.Unit.Delivery.Problems {
		if problem.Kind != kind {
			continue
		}
		f := analyzer.Finding{
			Message: problem.Message, Label: problem.Label, Consequence: problem.Consequence, Help: problem.Help,
			Location: problem.At, Path: problem.Path, Resource: problem.Resource,
		}
		if f.Location == (source.Location{}) {
			f.Location = problem.Resource.Location(problem.Path...)
		}
		if problem.Related != (source.Location{}) {
			f.Related = []analyzer.Related{{Location: problem.Related, Message: problem.RelatedText}}
		}
		p.Report(f)
	}
}

// run returns the Run of a rule that reports problems of one kind.
func run(kind unit.ProblemKind) func(*analyzer.Pass) error {
	return func(p *analyzer.Pass) error {
		reportProblems(p, kind)
		return nil
	}
}

// fluxExample is a repository with one Kustomization of Flux, whose path is
// apps/web. spec is put into it, more files follow.
func fluxExample(spec, more string) string {
	return "-- clusters/prod/web.yaml --\n" + `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: web
  namespace: flux-system
spec:
  interval: 10m
  prune: true
  targetNamespace: web
  sourceRef:
    kind: GitRepository
    name: flux-system
` + spec + more
}

// settings is a manifest that is sound.
const settings = `-- apps/web/settings.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
`

// component is one that adds nothing.
const component = `-- components/alerts/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
commonAnnotations:
  alerts: web
`

// twoExample is fluxExample with a second Kustomization, which applies a ConfigMap
// of a name.
func twoExample(name string) string {
	return fluxExample("  path: ./apps/web\n", `---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: more
  namespace: flux-system
spec:
  interval: 10m
  prune: true
  targetNamespace: web
  path: ./apps/more
  sourceRef:
    kind: GitRepository
    name: flux-system
`+settings+`-- apps/more/settings.yaml --
apiVersion: v1
kind: ConfigMap
metadata:
  name: `+name+"\n")
}
