package missing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// judged reports whether a rule about references has to look at one: it is the
// unit's own and its object has to be there.
func Judged(p *analyzer.Pass, ref *graph.Reference) bool {
	switch w := ref.Workload; {
	case !ref.Own, ref.Optional:
		return false
	case w != nil:
		return !w.Superseded && !w.Controlled()
	}
	return !p.Graph.Superseded(ref.From)
}

// isOpenName reports whether the name of an object is still to be filled in.
// Names have no capitals, so words in capitals stand for something.
func isOpenName(name string) bool {
	return manifest.IsPlaceholder(name) || strings.ToLower(name) != name && manifest.IsStandIn(name)
}

// Find returns a finding about a reference to an object that is not
// there, without its consequence; nil if it is there or if its absence proves
// nothing.
func Find(p *analyzer.Pass, ref *graph.Reference) *analyzer.Finding {
	kind := ref.Target.Kind
	if isOpenName(ref.Target.Name) {
		p.Skip(ref.From, fmt.Sprintf("resources: the names of their %ss are still to be filled in", kind))
		return nil
	}
	if len(p.Graph.Resolve(ref)) > 0 || p.Graph.Produced(ref) {
		return nil
	}
	if p.Unit.MayHold(ref.Target.Name) {
		p.Skip(ref.From, fmt.Sprintf("resources: their %ss may stand in a document that cannot be read", kind))
		return nil
	}
	if p.Unit.Kind == unit.Dump && !p.Unit.HoldsKind(ref.Target.Group, kind) {
		p.Skip(ref.From, fmt.Sprintf("resources: the dump holds no %ss", kind))
		return nil
	}
	f := &analyzer.Finding{
		Message:  fmt.Sprintf("%s references %s %s, which does not exist", ref.From, kind, ref.Target.Name),
		Label:    fmt.Sprintf("no %s has this name", kind),
		Location: ref.From.EntryLocation(ref.Path...),
		Path:     ref.Path,
		Resource: ref.From,
	}
	beside := p.Graph.ResolveBeside(ref)
	if miss := nearmiss.Object(p, ref); miss != nil {
		miss.Explain(f)
		if len(beside) > 0 {
			f.Notes = append(f.Notes, fmt.Sprintf("%s in %s is not applied together with this", beside[0], text.RelativeDir(p.Unit, beside[0])))
		}
		return f
	}
	switch {
	case len(beside) > 0:
		p.Skip(ref.From, fmt.Sprintf("resources: their %ss are only in a directory beside", kind))
		return nil
	case !p.Unit.Complete() || p.Unit.Rewrites(kustomize.Relations):
		p.Skip(ref.From, fmt.Sprintf("resources: their %ss may live elsewhere", kind))
		return nil
	}
	f.Evidence = analyzer.Absent
	f.Help = fmt.Sprintf("check the name, or ignore this if something else creates the %s", kind)
	if other := precedent(p.Graph, ref); other != nil {
		f.Severity = analyzer.Warning
		f.Related = []analyzer.Related{{
			Location: other.From.EntryLocation(other.Path...),
			Message:  fmt.Sprintf("%s %s, for %s, exists", kind, other.Target.Name, other.From),
		}}
	}
	return f
}

// precedentsKey is the key of the precedents of a graph.
var precedentsKey memo.Key[map[pattern][]*graph.Reference]

// pattern is a kind, and a name in which the words of the workload that refers
// to it are left out.
type pattern struct{ kind, name string }

// precedent returns a reference of other pods to an object that is there, and
// that makes it likely that the object of ref was forgotten, nil if there is
// none: such as web-tls for web, where api-tls for api is missing. Of claims
// any will do, because kubectl has no command that makes one.
func precedent(g *graph.Graph, ref *graph.Reference) *graph.Reference {
	if ref.Workload == nil {
		return nil
	}
	refs := g.References().All
	alike := precedentsKey.Of(g, func() map[pattern][]*graph.Reference {
		byPattern := map[pattern][]*graph.Reference{}
		for _, r := range refs {
			if r.Workload != nil && r.Own && !r.Optional {
				byPattern[patternOf(r)] = append(byPattern[patternOf(r)], r)
			}
		}
		return byPattern
	})
	p := patternOf(ref)
	if ref.Use != graph.Claim && !strings.Contains(p.name, "*") {
		return nil
	}
	for _, other := range alike[p][:min(len(alike[p]), graph.MaxTries)] {
		if len(g.Resolve(other)) > 0 || g.Produced(other) {
			return other
		}
	}
	return nil
}

// patternOf returns what a reference has in common with those of other
// workloads.
func patternOf(ref *graph.Reference) pattern {
	if ref.Use == graph.Claim {
		return pattern{kind: ref.Target.Kind}
	}
	own := strings.Split(ref.Workload.Name, "-")
	words := strings.Split(ref.Target.Name, "-")
	for i, word := range words {
		if slices.Contains(own, word) {
			words[i] = "*"
		}
	}
	return pattern{ref.Target.Kind, strings.Join(words, "-")}
}

// DataFields are the fields that hold the data of ConfigMaps and Secrets.
var DataFields = []string{"data", "binaryData", "stringData"}

// HasKey reports whether a ConfigMap or Secret has an entry.
func HasKey(r *manifest.Resource, key string) bool {
	return slices.ContainsFunc(DataFields, func(field string) bool { return manifest.Field(r.Get(field), key).Key != nil })
}
