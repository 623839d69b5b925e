package manifest

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kubeknot/kubeknot/analyzer/secret"
)

// search looks for secrets in a tree of nodes.
type search struct {
	whole    bool // everything is secret, whatever it looks like
	skipText bool // do not look for secrets within texts

	found []*Node         // whose whole value is secret
	texts []string        // within values that say other things too
	plain map[string]bool // what is said in the open
	steps int
}

// maxSearchSteps bounds a walk that aliases make long.
const maxSearchSteps = 1 << 17

// node looks at a node that stands behind a name; held says whether all of it is
// secret.
func (s *search) node(raw *Node, name string, held bool) {
	n := Resolve(raw)
	if s.steps++; n == nil || s.steps > maxSearchSteps {
		return
	}
	switch n.Kind {
	case ScalarNode:
		s.scalar(raw, n, name, held)
	case SequenceNode:
		for i, item := range n.Children() {
			behindFlag := i > 0 && secret.Flag(n.Content[i-1].Value)
			s.node(item, name, held || behindFlag)
		}
	case MappingNode:
		s.fields(n, String(n, "name"), name, held, 0)
	}
}

func (s *search) scalar(raw, n *Node, name string, held bool) {
	switch {
	case IsNull(n):
	case s.whole && held, held && n.Tag != BoolTag && secret.Plausible(n.Value), !held && secret.Held(name, n.Value):
		s.found = append(s.found, raw)
	case (strings.Contains(n.Value, "ecret") || strings.Contains(n.Value, "stringData")) && secretKind.MatchString(n.Value):
		if s.found = append(s.found, raw); !s.skipText {
			s.texts = append(s.texts, secret.Lines(n.Value)...)
		}
	case !s.skipText:
		for _, v := range secret.InText(n.Value) {
			s.texts = append(s.texts, v.Text)
		}
	}
}

// all looks at a node of which everything is secret.
func (s *search) all(raw *Node) {
	before := s.whole
	s.whole = true
	s.node(raw, "", true)
	s.whole = before
}

// fields looks at the fields of a mapping, those that are merged into it
// included. variable is what the mapping says is its name.
func (s *search) fields(n *Node, variable, around string, held bool, depth int) {
	isSecret := isSecretKind(String(n, "kind")) && (Get(n, "metadata") != nil || Get(n, "data") != nil)
	patched := strings.HasPrefix(String(n, "path"), "/stringData")
	for i := 0; i+1 < len(n.Content); i += 2 {
		raw := &n.Content[i+1]
		k := Resolve(&n.Content[i])
		if k == nil {
			continue
		}
		key := k.Value
		if key == "<<" && depth < maxListDepth {
			for _, m := range append(Items(raw), Resolve(raw)) {
				if m != nil && m.Kind == MappingNode {
					s.fields(m, variable, around, held, depth+1)
				}
			}
			continue
		}
		s.say(key, raw)
		if key == "stringData" || patched && key == "value" || isSecret && holdsValues(key, raw) || around == "secretGenerator" && !slices.Contains(generatorKeys, key) {
			s.all(raw)
			continue
		}
		name := key
		if key == "value" && variable != "" {
			name = variable
		}
		mentions := !s.whole && held && secret.Mentions(key)
		ofVariable := key != "name" && key != "valueFrom" && !secret.Mentions(key) && secret.Variable(variable)
		s.node(raw, name, held && !mentions || ofVariable || secret.Named(name))
	}
}

// generatorKeys are the keys of a secretGenerator that hold no values
// (sigs.k8s.io/kustomize/api/types SecretArgs).
var generatorKeys = []string{"name", "namespace", "type", "behavior", "files", "env", "envs", "options"}

// say notes what an object says in the open: its keys and names.
func (s *search) say(key string, value *Node) {
	switch key {
	case "name", "namespace", "kind", "apiVersion":
		if v := Resolve(value); v != nil {
			s.open(v.Value)
		}
	}
	s.open(key)
}

func (s *search) open(words ...string) {
	if s.skipText {
		return
	}
	if s.plain == nil {
		s.plain = map[string]bool{}
	}
	for _, w := range words {
		s.plain[w] = true
	}
}

// values returns the texts of what was found.
func (s *search) values() []string {
	var all []string
	for _, raw := range s.found {
		n := Resolve(raw)
		value, _ := Value(n)
		all = append(all, n.Value, fmt.Sprint(value)) // 1e3 is 1000 in JSON
		if text, err := base64.StdEncoding.DecodeString(n.Value); err == nil && s.whole && utf8.Valid(text) {
			all = append(all, string(text))
		}
	}
	all = append(all, s.texts...)
	return slices.DeleteFunc(all, func(v string) bool { return s.plain[v] })
}
