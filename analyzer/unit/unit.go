// Package unit decides which resources are judged together, and which others
// they may lean on. Planning works on paths alone, so only what a run needs
// has to be read. It imports source, manifest, helm and kustomize.
package unit

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Kind says why the resources of a unit belong together.
type Kind string

const (
	// Directory: the files of one directory, not of its sub-directories, as
	// "kubectl apply -f DIR" takes them.
	Directory Kind = "directory"
	// Kustomization: what a kustomization builds, or, if it cannot be built, the
	// files that it lists, directly or through the kustomizations it builds on.
	Kustomization Kind = "kustomization"
	// Unlisted: the files of a kustomization's directory that it does not list.
	Unlisted Kind = "unlisted files"
	// Chart: what a Helm chart makes.
	Chart Kind = "chart"
	// Stream: what came in on standard input.
	Stream Kind = "stream"
	// Listed: the files that the configuration names as applied together.
	Listed Kind = "configured"
	// Dump: what a cluster holds, as "kubectl get -o yaml" prints it. The server
	// has accepted all of it, and what is not there of a kind that it holds is
	// not there at all.
	Dump Kind = "dump"
	// FluxKustomization: what a Kustomization of Flux applies
	// (https://fluxcd.io/flux/components/kustomize/kustomizations/).
	FluxKustomization Kind = "Flux Kustomization"
	// Application: what an Application of Argo CD applies
	// (https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml).
	Application Kind = "Argo CD Application"
	// Document: the blocks of a Markdown text. They show examples, which may be
	// parts: what they lack proves nothing.
	Document Kind = "document"
)

// Unit is a set of resources that are applied together.
type Unit struct {
	// Name is the directory as people are shown it, "-" for a stream.
	Name string
	Kind Kind
	// Resources are the unit's own, in the order in which they are applied.
	Resources []*manifest.Resource
	// Context are the resources of the ancestor directories, the closest
	// first, without those that the unit replaces. They may satisfy a
	// reference; they are not judged here.
	Context []*manifest.Resource
	// Replaced are the resources of the ancestor directories that the unit
	// defines anew.
	Replaced []*manifest.Resource
	// Siblings are the resources of the directories beside and directly below.
	// They never satisfy a reference, but messages name them.
	Siblings []*manifest.Resource
	// Namespace is what objects without a namespace get; "" if unknown.
	Namespace string
	// Build is the build of a Kustomization, nil for other kinds. If it failed,
	// Resources are those of its files as they stand.
	Build *kustomize.Build
	// Delivery says which object of a GitOps tool applies the unit; nil if none is
	// known to.
	Delivery *Delivery
	// Refused is why Helm refuses to render a Chart with any values, nil if it does
	// not.
	Refused *helm.NotRendered
	// Generated are the objects that kustomize makes and that are not among the
	// resources: those of the directories above, and of a unit that could not
	// be built.
	Generated []kustomize.Generated
	// External are objects that exist although no file defines them.
	External []External
	// Policies are the objects from outside that say what the cluster admits;
	// they are no part of what is applied.
	Policies []*manifest.Resource
	// Nodes are those of the unit's own cluster; empty leaves it to the run.
	Nodes []*manifest.Resource
	// Open says why the absence of something proves nothing; empty if the unit
	// is complete.
	Open []string
	// Rewritten is what kustomize still changes of these resources before they
	// are applied: 0 if they are applied as they are.
	Rewritten kustomize.Aspects

	// Earlier is what the directory defined at the revision that the run compares
	// with, nil if there is none.
	Earlier Earlier

	unread  [][]byte // what documents hold that could not be read
	once    sync.Once
	defined map[*source.File]map[object][]*manifest.Resource // see Alternatives
}

// Complete reports whether the absence of something is evidence.
func (u *Unit) Complete() bool { return len(u.Open) == 0 }

// Rewrites reports whether kustomize still changes any of the aspects.
func (u *Unit) Rewrites(any kustomize.Aspects) bool { return u.Rewritten&any != 0 }

// UnreadAlone reports whether nothing but documents that could not be read, see
// MayHold, keeps the unit from being complete. It is true of a complete one.
func (u *Unit) UnreadAlone() bool { return len(u.Open) == len(u.unread) }

