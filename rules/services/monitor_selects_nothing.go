package services

import (
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/near"
)

// MonitorSelectsNothing reports ServiceMonitors whose selectors miss the
// Service that was meant.
var MonitorSelectsNothing = &analyzer.Rule{
	ID:    "monitor-selects-nothing",
	Title: "A ServiceMonitor misses the Service that was meant",
	Claim: analyzer.Suspect,
	Kinds: []string{"ServiceMonitor"},
	Why: `A ServiceMonitor of the Prometheus Operator selects Services by the labels that they carry themselves, not by those of their pods and not by their selectors, and without a namespaceSelector in its own namespace alone. If it selects none it is accepted, Prometheus gets no targets from it, and nobody says so.

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
			if m := readMonitor(p.Graph, r); m != nil && m.selector.State == graph.Present && len(m.services(p.Graph)) == 0 {
				monitorMisses(p, m)
			}
		}
		return nil
	},
}

// monitor is a ServiceMonitor.
type monitor struct {
	*manifest.Resource
	selector graph.Selector
}

// readMonitor returns nil for what is no ServiceMonitor, or an earlier version
// of one.
func readMonitor(g *graph.Graph, r *manifest.Resource) *monitor {
	if r.Kind != "ServiceMonitor" || r.Group != "monitoring.coreos.com" || g.Superseded(r) {
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

type labelledServicesKey struct{}

// labelledServices returns the Services of the unit and its context in their
// last versions.
func labelledServices(g *graph.Graph) []labelledService {
	return g.View(labelledServicesKey{}, func() any {
		var all []labelledService
		for _, s := range g.Services {
			if !g.Superseded(s.Resource) {
				all = append(all, labelledService{s, manifest.StringMap(s.Node, "metadata", "labels")})
			}
		}
		return all
	}).([]labelledService)
}

func monitorMisses(p *analyzer.Pass, m *monitor) {
	beside := func(r *manifest.Resource) bool {
		return r.Kind == "Service" && r.Group == "" && m.looksInto(p.Graph, r) && m.selector.Selector.Matches(labels.Set(manifest.StringMap(r.Node, "metadata", "labels")))
	}
	miss := nearestService(p.Graph, m)
	switch {
	case slices.ContainsFunc(p.Unit.Siblings, beside):
		p.Skip(m.Resource, "ServiceMonitors: their Services are only in a directory beside")
		return
	case miss == nil || p.Unit.Rewritten || !graph.OnlyLabels(m.selector):
		p.Skip(m.Resource, "ServiceMonitors: their Services may live elsewhere")
		return
	}
	f := analyzer.Finding{
		Evidence:    analyzer.NearMiss,
		Message:     fmt.Sprintf("%s matches no Services", m),
		Label:       "no Service carries this label",
		Consequence: "it is accepted, and Prometheus gets no targets from it",
		Help:        miss.Help,
		Path:        m.selector.Path,
		Resource:    m.Resource,
		Related:     []analyzer.Related{{Location: miss.At, Message: miss.What}},
	}
	if miss.Key != "" {
		f.Path = append(slices.Clone(m.selector.LabelsPath), miss.Key)
	}
	if miss.Label != "" {
		f.Label = miss.Label
	}
	f.Location = m.EntryLocation(f.Path...)
	p.Report(f)
}

// nearestService returns what explains best that a monitor selects nothing.
func nearestService(g *graph.Graph, m *monitor) *near.Miss {
	for _, try := range []func(*graph.Graph, *monitor, labelledService) *near.Miss{
		serviceLabelOff, labelsOfItsPods, serviceNamed, serviceElsewhere,
	} {
		for _, s := range labelledServices(g) {
			if miss := try(g, m, s); miss != nil {
				return miss
			}
		}
	}
	return nil
}

// serviceLabelOff: the Service has all labels but one, and that one but for a
// slip of the pen.
func serviceLabelOff(g *graph.Graph, m *monitor, s labelledService) *near.Miss {
	key := firstUnequal(m.selector.Equal, s.own)
	value, labelled := s.own[key]
	if !labelled || !near.Slip(value, m.selector.Equal[key]) || !m.looksInto(g, s.Resource) {
		return nil
	}
	rest := maps.Clone(m.selector.Equal)
	delete(rest, key)
	if firstUnequal(rest, s.own) != "" {
		return nil
	}
	return &near.Miss{
		Key:  key,
		At:   s.EntryLocation("metadata", "labels", key),
		What: fmt.Sprintf("%s has %s=%s", s, key, value),
		Help: fmt.Sprintf("write %s: %s", key, value),
	}
}

// labelsOfItsPods: the labels are those by which the Service selects its pods.
func labelsOfItsPods(g *graph.Graph, m *monitor, s labelledService) *near.Miss {
	key := firstUnequal(m.selector.Equal, s.own)
	if firstUnequal(m.selector.Equal, s.Selector.Equal) != "" || !m.looksInto(g, s.Resource) {
		return nil
	}
	return &near.Miss{
		Key:  key,
		At:   s.EntryLocation(append(slices.Clone(s.Selector.LabelsPath), key)...),
		What: fmt.Sprintf("%s selects its pods by this label, and does not carry it itself", s),
		Help: fmt.Sprintf("add %s: %s to the labels of the Service", key, m.selector.Equal[key]),
	}
}

// serviceNamed: a value that is asked for is the name of a Service, which
// carries another one.
func serviceNamed(g *graph.Graph, m *monitor, s labelledService) *near.Miss {
	key := firstUnequal(m.selector.Equal, s.own)
	if value, labelled := s.own[key]; labelled && s.Name == m.selector.Equal[key] && m.looksInto(g, s.Resource) {
		return &near.Miss{
			Key:  key,
			At:   s.EntryLocation("metadata", "labels", key),
			What: fmt.Sprintf("%s has the name, but the label %s=%s", s, key, value),
			Help: fmt.Sprintf("write %s: %s", key, value),
		}
	}
	return nil
}

// serviceElsewhere: the Service is in another namespace.
func serviceElsewhere(g *graph.Graph, m *monitor, s labelledService) *near.Miss {
	if firstUnequal(m.selector.Equal, s.own) != "" || m.looksInto(g, s.Resource) {
		return nil
	}
	return &near.Miss{
		Label: "in no namespace that it looks into",
		At:    s.EntryLocation("metadata", "namespace"),
		What:  fmt.Sprintf("%s carries the labels, in namespace %s", s, g.Namespace(s.Resource)),
		Help:  fmt.Sprintf("add spec.namespaceSelector.matchNames: [%s]", g.Namespace(s.Resource)),
	}
}

// firstUnequal returns the first key whose value the labels do not have, "" if
// they have all.
func firstUnequal(want, have map[string]string) (first string) {
	for key, value := range want {
		if is, ok := have[key]; (!ok || is != value) && (first == "" || key < first) {
			first = key
		}
	}
	return first
}
