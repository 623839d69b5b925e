package unit

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Earlier holds the objects that the units of a directory consisted of at an
// earlier revision of the repository, with their namespaces. A nil one means that
// no revision is known.
type Earlier map[object][]string

// Add adds the objects of a unit and of the directories above it, by the names
// that are written and by those that kustomize gives them.
func (e Earlier) Add(u *Unit) {
	for _, list := range [][]*manifest.Resource{u.Resources, u.Context} {
		for _, r := range list {
			for _, name := range []string{r.Name, r.WrittenName()} {
				id := object{group: r.Group, kind: r.Kind, name: name}
				if at, found := slices.BinarySearch(e[id], r.Namespace); name != "" && !found {
					e[id] = slices.Insert(e[id], at, r.Namespace)
				}
			}
		}
	}
}

// Has reports whether an object may have been among them. An empty namespace may
// be any.
func (e Earlier) Has(group, kind, namespace, name string) bool {
	return slices.ContainsFunc(e[object{group: group, kind: kind, name: name}], func(other string) bool {
		return SameNamespace(namespace, other)
	})
}

// Text returns all of it in a form that is compared byte by byte; nil for a nil
// one.
func (e Earlier) Text() []byte {
	if e == nil {
		return nil
	}
	return fmt.Append(nil, map[object][]string(e)) // fmt sorts the keys of maps
}
