package scheduling

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/text"
	"github.com/kubeknot/kubeknot/rules/internal/workload"
)

// AntiAffinityRolloutDeadlock reports Deployments that run and can never be
// updated.
var AntiAffinityRolloutDeadlock = &analyzer.Rule{
	ID:    "anti-affinity-rollout-deadlock",
	Title: "A rolling update has no place for its first new pod",
	Claim: analyzer.Broken,
	Kinds: []string{"Deployment", "DaemonSet"},
	Why: `A rolling update that may not take pods away first adds a new one. If the pods must keep apart, by required anti-affinity to their own labels or by a hostPort, and there is one on each node already, the new pod has nowhere to go: the Deployment runs, and every update of it hangs until its deadline.

maxUnavailable is rounded down, so the default of 25% allows none to be missing for up to three replicas. Nodes are those that the manifests hold and those given by --nodes; without any, only pods are judged that name their nodes with kubernetes.io/hostname.

A DaemonSet with maxSurge needs no nodes to be known: its new pod has to start on the very node where the old one still holds the hostPort.`,
	Bad: `apiVersion: v1
kind: Node
metadata:
  name: node1
status: {phase: Running}
---
apiVersion: apps/v1
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
      containers:
        - name: web
          image: nginx
          ports: [{containerPort: 80, hostPort: 80}]
`,
	Good: `apiVersion: v1
kind: Node
metadata:
  name: node1
status: {phase: Running}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  strategy:
    rollingUpdate: {maxSurge: 0, maxUnavailable: 1}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          ports: [{containerPort: 80, hostPort: 80}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-update-deployment",
		"k8s.io/kubernetes/pkg/controller/deployment/util/deployment_util.go: ResolveFenceposts",
		"https://github.com/kubernetes/kubernetes/issues/116891",
		"k8s.io/kubernetes/pkg/controller/daemon/update.go: rollingUpdate",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			pods, ok := p.Graph.LeastPods(w)
			if !w.Own || w.Superseded || p.Unit.Rewrites(kustomize.Relations) {
				continue
			}
			if w.Kind == "DaemonSet" {
				noPortToSurge(p, w)
			}
			if !ok || pods == 0 {
				continue
			}
			if _, unavailable, rolling := w.Rollout(pods); rolling && unavailable == 0 {
				noPlaceToRoll(p, w, pods)
			}
		}
		return nil
	},
}

// noPlaceToRoll reports a Deployment whose pods fill all the places there are.
// If there are too few even so, that is another fault.
func noPlaceToRoll(p *analyzer.Pass, w *graph.Workload, pods int) {
	f := analyzer.Finding{
		Consequence: "it runs, but every update hangs: the new pod stays Pending, and no old one may go before",
		Resource:    w.Resource,
		Help:        "set spec.strategy.rollingUpdate to maxSurge: 0 and maxUnavailable: 1",
		Related:     workload.ReplicasOf(p.Graph, w, pods),
		Notes:       knownFrom(p.Graph),
	}
	if strategy := []string{"spec", "strategy", "rollingUpdate", "maxUnavailable"}; w.Get(strategy...) != nil {
		f.Related = append(f.Related, analyzer.Related{Location: w.EntryLocation(strategy...), Message: "no pod may be missing"})
	} else {
		f.Notes = append(f.Notes, fmt.Sprintf("25%% of %d may be missing by default, rounded down: none", pods))
	}
	for _, a := range apart(p.Graph, w) {
		if a.pods == a.places && !a.term.PerRevision {
			f.Message = fmt.Sprintf("%s keeps its %s apart by %s, and there is no place left for a new one", w, text.Count(pods, "pod", "pods"), a.term.TopologyKey)
			f.Label = "one pod for each value of this"
			f.Path = append(slices.Clone(a.term.Path), "topologyKey")
			f.Location = w.EntryLocation(f.Path...)
			p.Report(f)
			return
		}
	}
	places, pinned := placesOf(p.Graph, w)
	if ports := w.HostPorts(); len(ports) > 0 && places == pods {
		h := hostPortFinding(ports[0])
		f.Message = fmt.Sprintf("%s takes port %s of every node that can take its pods, and there is none left for a new one", w, ports[0])
		if len(pinned) > 0 {
			f.Message = fmt.Sprintf("%s already uses port %s on %s, where alone its pods can run, so a rolling update cannot start a new pod", w, ports[0], strings.Join(pinned, ", "))
		}
		f.Label, f.Path, f.Location = h.Label, h.Path, h.Location
		p.Report(f)
	}
}

// noPortToSurge reports a DaemonSet that starts a new pod beside the old one,
// which holds the port that both need.
func noPortToSurge(p *analyzer.Pass, w *graph.Workload) {
	surge, ports := []string{"spec", "updateStrategy", "rollingUpdate", "maxSurge"}, w.HostPorts()
	value := manifest.String(w.Node, surge...)
	onDelete := manifest.String(w.Node, "spec", "updateStrategy", "type") == "OnDelete"
	if value == "" || strings.Trim(value, "0%") == "" || manifest.IsPlaceholder(value) || len(ports) == 0 || onDelete {
		return
	}
	f := hostPortFinding(ports[0])
	f.Message = fmt.Sprintf("%s starts its new pods beside the old ones, and both take port %s of the node", w, ports[0])
	f.Consequence = "it runs, but every update hangs: the new pod stays Pending until the old one goes, which waits for the new one"
	f.Help = "use maxUnavailable in place of maxSurge"
	f.Related = []analyzer.Related{{Location: w.EntryLocation(surge...), Message: "the old pod stays until the new one is ready"}}
	p.Report(f)
}
