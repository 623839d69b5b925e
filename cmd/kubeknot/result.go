package main

import (
	"cmp"
	"io"
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
	var list yaml.Node // with its comments, which manifest does not keep
	if err := yaml.Unmarshal(l.text, &list); err != nil {
		return err
	}
	if len(findings) > 0 {
		var results yaml.Node
		if err := results.Encode(newResults(findings)); err != nil {
			return err
		}
		root := yaml.NewRNode(&list)
		if earlier := root.Field("results"); earlier != nil && earlier.Value.YNode().Kind == yaml.SequenceNode {
			results.Content = append(earlier.Value.Content(), results.Content...)
		}
		if err := root.PipeE(yaml.SetField("results", yaml.NewRNode(&results))); err != nil {
			return err
		}
	}
	encoder := yaml.NewEncoder(w)
	if err := encoder.Encode(&list); err != nil {
		return err
	}
	return encoder.Close()
}

func newResults(findings []analyzer.Finding) framework.Results {
	var all framework.Results
	for i := range findings {
		all = append(all, newResult(&findings[i]))
	}
	return all
}

// isSecret reports whether the value is one that nobody may be shown.
func isSecret(r *manifest.Resource, value *manifest.Node) bool {
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
		if value := r.Get(f.Path...); value != nil && value.Kind == manifest.ScalarNode && !isSecret(r, value) {
			result.Field.CurrentValue, _ = manifest.Value(value)
		}
	}
	annotation := func(name string) string { return manifest.String(r.Node, "metadata", "annotations", name) }
	if path := cmp.Or(annotation(kioutil.PathAnnotation), annotation(kioutil.LegacyPathAnnotation)); path != "" {
		result.File = &framework.File{Path: path}
		index := cmp.Or(annotation(kioutil.IndexAnnotation), annotation(kioutil.LegacyIndexAnnotation))
		result.File.Index, _ = strconv.Atoi(index) // 0, as for a file of one object
	}
	return result
}
