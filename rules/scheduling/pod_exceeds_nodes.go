package scheduling

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelpers "k8s.io/component-helpers/resource"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// PodExceedsNodes reports pods that request more than any known node has.
var PodExceedsNodes = &analyzer.Rule{
	ID:    "pod-exceeds-nodes",
	Title: "A pod requests more than any node can give",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `The scheduler places a pod on a node whose allocatable resources hold all that the pod requests: the sum of its containers and sidecars, or its largest init container if that is more, and the overhead of its RuntimeClass. A limit without a request counts as the request. Extended resources, such as nvidia.com/gpu, are there only where a node lists them.

Nodes are those that the manifests hold and those given by --nodes. A pod that fits none of them even if the node is empty stays Pending, whatever else runs there. Nodes that do not show status.allocatable are not compared.`,
	Bad: `apiVersion: v1
kind: Node
metadata:
  name: node1
status:
  allocatable: {cpu: "4", memory: 8Gi, pods: "110"}
---
apiVersion: v1
kind: Pod
metadata:
  name: train
spec:
  containers:
    - name: train
      image: example/train
      resources: {requests: {cpu: "6", memory: 4Gi}}
`,
	Good: `apiVersion: v1
kind: Node
metadata:
  name: node1
status:
  allocatable: {cpu: "4", memory: 8Gi, pods: "110"}
---
apiVersion: v1
kind: Pod
metadata:
  name: train
spec:
  containers:
    - name: train
      image: example/train
      resources: {requests: {cpu: "3", memory: 4Gi}}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-requests-are-scheduled",
		"https://kubernetes.io/docs/concepts/scheduling-eviction/pod-overhead/",
		"k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources/fit.go: fitsRequest",
		"k8s.io/component-helpers/resource/helpers.go: PodRequests",
	},
	Run: func(p *analyzer.Pass) error {
		if !p.Graph.Bounded() {
			return nil
		}
		for _, w := range p.Graph.Workloads {
			if w.Own && !w.Custom && !w.Superseded && !w.Controlled() && w.PodField("spec", "nodeName") == nil {
				roomFor(p, w)
			}
		}
		return nil
	},
}

// roomFor compares what the pods of a workload request with the nodes that may take
// them.
func roomFor(p *analyzer.Pass, w *graph.Workload) {
	nodes := p.Graph.Eligible(w)
	wanted := requests(p.Graph, w)
	if len(nodes) == 0 || len(wanted) == 0 {
		return
	}
	most := corev1.ResourceList{}
	lacking := map[corev1.ResourceName]int{} // how many nodes have too little
	for _, n := range nodes {
		has := allocatable(n)
		if has == nil {
			return
		}
		fits := true
		for name, quantity := range wanted {
			theirs := has[name]
			if before := most[name]; theirs.Cmp(before) > 0 {
				most[name] = theirs
			}
			if theirs.Cmp(quantity) < 0 {
				lacking[name]++
				fits = false
			}
		}
		if fits {
			return
		}
	}
	reportRoom(p, w, nodes, wanted, most, lacking)
}

// requests returns what a pod of a workload requests, nil if it cannot be read.
func requests(g *graph.Graph, w *graph.Workload) corev1.ResourceList {
	o, ok := g.AdmittedPod(w)
	pod := &corev1.Pod{}
	if !ok || manifest.HoldsPlaceholder(w.PodField("spec")) || json.Unmarshal(o.JSON, pod) != nil {
		return nil
	}
	if class := pod.Spec.RuntimeClassName; class != nil && pod.Spec.Overhead == nil {
		for _, r := range g.Objects().Named(graph.Target{Group: "node.k8s.io", Kind: "RuntimeClass", Name: *class}) {
			overhead := corev1.ResourceList{}
			for name, quantity := range manifest.StringMap(r.Get("overhead", "podFixed")) {
				if q, err := resource.ParseQuantity(quantity); err == nil {
					overhead[corev1.ResourceName(name)] = q
				}
			}
			pod.Spec.Overhead = overhead
		}
	}
	all := resourcehelpers.PodRequests(pod, resourcehelpers.PodResourcesOptions{})
	maps.DeleteFunc(all, func(_ corev1.ResourceName, q resource.Quantity) bool { return q.IsZero() })
	return all
}

// allocatable returns what a node can give, nil if it does not show it.
func allocatable(n *graph.Node) corev1.ResourceList {
	shown := manifest.StringMap(n.Get("status", "allocatable"))
	if len(shown) == 0 {
		return nil
	}
	list := corev1.ResourceList{}
	for name, quantity := range shown {
		q, err := resource.ParseQuantity(quantity)
		if err != nil {
			return nil
		}
		list[corev1.ResourceName(name)] = q
	}
	return list
}

func reportRoom(p *analyzer.Pass, w *graph.Workload, nodes []*graph.Node, wanted, most corev1.ResourceList, lacking map[corev1.ResourceName]int) {
	worst := corev1.ResourceName("")
	for _, name := range slices.Sorted(maps.Keys(lacking)) {
		if worst == "" || lacking[name] > lacking[worst] {
			worst = name
		}
	}
	quantity, best := wanted[worst], most[worst]
	path := w.At("spec", "containers")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s requests %s %s a pod, and no eligible node has more than %s", w, &quantity, worst, &best),
		Label:       "together more than a node has",
		Consequence: fmt.Sprintf("its pods stay Pending: FailedScheduling, Insufficient %s", worst),
		Help:        fmt.Sprintf("request at most %s %s a pod, or add larger nodes", &best, worst),
		Location:    w.KeyLocation(path...), Path: path, Resource: w.Resource,
		Notes: []string{p.Graph.KnownFrom()},
	}
	if best.IsZero() {
		f.Message = fmt.Sprintf("%s requests %s %s, and no eligible node offers it", w, &quantity, worst)
		f.Label, f.Help = "no node offers it", fmt.Sprintf("check the name %s, or add nodes whose device plugin offers it", worst)
	}
	if lacking[worst] < len(nodes) {
		f.Notes = append(f.Notes, fmt.Sprintf("%s lack other resources", text.Count(len(nodes)-lacking[worst], "node", "nodes")))
		f.Message = fmt.Sprintf("%s requests more than any eligible node has, most often of %s (%s a pod)", w, worst, &quantity)
		f.Help = "request less, or add larger nodes"
	}
	p.Report(f)
}
