package services

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// ServiceSelectsNothing reports Services whose selector matches no pods of the
// unit, and says what they may have meant.
var ServiceSelectsNothing = &analyzer.Rule{
	ID:    "service-selects-nothing",
	Title: "A Service matches no pods",
	Claim: analyzer.Broken,
	Kinds: []string{"Service"},
	Why: `A Service sends traffic to the pods of its namespace that carry all the labels of its selector; names play no part. If no pod does, the Service has no endpoints: it is accepted, there is no event, and every connection fails.

The labels are those of the pods, from the template, not those of the Deployment itself. Labels that controllers add (statefulset.kubernetes.io/pod-name, job-name, ...) count.

Pods may come from somewhere else, so only what something close explains is an error: a workload of the same name, a label that is one off, the same value under another key, the right labels in another namespace, or a file whose many other Services all find their pods. A Service without a selector is left alone.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: api
spec:
  selector:
    app: api
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata:
  name: api
  labels:
    tier: backend
spec:
  containers: [{name: api, image: example/api}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: api
spec:
  selector:
    app: api
  ports: [{port: 80}]
---
apiVersion: v1
kind: Pod
metadata:
  name: api
  labels:
    app: api
    tier: backend
spec:
  containers: [{name: api, image: example/api}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service",
		"k8s.io/kubernetes/pkg/controller/endpointslice/endpointslice_controller.go: syncService",
	},
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Services {
			if s.Own && s.Selector.State == graph.Unfinished {
				p.Skip(s.Resource, "Services: their selectors are still to be filled in")
			}
			if s.Selector.State != graph.Present || s.Type() == "ExternalName" {
				continue
			}
			switch pods := s.Pods(); {
			case len(pods) == 0 && s.Own:
				selectsNothing(p, s)
			case len(pods) == 0:
				losesPods(p, s)
			case s.Own:
				namespaceDecides(p, s, pods)
			}
		}
		return nil
	},
}

const noEndpoints = "it is accepted, has no endpoints, and no event says so"

// selectsNothing reports a Service of the unit that matches no pods.
func selectsNothing(p *analyzer.Pass, s *graph.Service) {
	if p.Unit.Rewrites(kustomize.Relations) { // a patch may change the selector, or the labels
		p.Skip(s.Resource, "Services: kustomize still changes selectors and labels")
		return
	}
	if slices.ContainsFunc(p.Unit.External, func(e unit.External) bool { return len(e.Labels) > 0 && selects(s, e.Labels) }) {
		return // the configuration knows of such pods
	}
	if !slices.ContainsFunc(text.SortedKeys(s.Selector.Equal), func(key string) bool { return !p.Unit.MayHold(s.Selector.Equal[key]) }) {
		p.Skip(s.Resource, "Services: their pods may stand in a document that cannot be read")
		return
	}
	beside := p.Graph.SelectSiblings(p.Graph.Namespace(s.Resource), s.Selector)
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s matches no pods", s),
		Label:       "no pod of this unit carries this label",
		Consequence: noEndpoints,
		Path:        s.Selector.Path,
		Resource:    s.Resource,
		Notes:       besideNotes(p, s, beside),
	}
	asked := nearmiss.Selection{Resource: s.Resource, Selector: s.Selector, Owned: true, Scope: "put both into one namespace: a Service selects pods of its own namespace only"}
	if miss := nearmiss.Pods(p.Graph, asked); miss != nil {
		miss.Explain(&f)
		f.Path = s.Selector.PathTo(miss.Key)
		f.Location = s.EntryLocation(f.Path...)
		p.Report(f)
		return
	}
	others := company(p.Graph, s)
	inNamespace := func(w *graph.Workload) bool { return p.Graph.SameNamespace(w.Resource, s.Resource) }
	switch {
	case nearmiss.SetAtRunTime(p.Graph, asked):
		p.Skip(s.Resource, "Services: a label they select by is set on running pods")
	case len(beside) > 0:
		p.Skip(s.Resource, "Services: only pods of a directory beside carry their labels")
	case others >= enoughCompany && p.Unit.UnreadAlone():
		f.Evidence = analyzer.NearMiss
		f.Location = s.EntryLocation(firstKey(s.Selector)...)
		f.Notes = append(f.Notes, fmt.Sprintf("the %d other Services of this file find their pods", others))
		f.Help = "add the workload, or check the selector against the labels of the pods"
		p.Report(f)
	case !p.Unit.Complete() || !p.Graph.HasWorkloads(s.Resource) && slices.ContainsFunc(p.Graph.Siblings(), inNamespace):
		p.Skip(s.Resource, "Services: their pods may live elsewhere")
	default:
		f.Evidence = analyzer.Absent
		f.Location = s.EntryLocation(firstKey(s.Selector)...)
		f.Help = "check the selector against the labels of the pods, or ignore this if they live elsewhere"
		p.Report(f)
	}
}

// enoughCompany is how many other Services of a file show that the pods of all
// of them are meant to be here.
const enoughCompany = 4

// company counts the other Services of the file, if they all find pods.
func company(g *graph.Graph, s *graph.Service) int {
	t := companyKey.Of(g, func() map[*source.File]tally {
		files := map[*source.File]tally{}
		for _, s := range g.Services {
			if s.Selector.State != graph.Present || s.Type() == "ExternalName" {
				continue
			}
			t := files[s.File()]
			if len(s.Pods()) > 0 {
				t.served++
			} else {
				t.lonely++
			}
			files[s.File()] = t
		}
		return files
	})[s.File()]
	if t.lonely > 1 {
		return 0
	}
	return t.served
}

// tally counts the Services of a file that find pods, and those that find none.
type tally struct{ served, lonely int }

// companyKey is the key of the tallies of a graph.
var companyKey memo.Key[map[*source.File]tally]

// firstKey returns the path of the only label of a selector, or of the whole.
func firstKey(s graph.Selector) []string {
	if len(s.Equal) == 1 {
		for key := range s.Equal {
			return append(slices.Clone(s.Path), key)
		}
	}
	return s.Path
}

func besideNotes(p *analyzer.Pass, s *graph.Service, beside []*graph.Workload) []string {
	if len(beside) == 0 {
		return nil
	}
	w := beside[0]
	return []string{fmt.Sprintf("only %s in %s carries %s, and it is not applied together with this", w, text.RelativeDir(p.Unit, w.Resource), s.Selector)}
}

// losesPods reports a Service of an ancestor directory whose pods the unit
// takes away by defining their workload anew with other labels.
func losesPods(p *analyzer.Pass, s *graph.Service) {
	if p.Unit.Rewrites(kustomize.Relations) {
		return
	}
	for _, before := range p.Graph.Replaced() {
		if !p.Graph.SameNamespace(s.Resource, before.Resource) || !before.MatchedBy(s.Selector.Selector) {
			continue
		}
		for _, w := range p.Graph.Workloads {
			if !w.Own || !unit.SameObject(w.Resource, before.Resource) {
				continue
			}
			key := nearmiss.Missing(s.Selector.Equal, w.Carries)
			p.Report(analyzer.Finding{
				Evidence:    analyzer.NearMiss,
				Message:     fmt.Sprintf("%s takes the pods of %s away", w, s),
				Consequence: "the rollout succeeds, and the Service silently loses its endpoints",
				Label:       fmt.Sprintf("Service %s asks for %s", s.Name, s.Selector),
				Help:        fmt.Sprintf("keep %s in the labels of the template", s.Selector),
				Location:    w.EntryLocation(w.LabelPath(key)...),
				Path:        w.LabelPath(key),
				Resource:    w.Resource,
				Related: []analyzer.Related{
					{Location: s.EntryLocation(append(slices.Clone(s.Selector.Path), key)...), Message: "no pod carries this label any more"},
					{Location: before.EntryLocation(before.LabelPath(key)...), Message: fmt.Sprintf("%s of the directory above has it", before)},
				},
			})
			return
		}
	}
}

// namespaceDecides notes Services that meet their pods only if what has no
// namespace is applied to the right one.
func namespaceDecides(p *analyzer.Pass, s *graph.Service, pods []*graph.Workload) {
	mine := p.Graph.Namespace(s.Resource)
	var other string
	for _, w := range pods {
		theirs := p.Graph.Namespace(w.Resource)
		if theirs == mine || w.Custom {
			return
		}
		other = theirs
	}
	w := pods[0]
	f := analyzer.Finding{
		Evidence:    analyzer.Open,
		Consequence: "it has no endpoints unless both are applied to the same namespace",
		Help:        "give both the same metadata.namespace",
		Location:    s.NameLocation(),
		Path:        []string{"metadata", "namespace"},
		Resource:    s.Resource,
		Related:     []analyzer.Related{{Location: w.Location("metadata", "namespace"), Message: fmt.Sprintf("%s is in namespace %s", w, other)}},
	}
	if mine == "" {
		f.Message = fmt.Sprintf("%s names no namespace, but the pods that it selects are in %s", s, other)
		f.Label = "applied to the namespace that kubectl is set to"
	} else {
		f.Message = fmt.Sprintf("%s is in namespace %s, but the pods that it selects name none", s, mine)
		f.Related[0] = analyzer.Related{Location: w.NameLocation(), Message: fmt.Sprintf("%s is applied to the namespace that kubectl is set to", w)}
	}
	p.Report(f)
}

// selects reports whether a Service selects pods with the labels.
func selects(s *graph.Service, pods map[string]string) bool {
	for key, value := range s.Selector.Equal {
		if pods[key] != value {
			return false
		}
	}
	return true
}
