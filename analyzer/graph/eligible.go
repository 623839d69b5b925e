package graph

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
)

// placementKey is the key of the placement of a workload.
var placementKey memo.Key[*Placement]

// Placement returns what the pods of a workload ask of nodes, nil if it cannot
// be read.
func (g *Graph) Placement(w *Workload) *Placement {
	return placementKey.For(g, w, func() *Placement {
		place, err := ReadPlacement(w)
		if err != nil {
			return (*Placement)(nil)
		}
		return place
	})
}

// eligibleKey is the key of the nodes of a workload.
var eligibleKey memo.Key[[]*Node]

// Eligible returns the known nodes that can take the pods of a workload, by
// what it asks of nodes alone. A nodeName names the only one. It returns none
// if what it asks cannot be read or is still to be filled in, and if the known
// nodes are not Bounded: there may be more of them.
func (g *Graph) Eligible(w *Workload) []*Node {
	if !g.Bounded() {
		return nil
	}
	place := g.Placement(w)
	return eligibleKey.For(g, w, func() []*Node {
		if place == nil || place.unfinished() {
			return []*Node(nil)
		}
		var nodes []*Node
		for _, n := range g.Nodes {
			if place.NodeName == n.Name || place.NodeName == "" && takes(place, n) {
				nodes = append(nodes, n)
			}
		}
		return nodes
	})
}

func takes(p *Placement, n *Node) bool {
	misfit, _ := p.Check(n)
	return misfit == Fits
}

func (p *Placement) unfinished() bool {
	return hasPlaceholder(p.NodeSelector) || manifest.IsPlaceholder(p.NodeName)
}

// Covers reports whether every node that takes the pods of other takes those
// of p too, whatever nodes there are. It is false where that is not certain.
func (p *Placement) Covers(other *Placement) bool {
	if p.NodeName != "" || p.Required || other.NodeName != "" || p.unfinished() || other.unfinished() {
		return false
	}
	for k, v := range p.NodeSelector {
		if have, ok := other.NodeSelector[k]; !ok || have != v {
			return false
		}
	}
	// A toleration that p lacks lets the other go where p cannot follow, unless
	// the other has to run everywhere.
	return !slices.ContainsFunc(other.pod.Tolerations, func(t corev1.Toleration) bool { return !p.tolerates(t) })
}

func (p *Placement) tolerates(t corev1.Toleration) bool {
	return slices.ContainsFunc(p.pod.Tolerations, func(own corev1.Toleration) bool {
		everything := own.Key == "" && own.Operator == corev1.TolerationOpExists && (own.Effect == "" || own.Effect == t.Effect)
		return everything || reflect.DeepEqual(own, t)
	})
}

// Anywhere reports whether the pods ask nothing of a node, so that they run on
// every node without taints.
func (p *Placement) Anywhere() bool {
	return p.NodeName == "" && !p.Required && len(p.NodeSelector) == 0
}

// Domains counts the values that nodes give a topology key, and the nodes that
// lack it.
func Domains(nodes []*Node, key string) (values, lacking int) {
	found := map[string]bool{}
	for _, n := range nodes {
		if v, ok := n.Labels[key]; ok {
			found[v] = true
		} else {
			lacking++
		}
	}
	return len(found), lacking
}

// Union counts the nodes of two lists, those of both once.
func Union(a, b []*Node) int {
	all := map[*Node]bool{}
	for _, n := range slices.Concat(a, b) {
		all[n] = true
	}
	return len(all)
}

// LeastPods returns how many pods a workload has at least: its replicas, or the
// least that its autoscaler leaves it. ok is false if that is not known, and
// for what has no count of its own but a Pod, which is one.
func (g *Graph) LeastPods(w *Workload) (n int, ok bool) {
	if w.IsPod() {
		return 1, true
	}
	if s := g.ScaledBy(w); s != nil {
		return s.MinReplicas()
	}
	return w.Replicas()
}

// Rollout returns how many pods a rolling update of a Deployment of n adds at
// most before it takes any away, and how many may be missing
// (pkg/controller/deployment/util ResolveFenceposts). ok is false for what is
// not updated so, and for values that are not known.
func (w *Workload) Rollout(n int) (surge, unavailable int, ok bool) {
	if w.Kind != "Deployment" || manifest.String(w.Node, "spec", "strategy", "type") == "Recreate" {
		return 0, 0, false
	}
	value := func(field string, roundUp bool) int {
		v := intstr.FromString("25%") // pkg/apis/apps/v1/defaults.go
		if node := w.Get("spec", "strategy", "rollingUpdate", field); node != nil {
			v = intstr.Parse(node.Value)
		}
		count, err := intstr.GetScaledValueFromIntOrPercent(&v, n, roundUp)
		if err != nil {
			return -1
		}
		return count
	}
	surge, unavailable = value("maxSurge", true), value("maxUnavailable", false)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable, surge >= 0 && unavailable >= 0
}
