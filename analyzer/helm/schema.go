package helm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/secret"
)

const schemaFile = "values.schema.json"

// closed loads nothing: a schema that refers to another file or to the network
// is not followed.
type closed struct{}

func (closed) Load(string) (any, error) { return nil, errors.New("not read") }

// checkSchema holds values against the schemas of a chart and those it depends
// on (helm pkg/chart/common/util ValidateAgainstSchema). A schema that cannot
// be read without leaving the chart is passed over.
func (r *renderer) checkSchema(c *chart.Chart, values map[string]any) error {
	if err := check(c.Schema, values); err != nil {
		var invalid *jsonschema.ValidationError
		if !errors.As(err, &invalid) {
			return fmt.Errorf("%s of chart %s: %w", schemaFile, c.Name(), err)
		}
		for len(invalid.Causes) > 0 {
			invalid = invalid.Causes[0]
		}
		reason := invalid.Error()
		if slices.ContainsFunc(invalid.InstanceLocation, secret.Named) { // it may hold the value
			reason = "at '/" + strings.Join(invalid.InstanceLocation, "/") + "': the value does not fit"
		}
		e := notRendered("%s of chart %s: %s", schemaFile, c.Name(), reason)
		if all := r.values.charts[c].find(invalid.InstanceLocation); len(all) > 0 {
			at := all[0]
			e.At = (&manifest.Resource{Document: at.Document, Node: at.Node}).Location(at.Path...)
			if !wantsValue(invalid, at.node) {
				e.broken()
			}
		}
		return e
	}
	for _, d := range c.Dependencies() {
		if below, ok := values[d.Name()].(map[string]any); ok {
			if err := r.checkSchema(d, below); err != nil {
				return err
			}
		}
	}
	return nil
}

// wantsValue reports whether a schema refuses what is left to those who install
// the chart: a value that is missing, or empty until one is given.
func wantsValue(e *jsonschema.ValidationError, value *manifest.Node) bool {
	if _, missing := e.ErrorKind.(*kind.Required); missing {
		return true
	}
	return manifest.IsNull(value) || value.Kind == manifest.ScalarNode && value.Value == "" || value.Kind != manifest.ScalarNode && len(value.Content) == 0
}

func check(schema []byte, values map[string]any) error {
	if schema == nil {
		return nil
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		return err
	}
	const name = "file:///" + schemaFile
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(closed{})
	if err := compiler.AddResource(name, parsed); err != nil {
		return err
	}
	compiled, err := compiler.Compile(name)
	var elsewhere *jsonschema.LoadURLError
	if errors.As(err, &elsewhere) {
		return nil
	}
	if err != nil {
		return err
	}
	return compiled.Validate(values)
}
