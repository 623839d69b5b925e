package scheduling

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// NodeAffinityContradiction reports pods that ask two values of one label of a
// node.
var NodeAffinityContradiction = &analyzer.Rule{
	ID:    "node-affinity-contradiction",
	Title: "Pods require what no node can have at once",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why:   `A node must meet nodeSelector and, of the required node affinity, all expressions of one term. A node has one value of a label: two expressions about one key that share no value, or a nodeSelector with another value than the affinity allows, match no node at all. Alternatives are several terms, or several values of one expression.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
          - matchExpressions:
              - {key: topology.kubernetes.io/zone, operator: In, values: [a]}
              - {key: topology.kubernetes.io/zone, operator: In, values: [b]}
  containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  affinity:
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms:
          - matchExpressions:
              - {key: topology.kubernetes.io/zone, operator: In, values: [a, b]}
  containers: [{name: web, image: nginx}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity",
		"k8s.io/component-helpers/scheduling/corev1/nodeaffinity: RequiredNodeAffinity.Match",
	},
	Run: func(p *analyzer.Pass) error {
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Superseded || w.Controlled() || p.Unit.Rewrites(kustomize.Relations) {
				continue
			}
			if a, b, ok := contradiction(w); ok {
				p.Report(contradicted(w, a, b))
			}
		}
		return nil
	},
}

// demand is what one place of a pod template asks of a label of a node.
type demand struct {
	key, operator string
	values        []string
	path          []string
}

// String writes it as "kubectl get nodes -l" takes it.
func (d demand) String() string {
	switch d.operator {
	case "In":
		if len(d.values) == 1 {
			return d.key + "=" + d.values[0]
		}
		return fmt.Sprintf("%s in (%s)", d.key, strings.Join(d.values, ","))
	case "NotIn":
		return fmt.Sprintf("%s notin (%s)", d.key, strings.Join(d.values, ","))
	case "DoesNotExist":
		return "!" + d.key
	}
	return d.key
}

// excludes reports whether no node can meet both.
func (d demand) excludes(other demand) bool {
	if d.key != other.key {
		return false
	}
	switch {
	case d.operator == "In" && other.operator == "In":
		return !slices.ContainsFunc(d.values, func(v string) bool { return slices.Contains(other.values, v) })
	case d.operator == "In" && other.operator == "NotIn":
		return !slices.ContainsFunc(d.values, func(v string) bool { return !slices.Contains(other.values, v) })
	case d.operator == "DoesNotExist":
		return slices.Contains([]string{"In", "Exists", "Gt", "Lt"}, other.operator)
	}
	return false
}

// contradiction returns two demands that exclude each other if each term of the
// required affinity holds such: those of the first.
func contradiction(w *graph.Workload) (a, b demand, ok bool) {
	var selector []demand
	at := w.At("spec", "nodeSelector")
	for key, e := range manifest.Fields(w.Get(at...)) {
		selector = append(selector, demand{key, "In", []string{manifest.String(e.Value)}, append(slices.Clone(at), key)})
	}
	list := w.At("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
	for i, term := range manifest.Items(w.Get(list...)) {
		demands := slices.Clone(selector)
		for j, e := range manifest.Items(manifest.Get(term, "matchExpressions")) {
			d := demand{key: manifest.String(e, "key"), operator: manifest.String(e, "operator"), path: append(slices.Clone(list), strconv.Itoa(i), "matchExpressions", strconv.Itoa(j))}
			for _, v := range manifest.Items(manifest.Get(e, "values")) {
				d.values = append(d.values, manifest.String(v))
			}
			demands = append(demands, d)
		}
		one, other, found := excluding(demands)
		if !found {
			return a, b, false // this term may find nodes
		}
		if !ok {
			a, b, ok = one, other, true
		}
	}
	return a, b, ok
}

// excluding returns the first two demands that exclude each other. What is still
// to be filled in excludes nothing.
func excluding(demands []demand) (a, b demand, ok bool) {
	for i, a := range demands {
		for _, b := range demands[:i] {
			if !slices.ContainsFunc(append(slices.Clone(a.values), b.values...), manifest.IsPlaceholder) && (a.excludes(b) || b.excludes(a)) {
				return a, b, true
			}
		}
	}
	return a, b, false
}

func contradicted(w *graph.Workload, a, b demand) analyzer.Finding {
	f := noNode(w)
	f.Message = fmt.Sprintf("%s requires nodes with %s and with %s, and no node meets both", w, b, a)
	f.Label = "excludes the other"
	f.Path = a.path
	f.Location = w.EntryLocation(a.path...)
	f.Related = []analyzer.Related{{Location: w.EntryLocation(b.path...), Message: "requires " + b.String()}}
	f.Help = fmt.Sprintf("use one requirement for %s, or alternatives: several values of one expression, or several nodeSelectorTerms", a.key)
	return f
}
