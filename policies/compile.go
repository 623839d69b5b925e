package policies

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// compilation is the modules that are compiled together.
type compilation struct {
	modules  []named
	policies []*policy
}

// named is a module with the name of its file.
type named struct {
	file   string
	module *ast.Module
}

// policy returns the one with an id, nil if there is none.
func (c *compilation) policy(id string) *policy {
	for _, p := range c.policies {
		if p.rule.ID == id {
			return p
		}
	}
	return nil
}

// prepare compiles the modules together and prepares the query of each policy.
func (c *compilation) prepare() error {
	compiler, err := c.compiler()
	if err != nil {
		return err
	}
	modules := map[string]*ast.Module{}
	for _, m := range c.modules {
		modules[m.file] = m.module
	}
	if compiler.Compile(modules); compiler.Failed() {
		compiler.Errors.Sort()
		return flatten(compiler.Errors)
	}
	for _, p := range c.policies {
		if p.query, err = prepare(compiler, p.entry()); err != nil {
			return fmt.Errorf("%s: %w", p.rule.Policy, err)
		}
	}
	return c.prepareBatches(compiler)
}

// prepare makes a query ready to run. An error of a built-in function is an
// error of the query.
func prepare(compiler *ast.Compiler, query string) (rego.PreparedEvalQuery, error) {
	q, err := rego.New(
		rego.Compiler(compiler),
		rego.Query(query),
		rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(asIs),
	).PrepareForEval(context.Background())
	if err != nil {
		return q, fmt.Errorf("preparing its query: %w", err)
	}
	return q, nil
}

// asIs saves OPA the way from its values to plain Go data.
func asIs(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil }

// compiler returns a strict one that knows the type of the input: for each
// policy with the kinds that its METADATA names and no others.
func (c *compilation) compiler() (*ast.Compiler, error) {
	schemas := ast.NewSchemaSet()
	general, err := inputSchema(nil)
	if err != nil {
		return nil, err
	}
	schemas.Put(ast.SchemaRootRef, general)
	for _, p := range c.policies {
		if len(p.rule.Kinds) == 0 {
			continue
		}
		schema, err := inputSchema(p.rule.Kinds)
		if err != nil {
			return nil, err
		}
		ref := ast.SchemaRootRef.Append(ast.StringTerm(p.rule.ID))
		schemas.Put(ref, schema)
		for _, a := range p.module.Annotations {
			if a.Scope == "package" {
				a.Schemas = append(a.Schemas, &ast.SchemaAnnotation{Path: ast.InputRootRef, Schema: ref})
			}
		}
	}
	return ast.NewCompiler().WithCapabilities(capabilities()).WithStrict(true).
		WithSchemas(schemas).WithUseTypeCheckAnnotations(true), nil
}

// Schema is the JSON schema of the input, whatever kinds a policy looks at.
//
//go:embed input.schema.json
var Schema []byte

// inputSchema returns the schema of the input of a policy that looks at the
// given kinds; no kinds are all.
func inputSchema(kinds []string) (map[string]any, error) {
	var schema map[string]any
	if err := json.Unmarshal(Schema, &schema); err != nil {
		return nil, fmt.Errorf("the schema of the input: %w", err)
	}
	if len(kinds) == 0 {
		return schema, nil
	}
	// OPA's type checker heeds properties but not additionalProperties, so
	// each kind has to be one.
	resources := schema["properties"].(map[string]any)["resources"].(map[string]any)
	arrays := map[string]any{}
	for _, kind := range kinds {
		arrays[kind] = maps.Clone(resources["additionalProperties"].(map[string]any))
	}
	resources["properties"], resources["additionalProperties"] = arrays, false
	return schema, nil
}
