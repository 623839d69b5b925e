package driver

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// mark is a finding about a part of an object: where it is in the result, and
// as the rule reported it for this unit.
type mark struct {
	index int
	*analyzer.Finding
}

// tiesOf returns the ties of the units that were judged. One finding of the
// result may mark ties of several units.
func tiesOf(passes [][]*analyzer.Pass, findings []analyzer.Finding) []analyzer.UnitTies {
	at := map[place]int{}
	for i, f := range findings {
		at[placeOf(f)] = i
	}
	marks := func(passes []*analyzer.Pass, into map[*manifest.Resource][]mark) map[*manifest.Resource][]mark {
		for _, p := range passes {
			for i := range p.Findings {
				f := &p.Findings[i]
				if index, ok := at[placeOf(*f)]; ok && f.Resource != nil {
					into[f.Resource] = append(into[f.Resource], mark{index, f})
				}
			}
		}
		return into
	}
	ofFiles := map[*manifest.Resource][]mark{}
	var all []analyzer.UnitTies
	for _, p := range passes {
		if len(p) == 0 || p[0].Graph == nil {
			marks(p, ofFiles)
			continue
		}
		t := &tier{graph: p[0].Graph, marks: marks(p, map[*manifest.Resource][]mark{}), ofFiles: ofFiles, at: map[any]int{}}
		t.Unit, t.own = p[0].Unit.Name, map[*manifest.Resource]bool{}
		for _, r := range p[0].Unit.Resources {
			t.own[r] = true
		}
		if t.read(); len(t.Objects) > 0 {
			all = append(all, t.UnitTies)
		}
	}
	return all
}

// tier reads the ties of one unit from its graph.
type tier struct {
	analyzer.UnitTies
	graph          *graph.Graph
	marks, ofFiles map[*manifest.Resource][]mark
	at             map[any]int // what an object stands for → its index
	own            map[*manifest.Resource]bool
}

// pods is the key of the pods of a workload, which are no object of their own.
type pods struct{ of *manifest.Resource }

// read adds what the unit's own objects make, select and name.
func (t *tier) read() {
	g := t.graph
	for _, w := range g.Workloads {
		if w.Own && !w.Superseded {
			t.workload(w)
			t.places(w)
		}
	}
	for _, s := range g.Services {
		if s.Own && s.Selector.State != graph.Missing && s.Type() != "ExternalName" {
			t.selects(s.Resource, s.Selector, s.Pods(), s.Selector.Path, []string{"spec", "ports"})
		}
	}
	for _, b := range g.Budgets {
		if b.Own {
			t.selects(b.Resource, b.Selector, g.Budgeted(b), b.Selector.Path)
		}
	}
	for _, r := range g.Unit.Resources {
		if r.Kind == "NetworkPolicy" && r.Group == "networking.k8s.io" {
			if s := graph.ReadLabelSelector(r, "spec", "podSelector"); s.State == graph.Present {
				t.selects(r, s, g.Select(g.Namespace(r), s), s.Path)
			}
		}
	}
	t.references()
	t.scalers()
}

// object returns the index of an object; it is added if it is new.
func (t *tier) object(key any, o analyzer.TiedObject) int {
	i, ok := t.at[key]
	if !ok {
		i = len(t.Objects)
		t.at[key] = i
		t.Objects = append(t.Objects, o)
	}
	return i
}

// resource returns the index of an object that stands in a manifest.
func (t *tier) resource(r *manifest.Resource, role analyzer.Role, own bool) int {
	return t.object(r, analyzer.TiedObject{Role: role, Kind: r.Kind, Name: r.Name, Elsewhere: !own, Findings: t.about(r, nil)})
}

// workload returns the index of the pods of a workload; its tie to them is
// added with it.
func (t *tier) workload(w *graph.Workload) int {
	if i, ok := t.at[pods{w.Resource}]; ok {
		return i
	}
	made := analyzer.TiedObject{Role: analyzer.Pods, Kind: "pods of", Name: w.Name, Detail: w.PodLabels(), Elsewhere: !w.Own}
	if w.IsPod() {
		made.Kind, made.Findings = w.Kind, t.about(w.Resource, nil)
		t.at[w.Resource] = t.object(pods{w.Resource}, made)
		return t.at[w.Resource]
	}
	i := t.object(pods{w.Resource}, made)
	t.tie(t.resource(w.Resource, analyzer.Owner, w.Own), i, "makes", w.Resource, []string{"spec", "selector"}, w.At("metadata", "labels"))
	return i
}

// tie adds a tie; paths are where it is written in the object it leads from.
func (t *tier) tie(from, to int, what string, r *manifest.Resource, paths ...[]string) {
	t.Ties = append(t.Ties, analyzer.Tie{From: from, To: to, What: what, Findings: t.about(r, paths)})
}

