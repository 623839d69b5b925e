package policies

import (
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// constraintTemplateInvalid reports templates of Gatekeeper that cannot be
// compiled.
var constraintTemplateInvalid = &analyzer.Rule{
	ID:    "constraint-template-invalid",
	Title: "A ConstraintTemplate that does not compile",
	Claim: analyzer.Rejected,
	Kinds: []string{"ConstraintTemplate"},
	Why: `Gatekeeper compiles the Rego or CEL of a ConstraintTemplate when it is applied. Its webhook refuses one that does not compile; where the webhook is not asked, the template is stored, its kind of constraints never comes to be, and nothing is enforced.

Rego is of version 0 unless the source says version: v1, as in Gatekeeper.`,
	Bad:  strings.Replace(templateAlone, "CONDITION", `input.review.object.spec.type = "NodePort`, 1),
	Good: strings.Replace(templateAlone, "CONDITION", `input.review.object.spec.type == "NodePort"`, 1),
	References: []string{
		"https://open-policy-agent.github.io/gatekeeper/website/docs/constrainttemplates/",
		"github.com/open-policy-agent/frameworks/constraint/pkg/client/drivers/rego",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Rewrites(kustomize.Everything) {
			return nil
		}
		for _, r := range p.Unit.Resources {
			if !isTemplate(r) {
				continue
			}
			_, f := templateOf(r)
			switch {
			case f == nil:
			case f.denied:
				p.Skip(r, r.String()+": "+f.message)
			default:
				p.Report(analyzer.Finding{
					Message:     fmt.Sprintf("%s does not compile: %s", r, f.message),
					Resource:    r,
					Path:        f.path,
					Consequence: "Gatekeeper refuses it, and no constraint of its kind is enforced",
					Help:        "mend it; gator verify, or kubeknot, says whether it compiles",
					Location:    placeOf(r, f),
				})
			}
		}
		return nil
	},
}

const templateAlone = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: nonodeport
spec:
  crd:
    spec:
      names:
        kind: NoNodePort
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package nonodeport

        violation[{"msg": "it has node ports"}] {
          CONDITION
        }
`

// placeOf returns the line of a fault if the text stands as a block, line by
// line, else the key above the text.
func placeOf(r *manifest.Resource, f *fault) source.Location {
	key := r.KeyLocation(f.path...)
	n := manifest.Resolve(r.Get(f.path...))
	if f.row == 0 || r.Origin != nil || n == nil || n.Style&manifest.LiteralStyle == 0 {
		return key
	}
	line := key.File.Position(key.Span.Start).Line + f.row
	if line > key.File.Lines() {
		return key
	}
	span := key.File.Line(line)
	text := string(key.File.Data[span.Start:span.End])
	span.Start += len(text) - len(strings.TrimLeft(text, " "))
	span.End = span.Start + len(strings.TrimSpace(text))
	return source.Location{File: key.File, Span: span}
}
