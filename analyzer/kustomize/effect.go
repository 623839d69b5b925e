package kustomize

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// GeneratedObject is a ConfigMap or Secret of a build that a generator made.
type GeneratedObject struct {
	Resource *manifest.Resource
	// Location is the place of its name in the entry of its generator.
	Location source.Location
	// Hashed reports that its name ends in a hash of its content, so that
	// nobody can know it but kustomize.
	Hashed bool
}

// Generators returns what the generators of a build made.
func (b *Build) Generators() []GeneratedObject {
	var all []GeneratedObject
	for _, r := range b.Resources {
		if o := r.Origin.(*origin); o.generator != nil && o.generator.kind() != "" {
			hashed := len(o.names) > 1 && hash.MatchString(strings.TrimPrefix(r.Name, o.names[len(o.names)-2]))
			all = append(all, GeneratedObject{r, location(o.generator.named()), hashed})
		}
	}
	return all
}

// hash is what kustomize puts behind the names of what it generates
// (api/hasher encode).
var hash = regexp.MustCompile(`^-[2456789bcdfghkmt]{10}$`)

// UnknownContent reports whether a generated object of a build has values of
// files that do not exist, see Missing: nothing is known of what they hold.
func (b *Build) UnknownContent(r *manifest.Resource) bool {
	o, made := r.Origin.(*origin)
	if !made || o.generator == nil || len(b.Missing) == 0 {
		return false
	}
	for _, k := range o.chain {
		for _, m := range b.tree.configuration(k).makers {
			if m.kind() != o.kind || !slices.Contains(o.names, m.called()) {
				continue
			}
			for _, g := range k.inputsOf(m) {
				if slices.ContainsFunc(b.Missing, func(f Reference) bool { return f.Path == g.Path }) {
					return true
				}
			}
		}
	}
	return false
}

// AddedByPatch reports whether a patch, and not the object as it is written,
// brings the element of a list at a path of a made object. names are those that
// the list has there as it is written: an element of another name is added to it
// (the patchMergeKey tags of k8s.io/api).
func AddedByPatch(r *manifest.Resource, at []string) (names []string, ok bool) {
	o, made := r.Origin.(*origin)
	if !made || o.generator != nil || len(at) == 0 {
		return nil, false
	}
	if _, _, depth := follow(o.source.Node, o.node, at); depth == len(at) {
		return nil, false
	}
	if !slices.ContainsFunc(o.patches, func(p patch) bool { _, _, whole := p.follow(o.node, at); return whole }) {
		return nil, false
	}
	for _, e := range manifest.Items(find(o.source.Node, at[:len(at)-1])) {
		if name := manifest.String(e, "name"); name != "" {
			names = append(names, name)
		}
	}
	return names, true
}

// Labelled are the labels that a kustomization puts into selectors.
type Labelled struct {
	// Location and Path are the place of the label in the kustomization.
	Location   source.Location
	Path       []string
	Key, Value string
	// Selectors are the workloads of the build whose selectors got it there, and
	// cannot be changed.
	Selectors []*manifest.Resource
	// Peers are the places in NetworkPolicies of the build that got it there.
	Peers []Peer
}

// Peer is an entry of "from" or "to" in a NetworkPolicy.
type Peer struct {
	Policy *manifest.Resource
	// Path leads to the peer.
	Path []string
	// Written is the peer as it was before the label was added.
	Written *manifest.Node
}

// fixed are the kinds whose selectors are immutable, each by its
// Validate...Update (k8s.io/kubernetes/pkg/apis/apps/validation and batch).
var fixed = []string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"}

// SelectorLabels returns the labels that the kustomizations of a build put into
// the selectors of workloads and into the peers of NetworkPolicies:
// commonLabels, labels with includeSelectors, and a LabelTransformer.
func (b *Build) SelectorLabels() []Labelled {
	var all []Labelled
	for _, k := range b.Parts {
		for _, p := range b.tree.selectorLabels(k) {
			for key, e := range manifest.Fields(find(p.Node, p.Path)) {
				at := p
				at.Path = append(slices.Clone(p.Path), key)
				l := Labelled{Location: location(at), Path: at.Path, Key: key, Value: e.Value.Value}
				for _, r := range b.Resources {
					if o := r.Origin.(*origin); slices.Contains(o.chain, k) {
						l.add(r, o)
					}
				}
				if len(l.Selectors)+len(l.Peers) > 0 {
					all = append(all, l)
				}
			}
		}
	}
	return all
}

// selectorLabels returns the mappings of labels that go into selectors.
func (t *Tree) selectorLabels(k *Kustomization) []manifest.Place {
	root := k.Document.Root
	all := []manifest.Place{{Document: k.Document, Node: root, Path: []string{"commonLabels"}}}
	for i, e := range manifest.Items(manifest.Get(root, "labels")) {
		if manifest.Bool(e, "includeSelectors") {
			all = append(all, manifest.Place{Document: k.Document, Node: root, Path: []string{"labels", index(i), "pairs"}})
		}
	}
	for _, d := range t.configuration(k).transformers {
		if manifest.String(d.Root, "kind") == "LabelTransformer" {
			all = append(all, manifest.Place{Document: d, Node: d.Root, Path: []string{"labels"}})
		}
	}
	return all
}

// add notes where an object has got the label: its own selector, or the peers of
// a NetworkPolicy (api/internal/konfig/builtinpluginconsts/commonlabels.go).
func (l *Labelled) add(r *manifest.Resource, o *origin) {
	if slices.Contains(fixed, r.Kind) && l.added(r, o, "spec", "selector") {
		l.Selectors = append(l.Selectors, r)
	}
	if r.Kind != "NetworkPolicy" {
		return
	}
	for _, side := range [][2]string{{"ingress", "from"}, {"egress", "to"}} {
		for i, rule := range manifest.Items(r.Get("spec", side[0])) {
			for j := range manifest.Items(manifest.Get(rule, side[1])) {
				at := []string{"spec", side[0], index(i), side[1], index(j)}
				if l.added(r, o, append(slices.Clone(at), "podSelector")...) {
					l.Peers = append(l.Peers, Peer{r, at, find(o.source.Node, at)})
				}
			}
		}
	}
}

// added reports whether the selector at a path has the label and did not have it
// as it is written.
func (l *Labelled) added(r *manifest.Resource, o *origin, at ...string) bool {
	at = append(slices.Clone(at), "matchLabels", l.Key)
	return manifest.String(r.Node, at...) == l.Value && manifest.String(find(o.source.Node, at)) != l.Value
}
