// Package manifest turns the bytes of a file into documents, documents into
// Kubernetes resources, and every node of them back into an exact place of the
// file. It reads plain YAML itself, the rest with kyaml's yaml package, one
// document at a time. It asks apiserver alone which kinds there are.
package manifest

import (
	"sync"

	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Role says what a document is to kubeknot.
type Role int

const (
	// Object holds a Kubernetes object, or a list of them.
	Object Role = iota
	// Foreign has no apiVersion and kind: a values file, a compose file, ...
	// It is not parsed.
	Foreign
	// Kustomization is a kustomization.yaml or a Component.
	Kustomization
	// Patch is input of kustomize: a JSON 6902 patch (a list) or an object
	// with a $patch directive.
	Patch
	// Template holds {{ }}, or annotations of ytt, that nobody has rendered.
	Template
	// Encrypted is encrypted as a whole, so that not even its kind is known.
	Encrypted
	// Broken cannot be read; Problems says why.
	Broken
	// Unreadable holds what kubeknot, but not Kubernetes, fails to read.
	Unreadable
)

var roleNames = [...]string{"object", "not Kubernetes", "kustomization", "kustomize patch", "unrendered template", "encrypted", "broken", "unreadable"}

// String returns the name of the role for people.
func (r Role) String() string { return roleNames[r] }

// File is a parsed file.
type File struct {
	*source.File
	// Documents holds every document in file order; empty documents, those of
	// comments alone, are left out.
	Documents []*Document
}

// Resources returns the Kubernetes objects of the file in file order, those
// inside lists included.
func (f *File) Resources() []*Resource {
	var all []*Resource
	for _, d := range f.Documents {
		all = append(all, d.Resources...)
	}
	return all
}

// Document is one YAML or JSON document.
type Document struct {
	File *source.File
	// Span covers the document with the comments and directives before it.
	Span source.Span
	Role Role
	// Root is the top node, nil unless the document was parsed.
	Root *Node
	// Resources holds the objects of the document, nil unless Role is Object.
	Resources []*Resource
	// Problems are the faults of the YAML itself.
	Problems []Problem

	text  source.Span // what the parser got
	once  sync.Once   // units that share a document run in parallel
	lines []int       // parser's lines of text, see lines.go
}

// ProblemKind is the rule id that reports a problem.
type ProblemKind string

// The problems that parsing finds.
const (
	SyntaxError  ProblemKind = "syntax-error"
	DuplicateKey ProblemKind = "duplicate-key"
	TypeMissing  ProblemKind = "type-missing"
)

// Problem is a fault of the YAML itself.
type Problem struct {
	Kind    ProblemKind
	Message string
	Span    source.Span
	// Path is the field path of a duplicate key, and the missing field of
	// TypeMissing; nil for a syntax error.
	Path []string
	// First is where a duplicate key stood before; its File is nil for a
	// syntax error.
	First source.Location
	// Last reports that the duplicate key's value is the one that counts: the
	// key does not stand a third time.
	Last bool
	// Same reports that a duplicate key repeats the very same value.
	Same bool
	// Help says what to write, "" if it is not known.
	Help string
	// Resource is the object that holds a duplicate key, nil if unknown.
	Resource *Resource
}

// Below returns a document whose root is a node of this one. Its positions are the
// same; it has no resources and no problems.
func (d *Document) Below(n *Node) *Document {
	return &Document{File: d.File, Span: d.Span, Role: d.Role, Root: n, text: d.text}
}
