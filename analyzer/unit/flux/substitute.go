package flux

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/envsubst"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// This file substitutes variables as kustomize-controller does: after the build,
// in the YAML of each object
// (https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution,
// github.com/fluxcd/pkg/kustomize SubstituteVariables).

// variables are what postBuild sets.
type variables struct {
	known map[string]string
	// secret are the names whose values cannot be known.
	secret map[string]bool
	// open reports that any further name may be set.
	open bool
}

// switchedOff is the label or annotation that keeps an object from being changed.
const switchedOff = Group + "/substitute"

// substitute puts the variables of a Kustomization into what it builds.
func (f *finder) substitute(a *applied) {
	post := a.Get("spec", "postBuild")
	if post == nil {
		return
	}
	v := f.variablesOf(a, post)
	if len(v.known)+len(v.secret) == 0 && !v.open && manifest.String(post, "substituteStrategy") != "Always" {
		return
	}
	for i, r := range a.resources {
		off := func(field string) bool { return manifest.String(r.Node, "metadata", field, switchedOff) == "disabled" }
		if off("labels") || off("annotations") {
			continue
		}
		a.resources[i] = a.substituted(r, v)
	}
	if a.build.Built() {
		a.build.Resources = a.resources
	}
}

// variablesOf reads substituteFrom in order, then substitute, which wins.
func (f *finder) variablesOf(a *applied, post *manifest.Node) variables {
	v := variables{known: map[string]string{}, secret: map[string]bool{}}
	for _, from := range manifest.Items(manifest.Get(post, "substituteFrom")) {
		kind, name := manifest.String(from, "kind"), manifest.String(from, "name")
		config := f.config(a, kind, name)
		if config == nil {
			v.open = true
			continue
		}
		for _, field := range []string{"data", "stringData"} {
			for key, e := range manifest.Fields(config.Get(field)) {
				if delete(v.known, key); kind == "Secret" {
					v.secret[key] = true
				} else {
					v.known[key] = e.Value.Value
				}
			}
		}
	}
	for key, e := range manifest.Fields(manifest.Get(post, "substitute")) {
		delete(v.secret, key)
		v.known[key] = e.Value.Value
	}
	for key, value := range v.known {
		v.known[key] = strings.ReplaceAll(value, "\n", "")
	}
	return v
}

// config returns the ConfigMap or Secret that a Kustomization reads variables from:
// one that was built before, or one that lies beside the entry of the cluster; nil
// if this repository is not known to hold it.
func (f *finder) config(a *applied, kind, name string) *manifest.Resource {
	is := func(r *manifest.Resource) bool {
		return r.Group == "" && r.Kind == kind && r.Name == name && unit.SameNamespace(r.Namespace, a.Namespace)
	}
	if i := slices.IndexFunc(f.configs[a.cluster], is); i >= 0 {
		return f.configs[a.cluster][i]
	}
	for _, rel := range f.Files {
		if !strings.HasPrefix(rel, a.cluster+"/") || !bytes.Contains(f.Text(rel), []byte(name)) {
			continue
		}
		if file := f.Parse(rel); file != nil {
			if all := file.Resources(); slices.ContainsFunc(all, is) {
				return all[slices.IndexFunc(all, is)]
			}
		}
	}
	return nil
}

// value returns what stands for a variable. One that cannot be known stands for
// itself, as a placeholder.
func (v variables) value(name string) string {
	value, ok := v.known[name]
	if !ok && (v.open || v.secret[name]) {
		return "${" + name + "}"
	}
	return value
}

// plain finds variables without a default, and what escapes them.
var plain = regexp.MustCompile(`\$\$?\{([_A-Za-z][_A-Za-z0-9]*)\}`)

