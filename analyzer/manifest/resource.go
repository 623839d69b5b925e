package manifest

import (
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Resource is one Kubernetes object of a document, or one item of a list.
type Resource struct {
	Document *Document
	// Node is the object's mapping.
	Node *yaml.Node
	// Path leads from the document's root to Node: nil, or "items", "2".
	Path []string

	// APIVersion is as written: "v1", "apps/v1".
	APIVersion string
	// Group and Version are the parts of APIVersion; Group is "" for core.
	Group, Version string
	Kind           string
	// Namespace is metadata.namespace, "" when it is not set.
	Namespace string
	// Name is metadata.name, "" when it is not set (generateName).
	Name string

	// Origin says where each part of an object comes from that a tool has made
	// of other text; nil for an object that stands in Document as it is. Of a
	// made object Node and Path lead nowhere in Document, which is the one it
	// is made of mainly.
	Origin Origin
}

// Origin leads from the parts of a made object back to what a person has
// written.
type Origin interface {
	// Trace returns where the value at a field path comes from, or, if nobody
	// has written such a thing, what comes closest to it.
	Trace(path []string) Place
	// Name is what the object was called before a tool renamed it; "" if it was
	// not called anything.
	Name() string
}

// Place is a field path below a node of a document.
type Place struct {
	Document *Document
	Node     *yaml.Node
	Path     []string
}

// Made returns the object that a tool has made: its node, and where that comes
// from. The document is that of the origin's root.
func Made(n *yaml.Node, origin Origin) *Resource {
	r := newResource(origin.Trace(nil).Document, n, nil, "", "")
	r.Origin = origin
	return r
}

// ID identifies an object in a cluster. The version is no part of it: the same
// object can be read in several versions.
type ID struct {
	Group, Kind, Namespace, Name string
}

// ID returns the identity of the resource, with the namespace as written.
func (r *Resource) ID() ID { return ID{r.Group, r.Kind, r.Namespace, r.Name} }

// String returns "Kind name".
func (r *Resource) String() string {
	if r.Name == "" {
		return r.Kind
	}
	return r.Kind + " " + r.Name
}

// WrittenName returns the name as a person has written it: that of a made
// object before it was renamed, else Name.
func (r *Resource) WrittenName() string {
	if r.Origin != nil {
		return r.Origin.Name()
	}
	return r.Name
}

// File returns the file the resource stands in.
func (r *Resource) File() *source.File { return r.Document.File }

// Get returns the value at a field path; nil where there is none or null.
func (r *Resource) Get(path ...string) *yaml.Node { return Get(r.Node, path...) }

// Location returns the place of the value at a field path. Where the value is
// empty it is the key's; where the field is missing, its closest parent's key,
// or the object's kind.
func (r *Resource) Location(path ...string) source.Location {
	loc, _ := r.locate(path)
	return loc
}

// EntryLocation returns the place of a field from its key to the end of its
// value, if both stand on one line, else of its key. Missing fields are placed
// as by Location.
func (r *Resource) EntryLocation(path ...string) source.Location {
	loc, entry := r.locate(path)
	if entry.Key == nil {
		return loc
	}
	d := entry.document
	key, value := d.SpanOf(entry.Key), d.SpanOf(entry.Raw)
	if d.File.Position(key.Start).Line == d.File.Position(value.End).Line && value.End > key.End {
		key.End = value.End
	}
	return source.Location{File: d.File, Span: key}
}

// KeyLocation returns the place of the key of a field. Missing fields are
// placed as by Location.
func (r *Resource) KeyLocation(path ...string) source.Location {
	loc, entry := r.locate(path)
	if entry.Key == nil {
		return loc
	}
	return entry.document.Location(entry.Key)
}

// located is an entry and the document that it stands in.
type located struct {
	Entry
	document *Document
}

// locate finds the place of a path, and its entry if its last step is a key
// that stands there.
func (r *Resource) locate(path []string) (source.Location, located) {
	if r.Origin != nil {
		at := r.Origin.Trace(path)
		return (&Resource{Document: at.Document, Node: at.Node}).locate(at.Path)
	}
	n, entry := r.Node, located{document: r.Document}
	for i, step := range path {
		if n != nil && n.Kind == yaml.SequenceNode {
			n, entry.Entry = child(n, step), Entry{}
			if n == nil {
				return r.Location(path[:i]...), located{}
			}
			continue
		}
		next := Field(n, step)
		if next.Key == nil {
			if entry.Key != nil {
				return r.Document.Location(entry.Key), located{}
			}
			return r.origin(path[:i]), located{}
		}
		n, entry.Entry = next.Value, next
	}
	switch {
	case entry.Key == nil && len(path) == 0:
		return r.origin(nil), located{}
	case entry.Key == nil:
		return r.Document.Location(n), located{}
	case IsNull(entry.Raw) || r.Document.SpanOf(entry.Raw).End == r.Document.SpanOf(entry.Raw).Start:
		return r.Document.Location(entry.Key), entry
	}
	return r.Document.Location(entry.Raw), entry
}

// origin is where a finding about the object as a whole points: at the value
// of its kind, or at its first character.
func (r *Resource) origin(path []string) source.Location {
	if len(path) > 0 {
		return r.Location(path...)
	}
	if kind := Field(r.Node, "kind"); kind.Key != nil {
		return r.Document.Location(kind.Raw)
	}
	span := r.Document.SpanOf(r.Node)
	return source.Location{File: r.File(), Span: source.Span{Start: span.Start, End: min(span.Start+1, span.End)}}
}

// NameLocation returns the place of metadata.name.
func (r *Resource) NameLocation() source.Location { return r.Location("metadata", "name") }

// FieldPath joins a path as Kubernetes writes it: "spec.ports[0].name". Keys
// with dots or slashes are put in brackets.
func FieldPath(path []string) string {
	var b strings.Builder
	for i, step := range path {
		switch {
		case step != "" && strings.Trim(step, "0123456789") == "":
			b.WriteString("[" + step + "]")
		case strings.ContainsAny(step, "./[]"):
			b.WriteString("[" + step + "]")
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step)
		}
	}
	return b.String()
}

