package manifest

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Resource is one Kubernetes object of a document, or one item of a list.
type Resource struct {
	Document *Document
	// Node is the object's mapping.
	Node *Node
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

	memo memo.Memo
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
	Node     *Node
	Path     []string

	// Key and Value are the place itself where Node is nil, because the text is
	// no YAML, as that of a template. An empty Key means that nobody has written
	// the field there, and that Value is what comes closest.
	Key, Value source.Span
}

// Made returns the object that a tool has made: its node, and where that comes
// from. The document is that of the origin's root.
func Made(n *Node, origin Origin) *Resource {
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

// Memo keeps what is derived of the resource alone: units share their
// resources, so what takes time is made for all of them together.
func (r *Resource) Memo() *memo.Memo { return &r.memo }

// File returns the file the resource stands in.
func (r *Resource) File() *source.File { return r.Document.File }

// Get returns the value at a field path; nil where there is none or null.
func (r *Resource) Get(path ...string) *Node { return Get(r.Node, path...) }

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
	if !entry.written {
		return loc
	}
	key, value := entry.key, entry.value
	if loc.File.Position(key.Start).Line == loc.File.Position(value.End).Line && value.End > key.End {
		key.End = value.End
	}
	return source.Location{File: loc.File, Span: key}
}

// KeyLocation returns the place of the key of a field. Missing fields are
// placed as by Location.
func (r *Resource) KeyLocation(path ...string) source.Location {
	loc, entry := r.locate(path)
	if !entry.written {
		return loc
	}
	return source.Location{File: loc.File, Span: entry.key}
}

// located is where the entry stands that a path ends at. It is zero, and not
// written, if there is none.
type located struct {
	key, value source.Span
	written    bool
}

// locate finds the place of a path, and its entry if its last step is a key
// that stands there.
func (r *Resource) locate(path []string) (source.Location, located) {
	if r.Origin != nil {
		return r.Origin.Trace(path).locate()
	}
	n, entry := r.Node, Entry{}
	for i, step := range path {
		if n != nil && n.Kind == SequenceNode {
			n, entry = child(n, step), Entry{}
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
		n, entry = next.Value, next
	}
	if entry.Key == nil {
		if len(path) == 0 {
			return r.origin(nil), located{}
		}
		return r.Document.Location(n), located{}
	}
	place := located{r.Document.SpanOf(entry.Key), r.Document.SpanOf(entry.Raw), true}
	if IsNull(entry.Raw) || place.value.End == place.value.Start {
		return source.Location{File: r.File(), Span: place.key}, place
	}
	return source.Location{File: r.File(), Span: place.value}, place
}

func (p Place) locate() (source.Location, located) {
	if p.Node != nil {
		return (&Resource{Document: p.Document, Node: p.Node}).locate(p.Path)
	}
	return source.Location{File: p.Document.File, Span: p.Value}, located{p.Key, p.Value, p.Key != source.Span{}}
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
// typed list around it says, "" otherwise. Of an encrypted object Node is what is
// applied, without the block of SOPS.
func newResource(d *Document, n *Node, path []string, apiVersion, kind string) *Resource {
	n = decrypted(n)
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
