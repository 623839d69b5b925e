package manifest

import (
	"regexp"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// mentioned finds what may be a field path: words joined by dots, with indices.
var mentioned = regexp.MustCompile(`[A-Za-z][\w-]*(?:\[\d+\])*(?:\.[A-Za-z][\w-]*(?:\[\d+\])*)+`)

// Mentioned returns the path of the first field of the resource that a text
// names, as spec.ports[0].name; nil if it names none. A path into what the
// object lacks is cut to what it has; one of a single step is none.
func (r *Resource) Mentioned(text string) []string {
	for _, match := range mentioned.FindAllString(text, -1) {
		match = strings.TrimPrefix(match, "object.")
		steps := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(match), ".")
		if n := r.known(steps); n > 1 {
			return steps[:n]
		}
	}
	return nil
}

// known returns how many steps of a path the object has.
func (r *Resource) known(steps []string) int {
	n := r.Node
	for i, step := range steps {
		if n = Resolve(n); n != nil && n.Kind == yaml.SequenceNode {
			n = child(n, step)
		} else {
			n = Field(n, step).Value
		}
		if n == nil {
			return i
		}
	}
	return len(steps)
}