// about returns the findings about an object; about its fields at or below one
// of the paths, unless those are nil.
func (t *tier) about(r *manifest.Resource, paths [][]string) []int {
	var found []int
	for _, m := range slices.Concat(t.marks[r], t.ofFiles[r]) {
		if paths == nil || slices.ContainsFunc(paths, func(p []string) bool { return within(m.Path, p) }) {
			found = append(found, m.index)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// within reports whether a field path is that of a field or lies below it.
func within(path, field []string) bool {
	return len(field) > 0 && len(path) >= len(field) && slices.Equal(path[:len(field)], field)
}

// selects adds the ties of a selector. If it finds nothing it leads to the
// pods that its finding names, or to none.
func (t *tier) selects(r *manifest.Resource, s graph.Selector, found []*graph.Workload, paths ...[]string) {
	from, what := t.resource(r, analyzer.Selects, true), "selects "+s.String()
	for _, w := range found {
		t.tie(from, t.workload(w), what, r, paths...)
	}
	if len(found) > 0 || s.State != graph.Present {
		return
	}
	if w := t.meant(r, paths); w != nil {
		t.tie(from, t.workload(w), what, r, paths...)
		return
	}
	none := t.object(r.Kind+"/"+r.Name+" selects", analyzer.TiedObject{Role: analyzer.Pods, Kind: "no pods", Name: s.String(), Elsewhere: true, Missing: true})
	t.tie(from, none, what, r, paths...)
}

// meant returns the workload at which the other end of a finding points.
func (t *tier) meant(r *manifest.Resource, paths [][]string) *graph.Workload {
	for _, m := range t.marks[r] {
		if !slices.ContainsFunc(paths, func(p []string) bool { return within(m.Path, p) }) {
			continue
		}
		for _, end := range m.Related {
			i := slices.IndexFunc(t.graph.Workloads, func(w *graph.Workload) bool { return stands(end.Location, w) })
			if i >= 0 {
				return t.graph.Workloads[i]
			}
		}
	}
	return nil
}

// stands reports whether a place lies in the document of a workload.
func stands(at source.Location, w *graph.Workload) bool {
	d := w.Document
	return at.File != nil && at.File == w.File() && d.Span.Start <= at.Span.Start && at.Span.End <= d.Span.End
}

// roles are the uses that are drawn, and the role of what is used.
var roles = map[graph.Use]analyzer.Role{
	graph.Env: analyzer.Around, graph.Volume: analyzer.Around, graph.Claim: analyzer.Around, graph.Account: analyzer.Around,
	graph.PullSecret: analyzer.Around, graph.Certificate: analyzer.Around,
	graph.Backend: analyzer.Selects, graph.Governing: analyzer.Selects,
}

// references adds the ties by name. What is used twice is one tie.
func (t *tier) references() {
	type tie struct{ from, to int }
	seen := map[tie]int{}
	for _, ref := range t.graph.References().All {
		role, drawn := roles[ref.Use]
		if !ref.Own || !drawn || ref.Workload != nil && ref.Workload.Superseded {
			continue
		}
		from := t.user(ref)
		for _, to := range t.used(ref, role) {
			key := tie{from, to}
			if i, ok := seen[key]; ok {
				t.Ties[i].Findings = slices.Compact(slices.Sorted(slices.Values(slices.Concat(t.Ties[i].Findings, t.about(ref.From, [][]string{ref.Path, ref.KeyPath})))))
				continue
			}
			seen[key] = len(t.Ties)
			t.tie(from, to, string(ref.Use), ref.From, ref.Path, ref.KeyPath)
		}
	}
}

// user returns the index of the object that a reference stands in.
func (t *tier) user(ref *graph.Reference) int {
	if i, ok := t.at[ref.From]; ok {
		return i
	}
	return t.resource(ref.From, analyzer.Entrance, true) // workloads are there already
}

// used returns the indices of what a reference leads to.
func (t *tier) used(ref *graph.Reference, role analyzer.Role) []int {
	var found []int
	for _, r := range t.graph.Resolve(ref) {
		found = append(found, t.resource(r, role, t.own[r]))
	}
	if len(found) > 0 {
		return found
	}
	o := analyzer.TiedObject{Role: role, Kind: ref.Target.Kind, Name: ref.Target.Name, Elsewhere: true, Missing: true, Detail: "not in these files"}
	if t.graph.Produced(ref) {
		o.Missing, o.Detail = false, "made in the cluster"
	}
	return []int{t.object(ref.Target, o)}
}

// scalers adds what scales the workloads.
func (t *tier) scalers() {
	for _, s := range t.graph.Scalers {
		if !s.Own {
			continue
		}
		from, found := t.resource(s.Resource, analyzer.Around, true), false
		for _, w := range t.graph.Workloads {
			if !w.Superseded && s.Scales(w.Resource) {
				t.workload(w)
				t.tie(from, t.at[w.Resource], "scales", s.Resource, s.RefPath)
				found = true
			}
		}
		if !found && s.TargetName != "" {
			target := graph.Target{Group: s.TargetGroup, Kind: s.TargetKind, Name: s.TargetName}
			to := t.object(target, analyzer.TiedObject{Role: analyzer.Owner, Kind: target.Kind, Name: target.Name, Elsewhere: true, Missing: true, Detail: "not in these files"})
			t.tie(from, to, "scales", s.Resource, s.RefPath)
		}
	}
}

// places adds what the pods of a workload ask of nodes, if they ask anything.
func (t *tier) places(w *graph.Workload) {
	p := t.graph.Placement(w)
	if p == nil || p.Anywhere() {
		return
	}
	ask := "node affinity"
	switch {
	case p.NodeName != "":
		ask = p.NodeName
	case len(p.NodeSelector) > 0 && p.Required:
		ask = graph.Format(p.NodeSelector) + ", node affinity"
	case len(p.NodeSelector) > 0:
		ask = graph.Format(p.NodeSelector)
	}
	o := analyzer.TiedObject{Role: analyzer.Place, Kind: "nodes", Name: ask, Elsewhere: true, Detail: "no node is known"}
	if known := len(t.graph.Nodes); known > 0 {
		fit := len(t.graph.Eligible(w))
		o.Detail, o.Missing = fmt.Sprintf("%d of %d known", fit, known), fit == 0
	}
	to := t.object(cmp.Or(o.Name, "nodes")+o.Detail, o)
	t.tie(t.at[w.Resource], to, "runs on", w.Resource, w.At("spec", "nodeSelector"), w.At("spec", "nodeName"), w.At("spec", "affinity", "nodeAffinity"))
}
