package graph

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Pinned returns the names of the only nodes that can take the pods, by
// nodeName, by the host name that kubelet labels its node with, or by the name of
// the node in required affinity; nil if others may.
func (p *Placement) Pinned() []string {
	if p.unfinished() {
		return nil
	}
	if p.NodeName != "" {
		return []string{p.NodeName}
	}
	if host := p.NodeSelector[corev1.LabelHostname]; host != "" {
		return []string{host}
	}
	if !p.Required {
		return nil
	}
	var all []string
	for _, term := range p.pod.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		hosts := pinnedBy(term)
		if len(hosts) == 0 || slices.ContainsFunc(hosts, manifest.IsPlaceholder) {
			return nil
		}
		all = append(all, hosts...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// pinnedBy returns the nodes that a term names, nil if it names none.
func pinnedBy(term corev1.NodeSelectorTerm) []string {
	for _, e := range term.MatchExpressions {
		if e.Key == corev1.LabelHostname && e.Operator == corev1.NodeSelectorOpIn {
			return e.Values
		}
	}
	for _, e := range term.MatchFields {
		if e.Key == "metadata.name" && e.Operator == corev1.NodeSelectorOpIn {
			return e.Values
		}
	}
	return nil
}
