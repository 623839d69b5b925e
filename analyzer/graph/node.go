package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	schedulingv1 "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// Node is a node of the cluster.
type Node struct {
	*manifest.Resource
	// Labels are its labels, kubernetes.io/hostname included.
	Labels map[string]string
	taints []corev1.Taint
	// whole reports that it shows all labels of the node: it comes from an
	// inventory, has a status, or has the labels that kubelet sets. What people
	// write to label a node is a part.
	whole bool
}

// Bounded reports whether the known nodes are those of a cluster, and not only
// manifests of some: only then does it mean anything that none of them has a
// label.
func (g *Graph) Bounded() bool {
	return slices.ContainsFunc(g.Nodes, func(n *Node) bool { return n.whole })
}

// KnownFrom says in which files the known nodes are written, as a sentence for the
// notes of a finding that counts them; "" if no node is known.
func (g *Graph) KnownFrom() string {
	var files []string
	for _, n := range g.Nodes {
		name := n.File().Path
		if name == "-" {
			name = "standard input"
		}
		if !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	const shown = 3
	switch more := len(files) - shown; {
	case len(files) == 0:
		return ""
	case more > 0:
		return fmt.Sprintf("the known nodes are defined in %s and %d more files", strings.Join(files[:shown], ", "), more)
	case len(files) > 1:
		return "the known nodes are defined in " + strings.Join(files[:len(files)-1], ", ") + " and " + files[len(files)-1]
	}
	return "the known nodes are defined in " + files[0]
}

// Whole reports whether all labels of the node are known.
func (n *Node) Whole() bool { return n.whole }

// HasLabel reports whether a known node has a label of that key, whatever its
// value.
func (g *Graph) HasLabel(key string) bool {
	return slices.ContainsFunc(g.Nodes, func(n *Node) bool { _, ok := n.Labels[key]; return ok })
}

// addNode reads a Node object; listed says that it is of an inventory. Of a taint that is written wrongly nothing is
// concluded; of two nodes of one name the first counts.
func (g *Graph) addNode(r *manifest.Resource, listed bool) {
	if slices.ContainsFunc(g.Nodes, func(n *Node) bool { return n.Name == r.Name && r.Name != "" }) {
		return
	}
	n := &Node{Resource: r, Labels: map[string]string{}}
	if r.Name != "" {
		n.Labels[corev1.LabelHostname] = r.Name // what kubelet sets unless overridden
	}
	maps.Copy(n.Labels, manifest.StringMap(r.Node, "metadata", "labels"))
	n.whole = listed || r.Get("status") != nil || n.Labels[corev1.LabelOSStable] != "" || n.Labels[corev1.LabelArchStable] != ""
	decode(r.Get("spec", "taints"), &n.taints)
	if manifest.Bool(r.Node, "spec", "unschedulable") {
		n.taints = append(n.taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	}
	g.Nodes = append(g.Nodes, n)
}

// Placement is what a workload's pods ask of a node.
type Placement struct {
	// NodeName bypasses the scheduler when it is set.
	NodeName     string
	NodeSelector map[string]string
	// Required reports required node affinity.
	Required bool

	affinity nodeaffinity.RequiredNodeAffinity
	pod      corev1.PodSpec
}

// daemonTolerations are added to the pods of every DaemonSet
// (pkg/controller/daemon/util/daemonset_util.go AddOrUpdateDaemonPodTolerations).
var daemonTolerations = []corev1.Toleration{
	{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeDiskPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeMemoryPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodePIDPressure, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeUnschedulable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
}

// ReadPlacement reads what the pods of a workload ask of nodes. It fails on
// fields of a wrong type, which the API server refuses.
func ReadPlacement(w *Workload) (*Placement, error) {
	p := &Placement{
		NodeName:     manifest.String(w.Node, w.At("spec", "nodeName")...),
		NodeSelector: manifest.StringMap(w.Node, w.At("spec", "nodeSelector")...),
	}
	p.pod.NodeSelector = p.NodeSelector
	if err := decode(w.PodField("spec", "affinity"), &p.pod.Affinity); err != nil {
		return nil, fmt.Errorf("%s: spec.affinity: %w", w, err)
	}
	if err := decode(w.PodField("spec", "tolerations"), &p.pod.Tolerations); err != nil {
		return nil, fmt.Errorf("%s: spec.tolerations: %w", w, err)
	}
	if w.Kind == "DaemonSet" {
		p.pod.Tolerations = append(p.pod.Tolerations, daemonTolerations...)
		if manifest.Bool(w.Node, w.At("spec", "hostNetwork")...) {
			p.pod.Tolerations = append(p.pod.Tolerations, corev1.Toleration{
				Key: corev1.TaintNodeNetworkUnavailable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule})
		}
	}
	if a := p.pod.Affinity; a != nil && a.NodeAffinity != nil {
		p.Required = a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution != nil
	}
	p.affinity = nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: p.pod})
	return p, nil
}

// Misfit says why a node does not take a pod.
type Misfit string

// The reasons, in the order in which they are looked at.
const (
	Fits       Misfit = ""
	BySelector Misfit = "nodeSelector"
	ByAffinity Misfit = "node affinity"
	ByTaint    Misfit = "taint"
)

// Check reports whether the node can take the pods, as the scheduler and the
// DaemonSet controller decide it (pkg/controller/daemon/daemon_controller.go
// predicates). For ByTaint the taint is returned too.
func (p *Placement) Check(n *Node) (Misfit, string) {
	for k, v := range p.NodeSelector {
		if have, ok := n.Labels[k]; !ok || have != v {
			return BySelector, ""
		}
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels}}
	if ok, err := p.affinity.Match(node); err != nil || !ok {
		return ByAffinity, ""
	}
	taint, untolerated := schedulingv1.FindMatchingUntoleratedTaint(logr.Discard(), n.taints, p.pod.Tolerations,
		func(t *corev1.Taint) bool {
			return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
		}, false)
	if untolerated {
		return ByTaint, taint.ToString()
	}
	return Fits, ""
}

// decode fills an API type from a node; a missing node leaves it as it is.
func decode(n *manifest.Node, into any) error {
	if n == nil {
		return nil
	}
	value, ok := manifest.Value(n)
	if !ok {
		return fmt.Errorf("too large")
	}
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
