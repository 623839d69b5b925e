package unit

import (
	"context"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Workspace is what a GitOps tool sees of a tree. All paths are slash-separated and
// relative to its root.
type Workspace struct {
	// Files are the manifest files in the order of a lexical walk.
	Files []string
	// Kustomizations are those of the tree, by directory.
	Kustomizations map[string]*kustomize.Kustomization
	// Charts are the directories with a Chart.yaml.
	Charts []string
	// Remotes are the URLs of the git remotes, nil if none is known.
	Remotes []string
	// Text and Parse return what a file holds, nil if it cannot be read.
	Text  func(rel string) []byte
	Parse func(rel string) *manifest.File
	// IsDir reports whether a directory exists.
	IsDir func(rel string) bool
	// Show returns the path as people are shown it.
	Show func(rel string) string
	// Build builds kustomizations as a controller does. The error is that of the
	// context.
	Build func(context.Context, []*kustomize.Overlay) ([]*kustomize.Build, error)
}

// Delivered is what one object of a GitOps tool applies.
type Delivered struct {
	// Kind is the way, and Dir the path inside the tree.
	Kind Kind
	Dir  string
	*Delivery
	// Kustomization is what is built, of the tree or generated; nil if nothing of
	// this tree is.
	Kustomization *kustomize.Kustomization
	// Build is what became of it.
	Build *kustomize.Build
	// Release is how the chart of Dir is installed, nil for what is no Chart.
	Release *Release
	// Files are those that are applied as they are.
	Files []string
	// Context are the objects of the same cluster that others apply.
	Context []*manifest.Resource
}

// Delivery says which object of a GitOps tool applies a unit, and what that tool
// makes of it.
type Delivery struct {
	// By is the object.
	By *manifest.Resource
	// Namespace is what objects without one get; "" if nothing sets it.
	Namespace string
	// Peers are the objects of the same kind in the same cluster, By among them.
	Peers []*manifest.Resource
	// Generated reports that the kustomization is no file: its own findings have
	// no place.
	Generated bool
	// Open is as in Unit.
	Open []string
	// Problems are what the tool refuses, or does otherwise than was meant.
	Problems []Problem
}

// Touches reports whether a finding about the delivery may lead to a file for which
// in returns true.
func (d *Delivery) Touches(in func(rel string) bool) bool {
	if d == nil {
		return false
	}
	return slices.ContainsFunc(d.Peers, func(r *manifest.Resource) bool { return in(r.File().Rel) }) ||
		slices.ContainsFunc(d.Problems, func(p Problem) bool {
			return p.Related.File != nil && in(p.Related.File.Rel) || p.At.File != nil && in(p.At.File.Rel)
		})
}

// ProblemKind is the rule id that reports a problem.
type ProblemKind string

// The problems that planning a delivery finds.
const (
	PathMissing       ProblemKind = "delivery-path-missing"
	ComponentMissing  ProblemKind = "delivery-component-missing"
	NoManifest        ProblemKind = "delivery-no-manifest"
	BuildFails        ProblemKind = "delivery-build-fails"
	SubstitutionFails ProblemKind = "substitution-fails"
	VariableUnset     ProblemKind = "variable-unset"
	AppliedTwice      ProblemKind = "applied-by-two"
	NamespaceUnset    ProblemKind = "delivery-namespace-missing"
)

// Problem is a fault in a delivery.
type Problem struct {
	Kind ProblemKind
	// Resource and Path are the object and the field at fault.
	Resource *manifest.Resource
	Path     []string
	// At is the place; zero for that of Path.
	At source.Location
	// Message, Label, Consequence and Help are as in a finding.
	Message, Label, Consequence, Help string
	// Related is the other end; zero for none.
	Related source.Location
	// RelatedText stands under Related.
	RelatedText string
}

// delivered plans what GitOps tools apply. It is called before files are sorted.
func (l *layout) delivered() []Spec {
	var specs []Spec
	for _, d := range l.tree.Delivered {
		if l.data.holding(d.By.File().Rel) != "" {
			continue
		}
		s := Spec{Dir: d.Dir, Files: d.Files}
		switch {
		case d.Kustomization != nil:
			s = l.kustomization(d.Kustomization)
		case d.Kind == Chart:
			s = l.chart(d.Dir)[0]
		}
		s.Kind, s.Name, s.Delivery, s.Build = d.Kind, d.By.Name, d.Delivery, d.Build
		s.Siblings, s.GeneratedAbove, s.Before, s.Release = nil, nil, d.Context, d.Release
		s.Context = slices.DeleteFunc(s.Context, func(rel string) bool { return d.Kind != Chart || !strings.Contains(rel, "crds/") })
		s.Namespace = d.Namespace
		if rel := d.By.File().Rel; rel != "" {
			s.Configs = append(s.Configs, rel)
		}
		specs = append(specs, s)
	}
	return specs
}

// cover notes what GitOps tools apply, so that it is not judged alone too.
func (l *layout) cover() {
	for _, d := range l.tree.Delivered {
		k := d.Kustomization
		for _, rel := range d.Files {
			l.listed[rel] = true
		}
		if d.Kind == Chart {
			l.installed[d.Dir] = true
		}
		switch {
		case k == nil || l.data.holding(d.By.File().Rel) != "":
		case l.custom[k.Dir] != nil:
			l.used[k.Dir] = true
		default:
			for _, target := range k.Targets {
				if l.custom[target.Path] != nil {
					l.used[target.Path] = true
				} else {
					l.listed[target.Path] = true
					delete(l.passed, target.Path)
				}
			}
		}
	}
}

// Release is how a GitOps tool installs a chart.
type Release struct {
	Name, Namespace string
	// Values are the values files, of which a later one wins.
	Values []*source.File
}

// ValuesFile returns the mapping at a field path of an object as a values file, so
// that its values lead to the lines of the object; the text of a literal is the
// mapping itself. It is nil if there is nothing. An object that a build has
// changed there has its values in a file of their own.
func ValuesFile(r *manifest.Resource, path ...string) *source.File {
	n := r.Get(path...)
	if n == nil {
		return nil
	}
	place := manifest.Place{Document: r.Document, Node: r.Node, Path: path}
	if r.Origin != nil {
		place = r.Origin.Trace(path)
	}
	if place.Node != nil {
		if written := manifest.Get(place.Node, place.Path...); written != nil && manifest.Equal(written, n) {
			return cutOut(place.Document, written)
		}
	}
	shown := r.File().Path + " (values of " + r.String() + ")"
	if n.Kind == manifest.ScalarNode {
		return source.NewFile(shown, "", []byte(n.Value))
	}
	data, ok := manifest.AppendJSON(nil, n)
	if !ok {
		return nil
	}
	return source.NewFile(shown, "", data)
}

// cutOut returns the file of a document with all but one node blanked out, which
// leaves that at its place.
func cutOut(d *manifest.Document, n *manifest.Node) *source.File {
	span := d.SpanOf(n)
	if n.Kind == manifest.ScalarNode {
		if n.Style&manifest.LiteralStyle == 0 {
			return source.NewFile(d.File.Path, d.File.Rel, []byte(n.Value))
		}
		span.Start = min(d.File.Line(d.File.Position(span.Start).Line+1).Start, span.End)
	}
	data := slices.Clone(d.File.Data)
	for i, c := range data {
		if (i < span.Start || i >= span.End) && c != '\n' && c != '\r' {
			data[i] = ' '
		}
	}
	return source.NewFile(d.File.Path, d.File.Rel, data)
}
