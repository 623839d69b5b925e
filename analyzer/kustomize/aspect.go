package kustomize

import (
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Aspects is a set of what kustomizations change of the objects that they list.
// The zero value changes nothing.
type Aspects uint16

const (
	// Namespace is metadata.namespace, and the namespaces of subjects.
	Namespace Aspects = 1 << iota
	// Names are names of objects, and the references to them.
	Names
	// Labels are those in the metadata of objects.
	Labels
	// Selectors are selectors, and the labels of pod templates with them.
	Selectors
	// Annotations are those of objects and of pod templates.
	Annotations
	// Images are the images of containers.
	Images
	// Replicas are numbers of replicas.
	Replicas
	// Fields are all others.
	Fields

	// Everything may be changed by a patch.
	Everything = 1<<iota - 1
	// Relations are what rules read that compare objects with each other.
	Relations = Everything &^ (Annotations | Images)
)

// changing are the fields of a kustomization that change objects
// (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/).
var changing = map[string]Aspects{
	"namespace":             Namespace,
	"namePrefix":            Names,
	"nameSuffix":            Names,
	"commonLabels":          Labels | Selectors,
	"commonAnnotations":     Annotations,
	"images":                Images,
	"replicas":              Replicas,
	"patches":               Everything,
	"patchesStrategicMerge": Everything,
	"patchesJson6902":       Everything,
	"transformers":          Everything,
	"replacements":          Everything,
	"vars":                  Everything,
	"configurations":        Everything,
}

// changes returns what a kustomization itself changes. What its components
// change is theirs to say.
func changes(root *manifest.Node) Aspects {
	var all Aspects
	for field, aspects := range changing {
		if manifest.Get(root, field) != nil {
			all |= aspects
		}
	}
	for _, entry := range manifest.Items(manifest.Get(root, "labels")) {
		all |= labelChanges(entry)
	}
	return all
}

// labelChanges returns what an entry of "labels" changes: selectors and pod
// templates only if it says so (api/types Label).
func labelChanges(entry *manifest.Node) Aspects {
	switch {
	case manifest.Get(entry, "fields") != nil:
		return Labels | Selectors | Annotations | Fields
	case manifest.String(entry, "includeSelectors") == "true", manifest.String(entry, "includeTemplates") == "true":
		return Labels | Selectors
	}
	return Labels
}

// AspectOf returns what the field at a path of an object belongs to.
func AspectOf(path []string) Aspects {
	if len(path) == 0 {
		return Fields
	}
	switch last := path[len(path)-1]; {
	case last == "namespace":
		return Namespace
	case last == "name":
		return Names
	case last == "image":
		return Images
	case last == "replicas":
		return Replicas
	case slices.Contains(path, "selector"), slices.Contains(path, "labels") && path[0] != "metadata":
		return Selectors
	case slices.Contains(path, "labels"):
		return Labels
	case slices.Contains(path, "annotations"):
		return Annotations
	}
	return Fields
}
