package kustomize

import (
	"strconv"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

func index(i int) string { return strconv.Itoa(i) }

// mergeKeys are the fields by which kustomize tells the elements of a list
// apart (the patchMergeKey tags of k8s.io/api), most telling first.
var mergeKeys = []string{"name", "mountPath", "devicePath", "containerPort", "port", "ip", "topologyKey", "uid", "type", "key"}

// find returns the node at a path; a value that is null is returned too.
func find(n *manifest.Node, at []string) *manifest.Node {
	for _, step := range at {
		if n = child(n, step); n == nil {
			return nil
		}
	}
	return manifest.Resolve(n)
}

func child(n *manifest.Node, step string) *manifest.Node {
	if n = manifest.Resolve(n); n == nil {
		return nil
	}
	if n.Kind == manifest.SequenceNode {
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return manifest.Resolve(&n.Content[i])
		}
		return nil
	}
	return manifest.Field(n, step).Value
}

// follow walks a path of the made object in what it was made of, where the
// elements of lists may stand at other places. It returns the path there, with
// the rest of the path as it is, the node that was reached, and how many steps
// led to it.
func follow(in, made *manifest.Node, at []string) (steps []string, n *manifest.Node, depth int) {
	n = manifest.Resolve(in)
	for i, step := range at {
		to, element := step, child(made, step)
		if n != nil && n.Kind == manifest.SequenceNode {
			to = counterpart(n, element, step)
		}
		next := child(n, to)
		if next == nil {
			return append(steps, at[i:]...), n, i
		}
		steps, n, made = append(steps, to), next, element
	}
	return steps, n, len(at)
}

// counterpart returns the index of the element of a list that an element was
// made of.
func counterpart(list, element *manifest.Node, step string) string {
	if element == nil {
		return step
	}
	for _, key := range mergeKeys {
		value := manifest.String(element, key)
		if value == "" {
			continue
		}
		for i, other := range manifest.Items(list) {
			if manifest.String(other, key) == value {
				return index(i)
			}
		}
		if key == "name" {
			return "none" // a list by names has no such element
		}
	}
	for i, other := range manifest.Items(list) {
		if manifest.Equal(other, element) {
			return index(i)
		}
	}
	return step
}

// sameScalar reports whether two scalars read the same.
func sameScalar(a, b *manifest.Node) bool {
	return a != nil && b != nil && a.Kind == manifest.ScalarNode && b.Kind == manifest.ScalarNode && a.Value == b.Value
}
