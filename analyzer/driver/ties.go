package driver

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// tier reads the ties of one unit from its graph, for as long as there is one:
// which findings are about them is known when all units are judged, see
// marks.go.
type tier struct {
	draft
	graph  *graph.Graph
	passes []*analyzer.Pass // what the rules said of the unit
	own    map[*manifest.Resource]bool
	at     map[any]int    // what an object stands for → its index
	tied   map[[2]int]int // the ends of a tie → its index
}

// pods is the key of the pods of a workload, which are no object of their own;
// missing and nodes are the keys of what no manifest holds.
type (
	pods    struct{ of *manifest.Resource }
	missing struct{ kind, name string }
	nodes   struct{ asked string }
)

// readTies returns what the unit's own objects make, select and name.
func readTies(g *graph.Graph, passes []*analyzer.Pass) draft {
	t := &tier{graph: g, passes: passes, own: map[*manifest.Resource]bool{}, at: map[any]int{}, tied: map[[2]int]int{}}
	t.Unit = g.Unit.Name
	for _, r := range g.Unit.Resources {
		t.own[r] = true
	}
	for _, w := range g.Workloads {
		if w.Own && !w.Superseded {
			t.workload(w)
			t.places(w)
		}
	}
	t.selectors()
	t.references()
	t.scalers()
	return t.draft
}

// object returns the index of an object; it is added if it is new. r is nil
// for what stands in no manifest.
func (t *tier) object(key any, r *manifest.Resource, o analyzer.TiedObject) int {
	i, ok := t.at[key]
	if !ok {
		i = len(t.Objects)
		t.at[key] = i
		t.Objects, t.objects = append(t.Objects, o), append(t.objects, r)
	}
	return i
}

// resource returns the index of an object that stands in a manifest.
func (t *tier) resource(r *manifest.Resource, role analyzer.Role) int {
	return t.object(r, r, analyzer.TiedObject{Role: role, Kind: r.Kind, Name: r.Name, Elsewhere: !t.own[r]})
}

// absent returns the index of what is named and not there.
func (t *tier) absent(role analyzer.Role, kind, name, detail string) int {
	o := analyzer.TiedObject{Role: role, Kind: kind, Name: name, Detail: detail, Elsewhere: true, Missing: true}
	return t.object(missing{kind, name}, nil, o)
}

// workload returns the index of the pods of a workload; its tie to them is
// added with it.
func (t *tier) workload(w *graph.Workload) int {
	if i, ok := t.at[pods{w.Resource}]; ok {
		return i
	}
	made := analyzer.TiedObject{Role: analyzer.Pods, Kind: "pods of", Name: w.Name, Detail: w.PodLabels(), Elsewhere: !w.Own}
	if w.IsPod() {
		made.Kind = w.Kind
		i := t.object(pods{w.Resource}, w.Resource, made)
		t.at[w.Resource] = i
		return i
	}
	i := t.object(pods{w.Resource}, nil, made)
	t.tie(t.resource(w.Resource, analyzer.Owner), i, "makes", written{w.Resource, [][]string{{"spec", "selector"}, w.At("metadata", "labels")}})
	return i
}

// tie adds a tie. What is tied twice is one tie, written in several places.
func (t *tier) tie(from, to int, what string, at written) {
	ends := [2]int{from, to}
	i, ok := t.tied[ends]
	if !ok {
		i = len(t.Ties)
		t.tied[ends] = i
		t.Ties, t.written = append(t.Ties, analyzer.Tie{From: from, To: to, What: what}), append(t.written, nil)
	}
	t.written[i] = append(t.written[i], at)
}

// selectors adds what finds pods by their labels.
func (t *tier) selectors() {
	g := t.graph
	for _, s := range g.Services {
		if s.Own && s.Type() != "ExternalName" {
			t.selects(s.Resource, s.Selector, s.Pods(), []string{"spec", "ports"})
		}
	}
	for _, b := range g.Budgets {
		if b.Own {
			t.selects(b.Resource, b.Selector, g.Budgeted(b))
		}
	}
	for _, r := range g.Unit.Resources {
		if r.Kind == "NetworkPolicy" && r.Group == "networking.k8s.io" {
			s := graph.ReadLabelSelector(r, "spec", "podSelector")
			t.selects(r, s, g.Select(g.Namespace(r), s))
		}
	}
}

