package kustomize

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// KustomizeLabelInPeer reports labels of a kustomization that end up in the
// peers of a NetworkPolicy whose pods it does not build.
var KustomizeLabelInPeer = &analyzer.Rule{
	ID:    "kustomize-label-in-peer",
	Title: "A label of a kustomization shuts out the peers of a NetworkPolicy",
	Claim: analyzer.Suspect,
	Kinds: []string{"NetworkPolicy"},
	Why: `kustomize adds commonLabels, and labels with includeSelectors, to every podSelector of a NetworkPolicy, those in its peers included. A peer with a namespaceSelector mostly stands for pods of another namespace, such as the ingress controller or the DNS server. They are not part of the kustomization and do not have the label, so the policy no longer allows their traffic.

Not reported are peers that match pods of the same build, which get the label too, and peers without a namespaceSelector. If the pods of the other namespace do have the label, suppress the finding.`,
	Bad:  peerExample("labels:\n- pairs:\n    team: blue\n  includeSelectors: true\n"),
	Good: peerExample("labels:\n- pairs:\n    team: blue\n  includeTemplates: true\n"),
	References: []string{
		"https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/labels/",
		"https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors",
		"sigs.k8s.io/kustomize/api/internal/konfig/builtinpluginconsts/commonlabels.go",
	},
	Run: func(p *analyzer.Pass) error {
		if p.Unit.Build == nil {
			return nil
		}
		for _, l := range p.Unit.Build.SelectorLabels() {
			for _, peer := range l.Peers {
				if manifest.Get(peer.Written, "namespaceSelector") != nil && !builds(p.Graph, manifest.Get(peer.Written, "podSelector", "matchLabels")) {
					p.Report(shutOut(l, peer))
				}
			}
		}
		return nil
	},
}

// peerExample is a kustomization with labels and a policy for the pods of an
// ingress controller.
func peerExample(labels string) string {
	return "-- kustomization.yaml --\nresources:\n- policy.yaml\n" + labels + `-- policy.yaml --
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
spec:
  podSelector: {}
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: ingress-nginx
      podSelector:
        matchLabels:
          app.kubernetes.io/name: ingress-nginx
`
}

// builds reports whether pods of the unit have the labels.
func builds(g *graph.Graph, labels *manifest.Node) bool {
	return slices.ContainsFunc(g.Workloads, func(w *graph.Workload) bool {
		for key, e := range manifest.Fields(labels) {
			if w.Labels[key] != e.Value.Value {
				return false
			}
		}
		return w.Own
	})
}

func shutOut(l kustomize.Labelled, peer kustomize.Peer) analyzer.Finding {
	r := peer.Policy
	path := append(slices.Clone(peer.Path), "podSelector")
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s: %s adds %s=%s to a peer whose pods this kustomization does not build", r, l.Path[0], l.Key, l.Value),
		Label:       "the label is added to this selector",
		Consequence: fmt.Sprintf("pods of the other namespace that are not labeled %s=%s are no longer allowed", l.Key, l.Value),
		Help:        "use labels with includeTemplates: true instead of includeSelectors or commonLabels, or select this peer by matchExpressions, to which kustomize adds nothing",
		Location:    r.KeyLocation(path...),
		Path:        path,
		Resource:    r,
		Related:     []analyzer.Related{{Location: l.Location, Message: "the label comes from here"}},
	}
}
