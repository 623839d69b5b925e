package helm

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

const schemaFile = "values.schema.json"

// closed loads nothing: a schema that refers to another file or to the network
// is not followed.
type closed struct{}

var errClosed = errors.New("refers to what is not read")

func (closed) Load(string) (any, error) { return nil, errClosed }

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
		_, reason, _ := strings.Cut(invalid.Error(), "\n")
		e := notRendered("%s of chart %s: %s", schemaFile, c.Name(), strings.TrimLeft(reason, "- "))
		if all := r.values.charts[c].find(invalid.InstanceLocation); len(all) > 0 {
			at := all[0]
			e.At = (&manifest.Resource{Document: at.Document, Node: at.Node}).Location(at.Path...)
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
	if errors.Is(err, errClosed) {
		return nil
	}
	if err != nil {
		return err
	}
	return compiled.Validate(values)
}
