package main

import (
	"io"
	"slices"
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// write writes the list as it came, with the findings behind the results that
// it holds already. Without findings nothing is added.
func (l resourceList) write(w io.Writer, findings []analyzer.Finding) error {
	list := *l.root
	if len(findings) > 0 {
		var results yaml.Node
		if err := results.Encode(newResults(findings)); err != nil {
			return err
		}
		earlier := manifest.Items(manifest.Get(l.root, "results"))
		results.Content = append(slices.Clone(earlier), results.Content...)
		list.Content = withField(list.Content, "results", &results)
	}
	encoder := yaml.NewEncoder(w)
	if err := encoder.Encode(&list); err != nil {
		return err
	}
	return encoder.Close()
}

// withField returns the content of a mapping with a field set.
func withField(content []*yaml.Node, key string, value *yaml.Node) []*yaml.Node {
	content = slices.Clone(content)
	for i := 0; i+1 < len(content); i += 2 {
		if content[i].Value == key {
			content[i+1] = value
			return content
		}
	}
	return append(content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
}

func newResults(findings []analyzer.Finding) framework.Results {
	var all framework.Results
	for i := range findings {
		all = append(all, newResult(&findings[i]))
	}
	return all
}

// isSecret reports whether the value is one that nobody may be shown.
func isSecret(r *manifest.Resource, value *yaml.Node) bool {
	quoted := strconv.Quote(value.Value)
	return r.IsSecret() || r.Mask(quoted) != quoted
}

// newResult is a finding as functions report it. No value that is secret is shown.
func newResult(f *analyzer.Finding) *framework.Result {
	result := &framework.Result{
		Message:  f.Message,
		Severity: framework.Severity(f.Severity),
		Tags:     map[string]string{"rule": f.Rule, "claim": string(f.Claim), "evidence": string(f.Evidence)},
	}
	for key, text := range map[string]string{"consequence": f.Consequence, "help": f.Help} {
		if text != "" {
			result.Tags[key] = text
		}
	}
	r := f.Resource
	if r == nil {
		return result
	}
	result.ResourceRef = &yaml.ResourceIdentifier{
		TypeMeta: yaml.TypeMeta{APIVersion: r.APIVersion, Kind: r.Kind},
		NameMeta: yaml.NameMeta{Name: r.Name, Namespace: r.Namespace},
	}
	if len(f.Path) > 0 {
		result.Field = &framework.Field{Path: manifest.FieldPath(f.Path)}
		if value := r.Get(f.Path...); value != nil && value.Kind == yaml.ScalarNode && !isSecret(r, value) {
			result.Field.CurrentValue, _ = manifest.Value(value)
		}
	}
	if path, index, _ := kioutil.GetFileAnnotations(yaml.NewRNode(r.Node)); path != "" {
		result.File = &framework.File{Path: path}
		result.File.Index, _ = strconv.Atoi(index) // 0, as for a file of one object
	}
	return result
}
