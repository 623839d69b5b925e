package scheduling

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
	"github.com/kubeknot/kubeknot/rules/internal/text"
)

// NodeSelectorNoNode reports workloads whose pods no known node can take.
var NodeSelectorNoNode = &analyzer.Rule{
	ID:    "node-selector-no-node",
	Title: "No node can take the pods",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `A pod runs on a node that has all labels of its nodeSelector, meets its required node affinity, and has no NoSchedule or NoExecute taint that the pod does not tolerate. The terms of node affinity are alternatives, the expressions inside a term all count, and an empty term matches no node.

If no node fits, the pods of a Deployment stay Pending with an event. A DaemonSet simply wants no pods: it is accepted, DESIRED is 0, and no event or condition says why. DaemonSets tolerate a cordon and pressure taints by themselves, not the control plane's.

Nodes are those that the manifests hold and those given by --nodes. Without any, only values that no node ever has are reported. A Node manifest that has neither a status nor the labels that kubelet sets shows a part of the node: where only such manifests are known, a label that none of them sets is a hint.`,
	Bad: `apiVersion: v1
kind: Node
metadata:
  name: node1
  labels: {disk: hdd}
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: cache
spec:
  selector:
    matchLabels: {app: cache}
  template:
    metadata:
      labels: {app: cache}
    spec:
      nodeSelector:
        disk: ssd
      containers: [{name: cache, image: example/cache}]
`,
	Good: `apiVersion: v1
kind: Node
metadata:
  name: node1
  labels: {disk: ssd}
---
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: cache
spec:
  selector:
    matchLabels: {app: cache}
  template:
    metadata:
      labels: {app: cache}
    spec:
      nodeSelector:
        disk: ssd
      containers: [{name: cache, image: example/cache}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/",
		"k8s.io/component-helpers/scheduling/corev1/nodeaffinity: GetRequiredNodeAffinity",
		"k8s.io/kubernetes/pkg/controller/daemon/daemon_controller.go: NodeShouldRunDaemonPod",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if w.Own && !w.Controlled() {
				placePods(p, w)
			}
		}
		return nil
	},
}

// placePods judges one workload.
func placePods(p *analyzer.Pass, w *graph.Workload) {
	place, err := graph.ReadPlacement(w)
	switch {
	case err != nil:
		p.Skip(w.Resource, "placements, because they cannot be read")
		return
	case place.NodeName != "": // bypasses the scheduler, and taints with it
		return
	case slices.ContainsFunc(text.SortedKeys(place.NodeSelector), func(k string) bool { return manifest.IsPlaceholder(place.NodeSelector[k]) }):
		p.Skip(w.Resource, "nodeSelectors: their values are still to be filled in")
		return
	}
	if key, known := impossible(place.NodeSelector); key != "" {
		f := noNode(w)
		f.Message = fmt.Sprintf("%s asks for nodes with %s=%s, a value that no node has", w, key, place.NodeSelector[key])
		f.Path = w.At("spec", "nodeSelector", key)
		f.Location = w.EntryLocation(f.Path...)
		f.Help = fmt.Sprintf("kubelet sets %s to one of %s", key, strings.Join(known, ", "))
		p.Report(f)
		return
	}
	if path, known := impossibleAffinity(w); path != nil {
		f := noNode(w)
		f.Message = fmt.Sprintf("%s requires nodes with %s, and no node has such a value", w, inExpression(w, path))
		f.Path = path
		f.Location = w.KeyLocation(append(slices.Clone(path), "values")...)
		f.Help = "kubelet sets it to one of " + strings.Join(known, ", ")
		p.Report(f)
		return
	}
	if len(p.Graph.Nodes) == 0 {
		if len(place.NodeSelector) > 0 || place.Required {
			p.Skip(w.Resource, "nodeSelectors and node affinities: no node is known, --nodes takes them")
		}
		return
	}
	misfits := map[graph.Misfit]int{}
	taint := ""
	for _, n := range p.Graph.Nodes {
		why, detail := place.Check(n)
		if why == graph.Fits {
			return
		}
		misfits[why]++
		if detail != "" {
			taint = detail
		}
	}
	f := explainMisfits(p.Graph, w, place, misfits, taint)
	f.Notes = append(f.Notes, p.Graph.KnownFrom())
	if !p.Graph.Bounded() && !aboutTheirLabels(p.Graph, w, place, misfits) {
		f.Evidence = analyzer.Absent
		f.Notes = append(f.Notes, "the Node manifests here show only a part: other nodes may exist, and these may have other labels")
		f.Help = "name the nodes of the cluster with --nodes; " + f.Help
	}
	p.Report(f)
}

// aboutTheirLabels reports whether what no node has is a label that the manifests
// of nodes set: who labels nodes by hand has another value for it, or its key in
// a similar spelling.
func aboutTheirLabels(g *graph.Graph, w *graph.Workload, place *graph.Placement, misfits map[graph.Misfit]int) bool {
	set := func(key string) bool {
		return g.HasLabel(key) || slices.ContainsFunc(g.Nodes, func(n *graph.Node) bool {
			return slices.ContainsFunc(text.SortedKeys(n.Labels), func(own string) bool { return nearmiss.IsSlip(own, key) })
		})
	}
	if misfits[graph.ByTaint] > 0 {
		return false
	}
	if key := labelNobodyHas(g, place.NodeSelector); len(place.NodeSelector) > 0 && !set(key) {
		return false
	}
	terms := w.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
	for _, term := range manifest.Items(w.Get(terms...)) {
		for _, e := range manifest.Items(manifest.Get(term, "matchExpressions")) {
			if !set(manifest.String(e, "key")) {
				return false
			}
		}
	}
	return true
}

// wellKnown are labels whose values kubelet takes from the Go runtime
// (k8s.io/api/core/v1 LabelOSStable, LabelArchStable).
var wellKnown = map[string][]string{
	"kubernetes.io/os":        {"linux", "windows"},
	"beta.kubernetes.io/os":   {"linux", "windows"},
	"kubernetes.io/arch":      {"386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x"},
	"beta.kubernetes.io/arch": {"386", "amd64", "arm", "arm64", "loong64", "mips64le", "ppc64le", "riscv64", "s390x"},
}

// impossible returns the first well-known label with a value that no node has,
// and the values that there are.
func impossible(selector map[string]string) (key string, known []string) {
	for _, k := range text.SortedKeys(selector) {
		if values := wellKnown[k]; values != nil && !slices.Contains(values, selector[k]) {
			return k, values
		}
	}
	return "", nil
}

// impossibleAffinity returns the expression that asks a well-known label for
// values that no node has, if each term of the required affinity holds one, and
// the values that there are.
func impossibleAffinity(w *graph.Workload) (path, known []string) {
	terms := w.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
	for i, term := range manifest.Items(w.Get(terms...)) {
		expressions := manifest.Items(manifest.Get(term, "matchExpressions"))
		at := slices.IndexFunc(expressions, func(e *manifest.Node) bool {
			values := wellKnown[manifest.String(e, "key")]
			return values != nil && manifest.String(e, "operator") == "In" && !slices.ContainsFunc(manifest.Items(manifest.Get(e, "values")), func(v *manifest.Node) bool {
				return slices.Contains(values, manifest.String(v)) || manifest.IsPlaceholder(manifest.String(v))
			})
		})
		if at < 0 {
			return nil, nil // another term may find nodes
		}
		if path == nil {
			path = append(slices.Clone(terms), strconv.Itoa(i), "matchExpressions", strconv.Itoa(at))
			known = wellKnown[manifest.String(expressions[at], "key")]
		}
	}
	return path, known
}

// inExpression writes an expression as "kubectl get nodes -l" takes it.
func inExpression(w *graph.Workload, path []string) string {
	e := w.Get(path...)
	var values []string
	for _, v := range manifest.Items(manifest.Get(e, "values")) {
		values = append(values, manifest.String(v))
	}
	return fmt.Sprintf("%s in (%s)", manifest.String(e, "key"), strings.Join(values, ","))
}

// noNode starts a finding with what Kubernetes will do.
func noNode(w *graph.Workload) analyzer.Finding {
	f := analyzer.Finding{Resource: w.Resource, Label: "no node has this"}
	switch w.Kind {
	case "DaemonSet":
		f.Consequence = "nothing will run and no error will show: DESIRED stays 0, without an event"
	case "StatefulSet":
		f.Consequence = "its first pod stays Pending, and the others are not made"
	default:
		f.Consequence = "its pods stay Pending: FailedScheduling"
	}
	return f
}

// explainMisfits says why none of the nodes fits.
func explainMisfits(g *graph.Graph, w *graph.Workload, place *graph.Placement, misfits map[graph.Misfit]int, taint string) analyzer.Finding {
	f := noNode(w)
	nodes := fmt.Sprintf("none of the %d known nodes", len(g.Nodes))
	if len(g.Nodes) == 1 {
		nodes = "not even the only known node, " + g.Nodes[0].Name + ","
	}
	// What the closest nodes lack is what has to change.
	switch {
	case misfits[graph.ByTaint] > 0:
		f.Message = fmt.Sprintf("%s tolerates too few taints, and %s goes without", w, nodes)
		f.Label = "no toleration for " + taint
		f.Help = fmt.Sprintf("add a toleration for %s", taint)
		f.Path = w.At("spec")
		if w.PodField("spec", "tolerations") != nil {
			f.Path = w.At("spec", "tolerations")
		}
	case misfits[graph.ByAffinity] > 0:
		f.Message = fmt.Sprintf("%s requires a node affinity, and %s meets it", w, nodes)
		f.Label = "no node meets these terms"
		f.Help = "change the terms, or label a node so that it meets one of them"
		f.Path = w.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
	default:
		noLabel(g, w, place, nodes, &f)
	}
	if len(misfits) > 1 {
		f.Message = fmt.Sprintf("%s fits none of the %d known nodes", w, len(g.Nodes))
		f.Notes = misfitNotes(misfits, taint)
		if len(place.NodeSelector) > 0 {
			f.Path = w.At("spec", "nodeSelector")
			f.Label = "no node has this and fits otherwise"
		}
	}
	f.Location = w.EntryLocation(f.Path...)
	return f
}

// noLabel explains a nodeSelector that no node satisfies.
func noLabel(g *graph.Graph, w *graph.Workload, place *graph.Placement, nodes string, f *analyzer.Finding) {
	f.Path = w.At("spec", "nodeSelector")
	key := labelNobodyHas(g, place.NodeSelector)
	if key == "" {
		f.Message = fmt.Sprintf("%s asks for a node with %s, and %s has it", w, graph.Format(place.NodeSelector), nodes)
		f.Help = "each label is on some node, but no node has all of them"
		return
	}
	f.Message = fmt.Sprintf("%s asks for a node with %s=%s, and %s has it", w, key, place.NodeSelector[key], nodes)
	f.Path = append(f.Path, key)
	if meant := nearLabel(g, key, place.NodeSelector[key]); meant != "" {
		f.Help = "use " + meant
	} else {
		f.Help = fmt.Sprintf("label a node: kubectl label node NAME %s=%s; or use a label that a node has", key, place.NodeSelector[key])
	}
	f.Related = closestNode(g, key)
}

// nearLabel returns the label of a known node, "disk=ssd", of which another one is
// a slip of the pen in its key or in its value; "" if there is none.
func nearLabel(g *graph.Graph, key, value string) string {
	var values, keys []string
	for _, n := range g.Nodes {
		if have, ok := n.Labels[key]; ok {
			values = append(values, have)
		}
		for own, have := range n.Labels {
			if have == value {
				keys = append(keys, own)
			}
		}
	}
	slices.Sort(keys)
	if meant := nearmiss.Closest(value, values); meant != "" {
		return key + "=" + meant
	}
	if meant := nearmiss.Closest(key, keys); meant != "" {
		return meant + "=" + value
	}
	return ""
}

// misfitNotes counts the reasons.
func misfitNotes(misfits map[graph.Misfit]int, taint string) []string {
	var parts []string
	for _, why := range []graph.Misfit{graph.BySelector, graph.ByAffinity, graph.ByTaint} {
		if n := misfits[why]; n > 0 {
			part := fmt.Sprintf("%d by %s", n, why)
			if why == graph.ByTaint {
				part += " " + taint
			}
			parts = append(parts, part)
		}
	}
	return []string{"nodes that do not fit: " + strings.Join(parts, ", ")}
}

// labelNobodyHas returns the first label of a selector that is on no node.
func labelNobodyHas(g *graph.Graph, selector map[string]string) string {
	for _, key := range text.SortedKeys(selector) {
		has := func(n *graph.Node) bool { v, ok := n.Labels[key]; return ok && v == selector[key] }
		if !slices.ContainsFunc(g.Nodes, has) {
			return key
		}
	}
	return ""
}

// closestNode points at a node that has the key with another value.
func closestNode(g *graph.Graph, key string) []analyzer.Related {
	for _, n := range g.Nodes {
		if value, ok := n.Labels[key]; ok && n.Get("metadata", "labels", key) != nil {
			return []analyzer.Related{{
				Location: n.EntryLocation("metadata", "labels", key),
				Message:  fmt.Sprintf("Node %s has %s=%s", n.Name, key, value),
			}}
		}
	}
	return nil
}
