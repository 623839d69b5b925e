package scheduling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// TopologyKeyUnknown reports topology keys that are a slip from a label that
// every node has.
var TopologyKeyUnknown = &analyzer.Rule{
	ID:    "topology-key-unknown",
	Title: "A topologyKey that is no well-known label, but close to one",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `A topologyKey is the key of a label of nodes. kubelet and cloud providers set kubernetes.io/hostname, topology.kubernetes.io/zone and topology.kubernetes.io/region. No node has a key such as topology.kubernetes.io/hostname unless somebody sets it: a spread constraint with DoNotSchedule and required pod affinity then keep the pods from every node, and anti-affinity has no effect.

Keys of other domains are left alone, and so is what a known node has.`,
	Bad: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels: {app: web}
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector:
            matchLabels: {app: web}
      containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetesiohostname",
		"https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#conventions",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/podtopologyspread/filtering.go: Filter",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/interpodaffinity/filtering.go: satisfyPodAffinity",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Superseded || w.Controlled() || p.Unit.Rewrites(kustomize.Relations) || p.Graph.Bounded() {
				continue // of known nodes other rules ask for the label itself
			}
			for _, s := range w.Spreads() {
				consequence := "the constraint has no effect"
				if s.Required {
					consequence = "its pods stay Pending: FailedScheduling"
				}
				unknownKey(p, w, append(slices.Clone(s.Path), "topologyKey"), s.TopologyKey, consequence, s.Required)
			}
			for _, t := range w.PodTerms() {
				consequence := "the term has no effect"
				if t.Required && !t.Anti {
					consequence = "its pods stay Pending: FailedScheduling"
				}
				unknownKey(p, w, append(slices.Clone(t.Path), "topologyKey"), t.TopologyKey, consequence, t.Required && !t.Anti)
			}
		}
		return nil
	},
}

// topologyKeys are the labels that name places, by their last part.
var topologyKeys = map[string]string{
	"hostname": "kubernetes.io/hostname",
	"zone":     "topology.kubernetes.io/zone",
	"region":   "topology.kubernetes.io/region",
}

// olderKeys are keys of before 1.17 that many nodes still have.
var olderKeys = []string{"failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region", "beta.kubernetes.io/hostname"}

// ownDomains are the domains of Kubernetes in which a label of another name is no
// label of theirs.
var ownDomains = []string{"kubernetes.io", "topology.kubernetes.io", "node.kubernetes.io", "topology.k8s.io", "k8s.io", "failure-domain.kubernetes.io"}

// meantKey returns the well-known key that another one was meant to be, "" if it
// may be meant as it is.
func meantKey(key string) string {
	for _, known := range topologyKeys {
		if key == known || slices.Contains(olderKeys, key) {
			return ""
		}
	}
	domain, last, ok := strings.Cut(key, "/")
	if !ok {
		return ""
	}
	if slices.Contains(ownDomains, domain) && topologyKeys[last] != "" {
		return topologyKeys[last]
	}
	for _, known := range topologyKeys {
		if nearmiss.IsSlip(key, known) {
			return known
		}
	}
	return ""
}

// unknownKey reports a topology key that no node has.
func unknownKey(p *analyzer.Pass, w *graph.Workload, path []string, key, consequence string, blocks bool) {
	meant := meantKey(key)
	if meant == "" || p.Graph.HasLabel(key) {
		return
	}
	f := analyzer.Finding{
		Evidence:    analyzer.NearMiss,
		Message:     fmt.Sprintf("%s uses topologyKey %s, a label that nodes do not have", w, key),
		Label:       "no well-known label",
		Consequence: consequence,
		Help:        "use topologyKey: " + meant,
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
	}
	if !blocks {
		f.Claim = analyzer.Suspect
	}
	p.Report(f)
}
