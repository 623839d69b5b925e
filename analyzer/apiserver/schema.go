package apiserver

import (
	"encoding/json"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
)

// Default fills into a value the defaults that a schema of a
// CustomResourceDefinition, which is JSON, gives it.
func Default(schema []byte, value map[string]any) error {
	var (
		written extensionsv1.JSONSchemaProps
		props   apiextensions.JSONSchemaProps
	)
	if err := json.Unmarshal(schema, &written); err != nil {
		return fmt.Errorf("the schema: %w", err)
	}
	if err := extensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&written, &props, nil); err != nil {
		return fmt.Errorf("the schema: %w", err)
	}
	structural, err := structuralschema.NewStructural(&props)
	if err != nil {
		return fmt.Errorf("the schema: %w", err)
	}
	defaulting.Default(value, structural)
	return nil
}
