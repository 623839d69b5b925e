package analyzer

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Identity is what a finding is recognised by in another run: the rule, the
// file inside the tree, the object, the field path and the policy, never lines or
// messages, so moving text does not change it. Several findings can have the same.
type Identity struct {
	Rule string
	// File is "" if the place is unknown.
	File string
	// Kind is "" if no object is at fault. Namespace and Name are as a person
	// has written them, so they are the same in all builds of a kustomization.
	Group, Kind, Namespace, Name string
	// Field is the field path, "" for the whole object. An item of a list that
	// has a name is called by it, because its index changes with its neighbours.
	Field string
	// Policy is that of the finding.
	Policy string
}

// Identity returns what the finding is recognised by.
func (f *Finding) Identity() Identity {
	if f.Recalled != nil {
		return *f.Recalled
	}
	id := Identity{Rule: f.Rule, Policy: f.Policy, Field: manifest.FieldPath(f.Path)}
	if f.Location.File != nil {
		id.File = f.Location.File.Rel
	}
	r := f.Resource
	if r == nil {
		return id
	}
	id.Group, id.Kind, id.Namespace, id.Name = r.Group, r.Kind, r.Namespace, r.Name
	if r.Origin != nil { // the same in all builds
		id.Namespace, id.Name = "", r.WrittenName()
	}
	id.Field = field(r.Node, f.Path)
	return id
}

// field returns the field path of an object. A name that another item of the
// list has too tells nothing, so the index stays.
func field(n *manifest.Node, path []string) string {
	var b strings.Builder
	for i, step := range path {
		text := manifest.FieldPath([]string{step})
		list := manifest.Items(manifest.Get(n, path[:i]...))
		if at, err := strconv.Atoi(step); err == nil && at >= 0 && at < len(list) {
			name := manifest.String(list[at], "name")
			same := func(item *manifest.Node) bool { return item != list[at] && manifest.String(item, "name") == name }
			if name != "" && !slices.ContainsFunc(list, same) {
				text = "[name=" + name + "]"
			}
		}
		if i > 0 && !strings.HasPrefix(text, "[") {
			b.WriteByte('.')
		}
		b.WriteString(text)
	}
	return b.String()
}