// MayHold reports whether a document of the unit or its context that could not
// be read has the word in it: then what is called so may well be there, and
// something close to it explains nothing.
func (u *Unit) MayHold(word string) bool {
	return word != "" && slices.ContainsFunc(u.unread, func(text []byte) bool {
		for rest := text; ; {
			i := bytes.Index(rest, []byte(word))
			if i < 0 {
				return false
			}
			if end := i + len(word); (i == 0 || !inWord(rest[i-1])) && (end == len(rest) || !inWord(rest[end])) {
				return true
			}
			rest = rest[i+1:]
		}
	})
}

// inWord reports whether a byte can be a part of a name.
func inWord(b byte) bool {
	return b == '-' || b == '.' || b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// External is an object, or a kind of them, that exists although no file defines
// it.
type External struct {
	// Labels are those of the object, or of the pods that it makes.
	Labels map[string]string
	// Is reports whether an object is it.
	Is func(kind, namespace, name string) bool
}

// Spec is a planned unit: which files it is made of, by their paths inside the
// tree.
type Spec struct {
	Dir      string
	Kind     Kind
	Files    []string
	Context  []string
	Siblings []string
	// Configs are the kustomizations and patches of a Kustomization, and the
	// files of a Chart.
	Configs []string
	// Made are the resources of a Chart, nil if it could not be rendered.
	Made []*manifest.Resource
	// Values is the values file of a Chart's ci/ that it is rendered with; "" for
	// the chart by itself.
	Values string
	// Refused is as in Unit.
	Refused *helm.NotRendered
	// Release is how a GitOps tool installs a Chart, nil if none does.
	Release *Release
	// Delivery is as in Unit; Before are further objects of its Context.
	Delivery *Delivery
	Before   []*manifest.Resource
	// Name and Namespace are those of a Listed unit. Name is that of the object
	// that applies the unit, where Delivery is set.
	Name, Namespace string
	// External and Nodes are as in Unit.
	External []External
	Nodes    []*manifest.Resource
	// Build is what became of a Kustomization, nil as long as it is not built.
	Build *kustomize.Build
	// Generated, Open and Rewritten are as in Unit, for a Kustomization that
	// cannot be built; GeneratedAbove counts in any case.
	Generated      []kustomize.Generated
	GeneratedAbove []kustomize.Generated
	Open           []string
	Rewritten      kustomize.Aspects
}

// Assemble makes the unit of a plan. get returns the parsed file of a path,
// nil if it could not be read.
func Assemble(s Spec, name, namespace string, get func(path string) *manifest.File) *Unit {
	if s.Kind == Listed {
		name, namespace = s.Name, cmp.Or(s.Namespace, namespace)
	}
	u := &Unit{Name: name, Kind: s.Kind, Namespace: namespace, External: s.External, Nodes: s.Nodes, Generated: s.GeneratedAbove, Build: s.Build, Delivery: s.Delivery, Refused: s.Refused}
	switch {
	case s.Kind == Chart:
		u.Resources, u.Open = s.Made, slices.Clone(s.Open)
	case s.Build != nil && s.Build.Built():
		u.Resources = s.Build.Resources
	default:
		u.Generated = slices.Concat(s.Generated, u.Generated)
		u.Open, u.Rewritten = slices.Clone(s.Open), s.Rewritten
		u.Resources = u.collect(s.Files, get)
		if s.Build != nil {
			u.Open = append(u.Open, "the kustomization is not built")
		}
	}
	if s.Delivery != nil {
		u.Namespace = cmp.Or(s.Delivery.Namespace, u.Namespace)
		u.Open = append(u.Open, s.Delivery.Open...)
	}
	own := map[object][]*manifest.Resource{}
	for _, r := range u.Resources {
		own[objectOf(r)] = append(own[objectOf(r)], r)
	}
	for _, r := range slices.Concat(u.collect(s.Context, get), s.Before) {
		replaced := slices.ContainsFunc(own[objectOf(r)], func(o *manifest.Resource) bool { return SameNamespace(o.Namespace, r.Namespace) })
		if replaced {
			u.Replaced = append(u.Replaced, r)
		} else {
			u.Context = append(u.Context, r)
		}
	}
	for _, path := range s.Siblings {
		if f := get(path); f != nil {
			for _, d := range f.Documents {
				u.Siblings = append(u.Siblings, d.Resources...)
			}
		}
	}
	switch {
	case u.Kind != Dump:
		u.openForCustomResources()
	case !u.HoldsKind("", "Pod"): // else what custom resources make is there too
		u.Open = append(u.Open, "the dump holds no Pods")
	}
	return u
}

// FromFile makes the unit of a stream.
func FromFile(f *manifest.File, namespace string) *Unit {
	kind := Stream
	if isDump(f) {
		kind = Dump
	}
	return Assemble(Spec{Kind: kind, Files: []string{f.Path}}, f.Path, namespace, func(string) *manifest.File { return f })
}

// isDump reports whether all objects have a UID, which the server gives them.
func isDump(f *manifest.File) bool {
	all := f.Resources()
	return len(all) > 0 && !slices.ContainsFunc(all, func(r *manifest.Resource) bool { return r.Get("metadata", "uid") == nil })
}

// HoldsKind reports whether the unit has an object of the kind. A Dump says
// nothing about other kinds.
func (u *Unit) HoldsKind(group, kind string) bool {
	return slices.ContainsFunc(u.Resources, func(r *manifest.Resource) bool { return r.Group == group && r.Kind == kind })
}

// collect returns the resources of the files and notes what keeps the unit
// from being complete.
func (u *Unit) collect(paths []string, get func(string) *manifest.File) []*manifest.Resource {
	var all []*manifest.Resource
	for _, path := range paths {
		f := get(path)
		if f == nil {
			u.Open = append(u.Open, path+" could not be read")
			continue
		}
		for _, d := range f.Documents {
			switch d.Role {
			case manifest.Encrypted: // it may hold any name
				u.Open = append(u.Open, fmt.Sprintf("%s holds a document that is %s", f.Path, d.Role))
			case manifest.Broken, manifest.Template, manifest.Unreadable:
				u.Open = append(u.Open, fmt.Sprintf("%s holds a document that is %s", f.Path, d.Role))
				u.unread = append(u.unread, f.Data[d.Span.Start:d.Span.End])
			}
			all = append(all, d.Resources...)
		}
	}
	return all
}

// Alternatives reports whether two files of the unit define the same object:
// then they are versions of each other, one of which is applied, or both one
// after the other.
func (u *Unit) Alternatives(a, b *source.File) bool {
	u.once.Do(func() {
		u.defined = map[*source.File]map[object][]*manifest.Resource{}
		for _, r := range u.Resources {
			if u.defined[r.File()] == nil {
				u.defined[r.File()] = map[object][]*manifest.Resource{}
			}
			u.defined[r.File()][objectOf(r)] = append(u.defined[r.File()][objectOf(r)], r)
		}
	})
	if a == b {
		return false
	}
	for o, here := range u.defined[a] {
		for _, r := range here {
			if slices.ContainsFunc(u.defined[b][o], func(other *manifest.Resource) bool { return SameNamespace(r.Namespace, other.Namespace) }) {
				return true
			}
		}
	}
	return false
}

// object is an identity without its namespace, because a namespace that is not
// set may turn out to be any.
type object struct {
	group, kind, name string
	unnamed           *manifest.Resource // generateName makes a new object each time
}

func objectOf(r *manifest.Resource) object {
	if r.Name == "" {
		return object{unnamed: r}
	}
	return object{group: r.Group, kind: r.Kind, name: r.Name}
}

// SameNamespace reports whether two namespaces can be the same: a namespace
// that is not set is decided by "kubectl -n" or by the context, so it may be
// any.
func SameNamespace(a, b string) bool { return a == "" || b == "" || a == b }

// SameObject reports whether two resources define one object of the cluster.
// The version is no part of an object's identity.
func SameObject(a, b *manifest.Resource) bool {
	return objectOf(a) == objectOf(b) && SameNamespace(a.Namespace, b.Namespace)
}