// substituted returns an object with its variables replaced.
func (a *applied) substituted(r *manifest.Resource, v variables) *manifest.Resource {
	data, ok := manifest.AppendJSON(nil, r.Node)
	if !ok || !bytes.Contains(data, []byte("$")) {
		return r
	}
	text, err := yaml.JSONToYAML(data)
	if err != nil {
		return r
	}
	lookUp := func(name string) (string, bool) { return v.value(name), true }
	out, err := envsubst.Eval(string(text), lookUp)
	if err != nil {
		a.fails(r, err)
		return r
	}
	a.unset(r, v)
	root, err := kyaml.Parse(out)
	if err != nil || root.YNode().Kind != kyaml.MappingNode {
		return r
	}
	var origin manifest.Origin = &substitution{of: r}
	if r.Origin != nil {
		origin = r.Origin // it leads to the text with the variables
	}
	return manifest.Made(manifest.FromYAML(root.YNode()), origin)
}

// substitution is where an object comes from that stands in a file, and whose
// variables were replaced. It implements manifest.Origin.
type substitution struct{ of *manifest.Resource }

// Trace leads to the text with the variable.
func (s *substitution) Trace(path []string) manifest.Place {
	return manifest.Place{Document: s.of.Document, Node: s.of.Node, Path: path}
}

// Name returns the name that is written.
func (s *substitution) Name() string { return s.of.Name }

// fails reports text that envsubst cannot read.
func (a *applied) fails(r *manifest.Resource, err error) {
	at, text := find(r.Node, nil, func(s string) bool {
		_, err := envsubst.Eval(s, func(string) (string, bool) { return "", true })
		return err != nil
	})
	a.delivery.Problems = append(a.delivery.Problems, unit.Problem{
		Kind: unit.SubstitutionFails, Resource: r, Path: at,
		Message:     fmt.Sprintf("%s: variable substitution fails: %s", r, cmp.Or(describe(text), err.Error())),
		Label:       "not a valid variable",
		Consequence: "reconciliation of " + a.String() + " fails: " + err.Error(),
		Help:        "write $${ for a literal ${, or annotate the object with " + switchedOff + ": disabled",
		Related:     a.Location("spec", "postBuild"), RelatedText: a.String() + " substitutes variables",
	})
}

// describe quotes the variable that cannot be read, "" if none is found.
func describe(text string) string {
	i := strings.Index(text, "${")
	if i < 0 {
		return ""
	}
	line, _, _ := strings.Cut(text[i:], "\n")
	if len(line) > 40 {
		line = line[:40] + "..."
	}
	return "cannot parse " + line
}

// unset reports variables that nothing sets.
func (a *applied) unset(r *manifest.Resource, v variables) {
	said := map[string]bool{}
	for {
		name := ""
		at, _ := find(r.Node, nil, func(s string) bool {
			for _, m := range plain.FindAllStringSubmatch(s, -1) {
				if _, known := v.known[m[1]]; strings.HasPrefix(m[0], "${") && !known && !v.secret[m[1]] && !said[m[1]] {
					name = m[1]
					return true
				}
			}
			return false
		})
		if name == "" || v.open {
			return
		}
		said[name] = true
		a.delivery.Problems = append(a.delivery.Problems, unit.Problem{
			Kind: unit.VariableUnset, Resource: r, Path: at,
			Message:     fmt.Sprintf("%s uses variable %s, which %s does not set", r, name, a.String()),
			Label:       "becomes empty",
			Consequence: fmt.Sprintf("Flux replaces ${%s} with an empty string", name),
			Help:        fmt.Sprintf("set %s in spec.postBuild.substitute, use ${%s:=default}, or $${%s} for a literal ${%s}", name, name, name, name),
			Related:     a.Location("spec", "postBuild"), RelatedText: a.String() + " sets its variables here",
		})
	}
}

// find returns the path and the text of the first scalar for which is returns
// true.
func find(n *manifest.Node, at []string, is func(string) bool) ([]string, string) {
	n = manifest.Resolve(n)
	switch {
	case n == nil:
	case n.Kind == manifest.ScalarNode && is(n.Value):
		return at, n.Value
	case n.Kind == manifest.SequenceNode:
		for i, item := range manifest.Items(n) {
			if found, text := find(item, append(slices.Clip(at), index(i)), is); text != "" {
				return found, text
			}
		}
	case n.Kind == manifest.MappingNode:
		for key, e := range manifest.Fields(n) {
			if found, text := find(e.Value, append(slices.Clip(at), key), is); text != "" {
				return found, text
			}
		}
	}
	return nil, ""
}