// newResource reads the identity of an object. kind and apiVersion are what a
// typed list around it says, "" otherwise.
func newResource(d *Document, n *yaml.Node, path []string, apiVersion, kind string) *Resource {
	r := &Resource{
		Document:   d,
		Node:       n,
		Path:       slices.Clone(path),
		APIVersion: String(n, "apiVersion"),
		Kind:       String(n, "kind"),
		Namespace:  String(n, "metadata", "namespace"),
		Name:       String(n, "metadata", "name"),
	}
	if r.APIVersion == "" {
		r.APIVersion = apiVersion
	}
	if r.Kind == "" {
		r.Kind = kind
	}
	r.Version = r.APIVersion
	if group, version, ok := strings.Cut(r.APIVersion, "/"); ok {
		r.Group, r.Version = group, version
	}
	return r
}

// placeholders are the brackets that templating tools use.
var placeholders = [...][2]string{{"${", "}"}, {"$(", ")"}, {"<", ">"}, {"{{", "}}"}, {"[[", "]]"}}

// upperPlaceholder finds __X__; in lower case that is a label of Prometheus.
var upperPlaceholder = regexp.MustCompile(`__[A-Z][A-Z0-9_]*__`)

// IsPlaceholder reports whether the text holds something that a later tool
// fills in: ${X}, $X, $(X), <X>, {{x}}, [[x]], @X@, %X% or __X__. Such a value is not
// known yet, so nothing may be concluded from it.
func IsPlaceholder(s string) bool {
	for _, p := range placeholders {
		if _, rest, ok := strings.Cut(s, p[0]); ok && strings.Contains(rest, p[1]) {
			return true
		}
	}
	if strings.HasPrefix(s, "$") && len(s) > 1 {
		return true
	}
	for _, mark := range []string{"@", "%"} {
		if _, rest, ok := strings.Cut(s, mark); ok && strings.Contains(rest, mark) {
			return true
		}
	}
	return strings.Contains(s, "__") && upperPlaceholder.MatchString(s)
}
