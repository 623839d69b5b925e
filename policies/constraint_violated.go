package policies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// constraintViolated reports objects that violate a constraint of Gatekeeper.
var constraintViolated = &analyzer.Rule{
	ID:    "constraint-violated",
	Title: "An object violates a constraint of Gatekeeper",
	Claim: analyzer.Rejected,
	Why: `A ConstraintTemplate of OPA Gatekeeper holds a policy, in Rego or CEL, and a constraint of the kind that it defines puts the policy in force, with parameters and for the objects that it matches. kubeknot evaluates them as if each object of a unit were created, with the templates and constraints that stand in the unit, in the directories above it, or in what --policy names.

The enforcementAction decides: deny is an error, warn a warning, dryrun an info. The templates see what they see in Gatekeeper; data.inventory holds the other objects of the unit and of the directories above. Objects are judged as they are written, without defaults, as gator does. One without a namespace is judged in that of its unit, or else in "default".

Templates run in the same sandbox as policies: without network, clock and chance, and the values of Secrets are hidden from them. A constraint that asks for labels of a namespace that is not defined is counted and not judged.

Constraints on Pods are asked about the pods that a workload creates, with the defaults that they have when Gatekeeper sees them: the workload is accepted, and each pod is refused. ExpansionTemplates are followed: what they generate is judged with the resource itself, by the enforcementAction of the template if it has one.`,
	Bad: exampleTemplate + `      owner: ""
`,
	Good: exampleTemplate + `      owner: shop
`,
	References: []string{
		"https://open-policy-agent.github.io/gatekeeper/website/docs/howto/",
		"https://open-policy-agent.github.io/gatekeeper/website/docs/expansion/",
		"github.com/open-policy-agent/gatekeeper/pkg/mutation/match, pkg/target, pkg/expansion",
	},
	Run: func(p *analyzer.Pass) error { return judgeConstraints(p, usual) },
}

const exampleTemplate = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: requiredlabel
spec:
  crd:
    spec:
      names:
        kind: RequiredLabel
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package requiredlabel

        violation[{"msg": msg}] {
          label := input.parameters.label
          object.get(input.review.object.metadata.labels, label, "") == ""
          msg := sprintf("metadata.labels has no %v", [label])
        }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: RequiredLabel
metadata:
  name: configuration-has-an-owner
spec:
  match:
    kinds:
      - apiGroups: [""]
        kinds: [ConfigMap]
  parameters:
    label: owner
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: cart
  labels:
`

// constraintsOf returns the constraints that a unit finds: its own, those of the
// directories above, and those from outside, without what is defined again.
func constraintsOf(u *unit.Unit) ([]*constraint, error) {
	var (
		found     []*constraint
		errs      []error
		seen      = map[manifest.ID]bool{}
		templates = map[string]*template{}
		lists     = [][]*manifest.Resource{u.Resources, u.Context, u.Policies}
	)
	for _, list := range lists {
		for _, r := range list {
			if !isTemplate(r) {
				continue
			}
			if t, _ := templateOf(r); t != nil && templates[t.kind] == nil {
				templates[t.kind] = t
			}
		}
	}
	for _, list := range lists {
		for _, r := range list {
			t := templates[r.Kind]
			if !isConstraint(r) || t == nil || seen[r.ID()] {
				continue
			}
			seen[r.ID()] = true
			c, err := constraintOf(r, t)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			found = append(found, c)
		}
	}
	return found, errors.Join(errs...)
}

// judgeConstraints is the function of constraintViolated.
func judgeConstraints(p *analyzer.Pass, bounds limits) error {
	if p.Unit.Rewrites(kustomize.Everything) || p.Unit.Kind == unit.Document { // what is not there may be added
		return nil
	}
	constraints, err := constraintsOf(p.Unit)
	if err != nil || len(constraints) == 0 {
		return err
	}
	in, err := newCluster(p.Graph)
	if err != nil {
		return err
	}
	over := unfinished{}
	for _, r := range p.Unit.Resources {
		if in.objects[r] == nil {
			continue
		}
		requests := in.requests(r)
		for _, c := range constraints {
			if over[c] {
				continue
			}
			if err := c.judge(p, in, requests, bounds); err != nil && !over.add(p, c, err) {
				return in.masks().err(err)
			}
		}
	}
	return nil
}

// judge reports what a constraint finds in what is asked about one resource. A
// resource that is refused creates no pods to be refused.
func (c *constraint) judge(p *analyzer.Pass, in *cluster, requests []request, bounds limits) error {
	refused := false
	for _, q := range requests {
		if q.workload != nil && refused {
			continue
		}
		s := in.subject(q.object)
		s.generated = q.expansion != nil
		matches, err := c.match.matches(s)
		if errors.Is(err, errNamespace) {
			p.Skip(q.of, fmt.Sprintf("%s: %s", c.resource, err))
			continue
		} else if err != nil {
			return fmt.Errorf("%s: %w", c.resource, err)
		}
		if !matches {
			continue
		}
		violations, err := c.violations(in, q.object, bounds)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", c.template.resource, c.resource, err)
		}
		for _, v := range violations {
			f := c.finding(in, q, v)
			if n := f.Resource.Get(f.Path...); f.Path != nil && n != nil && manifest.IsPlaceholder(n.Value) {
				p.Skip(q.of, "objects: a value is still to be filled in")
				continue
			}
			p.Report(f)
			refused = refused || f.Claim == analyzer.Rejected
		}
	}
	return nil
}

// finding words a violation. It stands at the field that the details or the
// message name.
func (c *constraint) finding(in *cluster, q request, v found) analyzer.Finding {
	path := v.path
	if len(path) == 0 {
		path = q.object.Mentioned(v.message)
	}
	if q.object != q.of { // it has defaults that are not written
		path = slices.Concat(q.at, manifest.Known(q.of.Get(q.at...), path))
	}
	message := in.masks().text(v.message)
	f := analyzer.Finding{
		Message:  fmt.Sprintf("%s violates %s: %s", q.of, c.resource, message),
		Resource: q.of,
		Path:     path,
		Location: place(q.of, path),
		Policy:   c.resource.Kind + "/" + c.resource.Name,
		Help:     "change the object as the constraint requires, or change the constraint or what it matches",
		Related: []analyzer.Related{
			{Location: c.resource.NameLocation(), Message: "the constraint"},
			{Location: c.template.resource.KeyLocation(c.template.path...), Message: "its template"},
		},
	}
	action := c.action
	if e := q.expansion; e != nil {
		f.Message = fmt.Sprintf("%s violates %s: [Implied by %s] %s", q.of, c.resource, e.resource.Name, message)
		f.Related = append(f.Related, analyzer.Related{Location: e.resource.NameLocation(), Message: "applies constraints to what it creates"})
		action = cmp.Or(e.action, action)
	}
	f.Severity, f.Claim, f.Consequence = outcome(action)
	if q.workload != nil {
		f.Message = fmt.Sprintf("%s creates pods that violate %s: %s", q.of, c.resource, message)
		f.Consequence = "Gatekeeper admits the pods and its audit reports them"
		if action == "deny" {
			f.Claim = analyzer.Broken
			f.Message = fmt.Sprintf("%s is accepted, but %s refuses its pods: %s", q.of, c.resource, message)
			f.Consequence = "Gatekeeper refuses each pod: event FailedCreate"
		}
	}
	if text := strings.TrimSpace(manifest.String(c.template.resource.Node, "metadata", "annotations", "description")); text != "" {
		f.Notes = []string{strings.Join(strings.Fields(text), " ")}
	}
	return f
}