// selects adds the ties of a selector that asks for something. If it finds
// nothing it leads to the pods that its finding names, or to none.
func (t *tier) selects(r *manifest.Resource, s graph.Selector, found []*graph.Workload, more ...[]string) {
	if s.State != graph.Present {
		return
	}
	from, at := t.resource(r, analyzer.Selects), written{r, append(more, s.Path)}
	if meant := t.meant(at); len(found) == 0 && meant != nil {
		found = append(found, meant)
	}
	for _, w := range found {
		t.tie(from, t.workload(w), "selects "+s.String(), at)
	}
	if len(found) == 0 {
		t.tie(from, t.absent(analyzer.Pods, "no pods", s.String(), ""), "selects "+s.String(), at)
	}
}

// meant returns the workload at which the other end of a finding points.
func (t *tier) meant(at written) *graph.Workload {
	for _, p := range t.passes {
		for i := range p.Findings {
			f := &p.Findings[i]
			if f.Resource != at.in || !at.holds(f.Path) {
				continue
			}
			for _, end := range f.Related {
				if i := slices.IndexFunc(t.graph.Workloads, func(w *graph.Workload) bool { return stands(end.Location, w) }); i >= 0 {
					return t.graph.Workloads[i]
				}
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
	graph.Backend: analyzer.Selects, graph.Governing: analyzer.Selects, graph.RouteBackend: analyzer.Selects,
	graph.ListenerCertificate: analyzer.Around,
}

// references adds the ties by name.
func (t *tier) references() {
	for _, ref := range t.graph.References().All {
		role, drawn := roles[ref.Use]
		if !ref.Own || !drawn || t.graph.Superseded(ref.From) {
			continue
		}
		from, at := t.resource(ref.From, analyzer.Entrance), written{ref.From, [][]string{ref.Path, ref.KeyPath}}
		found := t.graph.Resolve(ref)
		for _, r := range found {
			t.tie(from, t.resource(r, role), string(ref.Use), at)
		}
		switch {
		case len(found) > 0:
		case t.graph.Produced(ref):
			o := analyzer.TiedObject{Role: role, Kind: ref.Target.Kind, Name: ref.Target.Name, Detail: "made in the cluster", Elsewhere: true}
			t.tie(from, t.object(ref.Target, nil, o), string(ref.Use), at)
		default:
			t.tie(from, t.absent(role, ref.Target.Kind, ref.Target.Name, notHere), string(ref.Use), at)
		}
	}
}

const notHere = "not in these files"

// scalers adds what scales the workloads.
func (t *tier) scalers() {
	for _, s := range t.graph.Scalers {
		if !s.Own || s.TargetName == "" {
			continue
		}
		from, at := t.resource(s.Resource, analyzer.Around), written{s.Resource, [][]string{s.RefPath}}
		found := t.graph.Objects().Named(graph.Target{Group: s.TargetGroup, Kind: s.TargetKind, Name: s.TargetName})
		for _, r := range found {
			if s.Scales(r) {
				t.tie(from, t.resource(r, analyzer.Owner), "scales", at)
			}
		}
		if len(found) == 0 {
			t.tie(from, t.absent(analyzer.Owner, s.TargetKind, s.TargetName, notHere), "scales", at)
		}
	}
}

// places adds what the pods of a workload ask of nodes, if they ask anything.
func (t *tier) places(w *graph.Workload) {
	p := t.graph.Placement(w)
	if p == nil || p.Anywhere() {
		return
	}
	asked := graph.Format(p.NodeSelector)
	switch {
	case p.NodeName != "":
		asked = p.NodeName
	case p.Required && asked != "":
		asked += ", node affinity"
	case p.Required:
		asked = "node affinity"
	}
	o := analyzer.TiedObject{Role: analyzer.Place, Kind: "nodes", Name: asked, Detail: "no node is known", Elsewhere: true}
	if known := len(t.graph.Nodes); known > 0 {
		fit := len(t.graph.Eligible(w))
		o.Detail, o.Missing = fmt.Sprintf("%d of %d known", fit, known), fit == 0
	}
	at := written{w.Resource, [][]string{w.At("spec", "nodeSelector"), w.At("spec", "nodeName"), w.At("spec", "affinity", "nodeAffinity")}}
	t.tie(t.at[w.Resource], t.object(nodes{asked + o.Detail}, nil, o), "runs on", at)
}
