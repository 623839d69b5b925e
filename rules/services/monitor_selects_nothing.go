package services

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// MonitorSelectsNothing reports ServiceMonitors and PodMonitors whose selectors
// miss the Service or the pods that were meant.
var MonitorSelectsNothing = &analyzer.Rule{
	ID:    "monitor-selects-nothing",
	Title: "A ServiceMonitor or PodMonitor misses what was meant",
	Claim: analyzer.Suspect,
	Kinds: []string{"ServiceMonitor", "PodMonitor"},
	Why: `A ServiceMonitor of the Prometheus Operator selects Services by the labels that they carry themselves, not by those of their pods and not by their selectors, and without a namespaceSelector in its own namespace alone. If it selects none it is accepted, Prometheus gets no targets from it, and nothing reports it. A PodMonitor selects pods by their labels in the same way.

Services are often made by somebody else, so it is reported only if a Service of this directory is close: it selects its pods by the labels that are asked for, has the name, differs in one label, or is in another namespace.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{name: metrics, port: 9090}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  endpoints: [{port: metrics}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
  labels: {app: web}
spec:
  selector: {app: web}
  ports: [{name: metrics, port: 9090}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  endpoints: [{port: metrics}]
`,
	References: []string{
		"https://prometheus-operator.dev/docs/developer/getting-started/#using-servicemonitors",
		"https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitorSpec",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			if m := readMonitor(p.Graph, r); m != nil && m.selector.State == graph.Present && m.selectsNothing(p.Graph) {
				monitorMisses(p, m)
			}
		}
		return nil
	},
}

// monitor is a ServiceMonitor or a PodMonitor.
type monitor struct {
	*manifest.Resource
	selector graph.Selector
}

// selectsNothing reports whether the monitor selects nothing of the unit.
func (m *monitor) selectsNothing(g *graph.Graph) bool {
	if m.Kind == "PodMonitor" {
		return len(m.pods(g)) == 0
	}
	return len(m.services(g)) == 0
}

// pods returns the workloads whose pods a PodMonitor selects.
func (m *monitor) pods(g *graph.Graph) []*graph.Workload {
	return slices.DeleteFunc(slices.Clone(g.Select("", m.selector)), func(w *graph.Workload) bool {
		return w.Superseded || !m.looksInto(g, w.Resource)
	})
}

// readMonitor returns nil for what is no monitor, or an earlier version of one.
func readMonitor(g *graph.Graph, r *manifest.Resource) *monitor {
	if r.Kind != "ServiceMonitor" && r.Kind != "PodMonitor" || r.Group != "monitoring.coreos.com" || g.Superseded(r) {
		return nil
	}
	return &monitor{r, graph.ReadLabelSelector(r, "spec", "selector")}
}

// looksInto reports whether the monitor looks for Services in the namespace of
// a resource.
func (m *monitor) looksInto(g *graph.Graph, r *manifest.Resource) bool {
	if manifest.Bool(m.Node, "spec", "namespaceSelector", "any") {
		return true
	}
	names := manifest.Items(m.Get("spec", "namespaceSelector", "matchNames"))
	for _, name := range names {
		if manifest.IsPlaceholder(name.Value) || unit.SameNamespace(name.Value, g.Namespace(r)) {
			return true
		}
	}
	return len(names) == 0 && g.SameNamespace(m.Resource, r)
}

// services returns the Services that the monitor selects.
func (m *monitor) services(g *graph.Graph) []*graph.Service {
	var found []*graph.Service
	for _, s := range labelledServices(g) {
		if m.selector.Selector.Matches(s.own) && m.looksInto(g, s.Resource) {
			found = append(found, s.Service)
		}
	}
	return found
}

// labelledService is a Service with the labels that it carries itself.
type labelledService struct {
	*graph.Service
	own labels.Set
}

var labelledServicesKey memo.Key[[]labelledService]

// labelledServices returns the Services of the unit and its context in their
// last versions.
func labelledServices(g *graph.Graph) []labelledService {
	return labelledServicesKey.Of(g, func() []labelledService {
		var all []labelledService
		for _, s := range g.Services {
			if !g.Superseded(s.Resource) {
				all = append(all, labelledService{s, manifest.StringMap(s.Node, "metadata", "labels")})
			}
		}
		return all
	})
}

func monitorMisses(p *analyzer.Pass, m *monitor) {
	beside := func(r *manifest.Resource) bool {
		return m.Kind == "ServiceMonitor" && r.Kind == "Service" && r.Group == "" && m.looksInto(p.Graph, r) && m.selector.Selector.Matches(labels.Set(manifest.StringMap(r.Node, "metadata", "labels")))
	}
	search, what := nearmiss.Services, "Services"
	if m.Kind == "PodMonitor" {
		search, what = nearmiss.Pods, "pods"
	}
	miss := search(p.Graph, nearmiss.Selection{Resource: m.Resource, Selector: m.selector, Owned: true,
		Sees:  func(r *manifest.Resource) bool { return m.looksInto(p.Graph, r) },
		Scope: "add spec.namespaceSelector.matchNames: [NAMESPACE]: without it the monitor selects in its own namespace"})
	switch {
	case slices.ContainsFunc(p.Unit.Siblings, beside), m.Kind == "PodMonitor" && len(p.Graph.SelectSiblings("", m.selector)) > 0:
		p.Skip(m.Resource, m.Kind+"s: their "+what+" are only in a directory beside")
		return
	case miss == nil || p.Unit.Rewrites(kustomize.Relations):
		p.Skip(m.Resource, m.Kind+"s: their "+what+" may live elsewhere")
		return
	}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s matches no %s", m, what),
		Label:       "none of the " + what + " has this label",
		Consequence: "it is accepted, and Prometheus gets no targets from it",
		Path:        m.selector.PathTo(miss.Key),
		Resource:    m.Resource,
	}
	miss.Explain(&f)
	f.Location = m.EntryLocation(f.Path...)
	p.Report(f)
}
