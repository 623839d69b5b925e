// Package config reads kubeknot.yaml: strictly, with the place of every fault,
// and answers what it says of a rule, a file and an object. It imports
// analyzer, manifest and source, and runs nothing.
//
// The types below are the format. Their json tags are its keys (those without
// omitempty must be given), their jsonschema tags its documentation: the
// decoder, the JSON schema and the reference in docs/configuration.md are all
// made from them.
package config

import (
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Config is what the configuration says, files that it extends included. What
// no file sets is zero, except for Exclude and RequireReason.
type Config struct {
	Extends       *Path      `json:"extends,omitempty" jsonschema:"another configuration file, relative to this one, whose lists come before those of this file, and whose other values hold where this file gives none"`
	Include       []Glob     `json:"include,omitempty" jsonschema:"the files that are reported; all if the list is not given" default:"['**']"`
	Exclude       []Glob     `json:"exclude,omitempty" jsonschema:"files that are read but not reported; how many is said" default:"['**/testdata', '**/fixtures']"`
	Rules         Rules      `json:"rules,omitempty" jsonschema:"the severity and the options of rules"`
	Overrides     []Override `json:"overrides,omitempty" jsonschema:"severities and options for some paths or objects; of several the last one counts"`
	Ignore        []Ignore   `json:"ignore,omitempty" jsonschema:"findings that are not reported"`
	RequireReason *bool      `json:"require-reason,omitempty" jsonschema:"whether everything that is ignored needs a reason" default:"true"`
	Policies      []Path     `json:"policies,omitempty" jsonschema:"Rego files, or directories of them, with rules of your own"`
	Values        []Path     `json:"values,omitempty" jsonschema:"values files for the Helm charts, after their own; of two the later one wins"`
	Units         []Unit     `json:"units,omitempty" jsonschema:"files that are applied together, where directories do not say so"`
	Nodes         Nodes      `json:"nodes,omitempty" jsonschema:"the nodes of the cluster: a file that kubectl get nodes -o yaml has written, or a list"`
	Namespace     Name       `json:"namespace,omitempty" jsonschema:"the namespace of objects that name none"`
	External      []External `json:"external,omitempty" jsonschema:"objects that exist although no file defines them"`
	Kubernetes    Version    `json:"kubernetes-version,omitempty" jsonschema:"the version of the cluster, as 1.31; if it is not set, that of the API server inside kubeknot"`
	FailOn        FailOn     `json:"fail-on,omitempty" jsonschema:"the least severity that makes the exit code 1: error, warning, info or never" default:"error"`

	layers []*layer // the file itself first, then what it extends
}

// Override sets rules for a part of the tree. An object has to match both
// lists if both are given.
type Override struct {
	Paths     []Glob          `json:"paths,omitempty" jsonschema:"the files it is for"`
	Resources []Pattern       `json:"resources,omitempty" jsonschema:"the objects it is for: Kind/name or namespace/Kind/name"`
	Rules     Rules           `json:"rules" jsonschema:"the severity and the options of rules there"`
	At        source.Location `json:"-"`
}

// Ignore silences a rule for a part of the tree. An object has to match both
// lists if both are given.
type Ignore struct {
	Rule      RuleID          `json:"rule" jsonschema:"the id of the rule"`
	Paths     []Glob          `json:"paths,omitempty" jsonschema:"the files it is for"`
	Resources []Pattern       `json:"resources,omitempty" jsonschema:"the objects it is for: Kind/name or namespace/Kind/name"`
	Reason    string          `json:"reason,omitempty" jsonschema:"why the finding is all right"`
	Expires   Date            `json:"expires,omitempty" jsonschema:"the first day on which it no longer holds, as 2027-01-01"`
	At        source.Location `json:"-"`
}

// Unit is a set of files that are applied together.
type Unit struct {
	Name      Name            `json:"name" jsonschema:"what reports call it"`
	Files     []Glob          `json:"files" jsonschema:"the files that are judged together"`
	Context   []Glob          `json:"context,omitempty" jsonschema:"files that are applied before, and that these may lean on"`
	Nodes     Nodes           `json:"nodes,omitempty" jsonschema:"the nodes of its cluster, in place of those above"`
	Namespace Name            `json:"namespace,omitempty" jsonschema:"the namespace of its objects that name none"`
	External  []External      `json:"external,omitempty" jsonschema:"objects that exist in its cluster, besides those above"`
	At        source.Location `json:"-"`
}

// External is an object, or a kind of them, that exists although no file
// defines it.
type External struct {
	Kind      Name              `json:"kind" jsonschema:"the kind, as Secret"`
	Name      NameGlob          `json:"name" jsonschema:"the name; * stands for any text"`
	Namespace NameGlob          `json:"namespace,omitempty" jsonschema:"the namespace; any if it is not given"`
	Labels    map[string]string `json:"labels,omitempty" jsonschema:"labels of the object, or of the pods that it makes"`
	At        source.Location   `json:"-"`
}

// Matches reports whether an object is meant. An unset namespace, on either
// side, may be any.
func (e *External) Matches(kind, namespace, name string) bool {
	return string(e.Kind) == kind && e.Name.Match(name) &&
		(e.Namespace == "" || namespace == "" || e.Namespace.Match(namespace))
}

// NeedsReason reports whether what is ignored needs a reason: yes by default.
func (c *Config) NeedsReason() bool { return c.RequireReason == nil || *c.RequireReason }

// Files returns the configuration files, those that are extended last; none if
// there is no configuration.
func (c *Config) Files() []*source.File {
	var files []*source.File
	for _, l := range c.layers {
		files = append(files, l.doc.File)
	}
	return files
}
