package policies

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// constraint is a constraint of Gatekeeper: a template with parameters, and
// what it is about.
type constraint struct {
	*template
	resource   *manifest.Resource
	json       []byte
	match      match
	parameters *ast.Term
	action     string
}

// constraintKey is the key of the constraint of a template among what is
// derived of a resource.
var constraintKey memo.Key[read]

// read is a constraint, or why it cannot be read.
type read struct {
	constraint
	err error
}

// constraintOf reads a constraint of a template.
func constraintOf(r *manifest.Resource, t *template) (*constraint, error) {
	c := constraintKey.For(r, t, func() read {
		c, err := readConstraint(r, t)
		return read{c, err}
	})
	if c.err != nil {
		return nil, fmt.Errorf("%s: %w", r, c.err)
	}
	return &c.constraint, nil
}

func readConstraint(r *manifest.Resource, t *template) (c constraint, err error) {
	c.template, c.resource = t, r
	data, ok := manifest.AppendJSON(nil, r.Node)
	if !ok {
		return c, errors.New("it is too large")
	}
	c.json = data
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		return c, err
	}
	if c.match, err = matchOf(object); err != nil {
		return c, fmt.Errorf("spec.match: %w", err)
	}
	spec, _ := object["spec"].(map[string]any)
	parameters := spec["parameters"]
	if given, ok := parameters.(map[string]any); ok || parameters == nil {
		if given == nil {
			given = map[string]any{}
		}
		if parameters, err = t.complete(given); err != nil {
			return c, err
		}
		if spec != nil {
			spec["parameters"] = parameters
			if c.json, err = json.Marshal(object); err != nil {
				return c, err
			}
		}
	}
	value, err := ast.InterfaceToValue(parameters)
	if err != nil {
		return c, err
	}
	c.parameters = ast.NewTerm(value)
	c.action = actionOf(r)
	return c, nil
}

// complete fills in the defaults of the schema that the template gives its
// parameters, as the API server does once the kind is defined.
func (t *template) complete(parameters map[string]any) (map[string]any, error) {
	schema := t.resource.Get("spec", "crd", "spec", "validation", "openAPIV3Schema")
	if schema == nil {
		return parameters, nil
	}
	data, ok := manifest.AppendJSON(nil, schema)
	if !ok {
		return nil, errors.New("the schema of its template is too large")
	}
	return parameters, apiserver.Default(data, parameters)
}

// actions orders what Gatekeeper does about a violation, the loudest first.
var actions = []string{"deny", "warn", "dryrun"}

// actionOf returns the loudest action of a constraint, wherever it is enforced.
func actionOf(r *manifest.Resource) string {
	action := manifest.String(r.Node, "spec", "enforcementAction")
	switch action {
	case "":
		return "deny"
	case "scoped":
		given := map[string]bool{}
		for _, scoped := range manifest.Items(r.Get("spec", "scopedEnforcementActions")) {
			given[manifest.String(scoped, "action")] = true
		}
		for _, a := range actions {
			if given[a] {
				return a
			}
		}
	}
	return action
}

// outcome is what an action makes of a violation.
func outcome(action string) (analyzer.Severity, analyzer.Claim, string) {
	switch action {
	case "deny":
		return analyzer.Error, analyzer.Rejected, "Gatekeeper refuses it"
	case "warn":
		return analyzer.Warning, analyzer.Policy, "Gatekeeper lets it pass with a warning"
	}
	return analyzer.Info, analyzer.Policy, "Gatekeeper lets it pass and reports it"
}
