package config

import (
	"reflect"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Nodes are the nodes of a cluster: those of a file, or a list. Zero means
// that none are known.
type Nodes struct {
	// File holds Node objects; its Text is "" if there is none.
	File Path
	// List are Node objects whose parts lead to where they stand in the
	// configuration.
	List []*manifest.Resource
}

// node is what is written of a node. Node objects are made of it.
type node struct {
	Name   Name              `json:"name" jsonschema:"the name of the node"`
	Labels map[string]string `json:"labels,omitempty" jsonschema:"its labels; kubernetes.io/hostname is the name unless it is given"`
	Taints []taint           `json:"taints,omitempty" jsonschema:"its taints"`
}

type taint struct {
	Key    Name   `json:"key" jsonschema:"the key of the taint"`
	Value  string `json:"value,omitempty" jsonschema:"its value"`
	Effect Effect `json:"effect" jsonschema:"NoSchedule, PreferNoSchedule or NoExecute"`
}

func (s *Nodes) read(d *decoder, n *manifest.Node, what string) {
	*s = Nodes{}
	if manifest.Resolve(n).Tag == manifest.StringTag {
		s.File.read(d, n, what)
		return
	}
	if !d.is(n, what, "a file or a list", manifest.SeqTag) {
		return
	}
	var nodes []node // for what is wrong with them
	d.decode(n, reflect.ValueOf(&nodes).Elem(), what)
	for _, item := range manifest.Items(n) {
		s.List = append(s.List, d.nodeOf(item))
	}
}

// nodeOf makes the Node object of an entry out of the entry's own nodes, so
// that their places are kept.
func (d *decoder) nodeOf(entry *manifest.Node) *manifest.Resource {
	mapping := func(content ...manifest.Node) manifest.Node {
		return manifest.Node{Kind: manifest.MappingNode, Tag: manifest.MapTag, Line: entry.Line, Column: entry.Column, Content: content}
	}
	key := func(text string) manifest.Node {
		return manifest.Node{Kind: manifest.ScalarNode, Tag: manifest.StringTag, Value: text, Line: entry.Line, Column: entry.Column}
	}
	metadata, spec := mapping(), mapping()
	for name, e := range manifest.Fields(entry) {
		to := &metadata
		if name == "taints" {
			to = &spec
		}
		to.Content = append(to.Content, *e.Key, *e.Raw)
	}
	object := mapping(key("metadata"), metadata, key("spec"), spec)
	return &manifest.Resource{
		Document: d.doc, Node: &object, APIVersion: "v1", Version: "v1", Kind: "Node",
		Name: manifest.String(entry, "name"),
	}
}
