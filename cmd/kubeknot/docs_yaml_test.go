package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// yaml runs what a pipeline would run of a block.
func (p *page) yaml(text string) {
	var doc yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for decoder.Decode(&doc) == nil {
		p.scripts(&doc)
		doc = yaml.Node{}
	}
}

// scripts runs what GitHub ("run") and GitLab ("script") give to a shell, and
// holds the steps that use the action against action.yml.
func (p *page) scripts(n *yaml.Node) {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			switch value := n.Content[i+1]; n.Content[i].Value {
			case "run", "script", "before_script":
				p.run(value)
			case "uses":
				if strings.HasPrefix(value.Value, "kubeknot/kubeknot@") {
					p.action(yaml.NewRNode(n))
				}
			}
		}
	}
	for _, c := range n.Content {
		p.scripts(c)
	}
}

func (p *page) run(value *yaml.Node) {
	lines := []string{value.Value}
	for _, line := range value.Content {
		lines = append(lines, line.Value)
	}
	p.succeeds(strings.Join(lines, "\n"))
}

// action reports inputs of a step that the action does not have.
func (p *page) action(step *yaml.RNode) {
	with, err := step.Pipe(yaml.Lookup("with"))
	if err != nil || with == nil {
		return
	}
	action, err := yaml.ReadFile(filepath.Join("..", "..", "action.yml"))
	if err != nil {
		p.t.Fatal(err)
	}
	names, _ := with.Fields()
	inputs, _ := action.Field("inputs").Value.Fields()
	for _, name := range names {
		if !slices.Contains(inputs, name) {
			p.t.Errorf("the action has no input %s", name)
		}
	}
}

// mention is a command within a sentence or a table, or several with a bar
// between their last words.
var mention = regexp.MustCompile("`kubeknot ([^`|\\\\]+)")

// mentions reports commands and flags in running text that do not exist.
func (p *page) mentions(text string) {
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		words := strings.Fields(m[1])
		root := newRoot("kubeknot")
		root.InitDefaultCompletionCmd()
		cmd, _, err := root.Find(words)
		if err != nil || cmd == root {
			p.t.Errorf("there is no command kubeknot %s", m[1])
			continue
		}
		for _, word := range words {
			name, long := strings.CutPrefix(word, "--")
			name, _, _ = strings.Cut(name, "=")
			if long && name != "help" && cmd.Flags().Lookup(name) == nil {
				p.t.Errorf("kubeknot %s: there is no flag --%s", m[1], name)
			}
		}
	}
}
