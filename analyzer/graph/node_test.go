package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// The nodes of the recorded facts about affinity.
const disks = `
apiVersion: v1
kind: Node
metadata: {name: node1, labels: {kubernetes.io/hostname: node1, disk: ssd, cpus: "8"}}
---
apiVersion: v1
kind: Node
metadata: {name: node2, labels: {kubernetes.io/hostname: node2, disk: hdd, cpus: "2"}}
---
apiVersion: v1
kind: Node
metadata: {name: node3, labels: {kubernetes.io/hostname: node3}}
`

// affinity writes required node affinity.
func affinity(terms string) string {
	return "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [" + terms + "]}}}"
}

func term(expression string) string { return "{matchExpressions: [{" + expression + "}]}" }

// TestCheckLabels places pods on three nodes by nodeSelector and affinity. It
// says of each node why it does not take the pods.
func TestCheckLabels(t *testing.T) {
	t.Parallel()
	const fits, sel, aff = graph.Fits, graph.BySelector, graph.ByAffinity
	tests := []struct {
		name, pod string
		want      [3]graph.Misfit
	}{
		{"nothing asked for", "", [3]graph.Misfit{fits, fits, fits}},
		{"nodeSelector", "nodeSelector: {disk: ssd}", [3]graph.Misfit{fits, sel, sel}},
		{"nodeSelector that nobody has", "nodeSelector: {disk: nvme}", [3]graph.Misfit{sel, sel, sel}},
		{"all labels of a nodeSelector", "nodeSelector: {disk: ssd, cpus: '2'}", [3]graph.Misfit{sel, sel, sel}},
		{"the host's name", "nodeSelector: {kubernetes.io/hostname: node3}", [3]graph.Misfit{sel, sel, fits}},
		{"an empty nodeSelector", "nodeSelector: {}", [3]graph.Misfit{fits, fits, fits}},
		{"an empty value is not an absent key", "nodeSelector: {disk: ''}", [3]graph.Misfit{sel, sel, sel}},

		{"In", affinity(term("key: disk, operator: In, values: [ssd, nvme]")), [3]graph.Misfit{fits, aff, aff}},
		{"NotIn is met by an absent key", affinity(term("key: disk, operator: NotIn, values: [ssd]")), [3]graph.Misfit{aff, fits, fits}},
		{"Exists", affinity(term("key: disk, operator: Exists")), [3]graph.Misfit{fits, fits, aff}},
		{"DoesNotExist", affinity(term("key: disk, operator: DoesNotExist")), [3]graph.Misfit{aff, aff, fits}},
		{"Gt", affinity(term("key: cpus, operator: Gt, values: ['2']")), [3]graph.Misfit{fits, aff, aff}},
		{"Gt is not met by the same", affinity(term("key: cpus, operator: Gt, values: ['8']")), [3]graph.Misfit{aff, aff, aff}},
		{"Lt", affinity(term("key: cpus, operator: Lt, values: ['8']")), [3]graph.Misfit{aff, fits, aff}},
		{"Lt is not met by the same", affinity(term("key: cpus, operator: Lt, values: ['2']")), [3]graph.Misfit{aff, aff, aff}},
		{"Gt compares numbers, not texts", affinity(term("key: cpus, operator: Gt, values: ['10']")), [3]graph.Misfit{aff, aff, aff}},
		{"Gt of no number matches nothing", affinity(term("key: cpus, operator: Gt, values: [many]")), [3]graph.Misfit{aff, aff, aff}},
		{"an unknown operator matches nothing", affinity(term("key: disk, operator: Is, values: [ssd]")), [3]graph.Misfit{aff, aff, aff}},
		{"terms are alternatives", affinity(term("key: disk, operator: In, values: [ssd]") + "," + term("key: cpus, operator: Lt, values: ['4']")), [3]graph.Misfit{fits, fits, aff}},
		{"expressions of a term all count", affinity("{matchExpressions: [{key: disk, operator: Exists}, {key: cpus, operator: Lt, values: ['4']}]}"), [3]graph.Misfit{aff, fits, aff}},
		{"an empty term matches no node", affinity("{}"), [3]graph.Misfit{aff, aff, aff}},
		{"an empty term beside another one", affinity("{}, " + term("key: disk, operator: Exists")), [3]graph.Misfit{fits, fits, aff}},
		{"no terms match no node", affinity(""), [3]graph.Misfit{aff, aff, aff}},
		{"the node's name", affinity("{matchFields: [{key: metadata.name, operator: In, values: [node2]}]}"), [3]graph.Misfit{aff, fits, aff}},
		{"name and label of a term both count", affinity("{matchFields: [{key: metadata.name, operator: In, values: [node2]}], matchExpressions: [{key: disk, operator: In, values: [ssd]}]}"), [3]graph.Misfit{aff, aff, aff}},
		{"nodeSelector and affinity both count", "nodeSelector: {disk: ssd}, " + affinity(term("key: cpus, operator: Lt, values: ['4']")), [3]graph.Misfit{aff, sel, sel}},
		{"preferred affinity is no must", "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: " + term("key: disk, operator: In, values: [nvme]") + "}]}}", [3]graph.Misfit{fits, fits, fits}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := build(t, podWith("Deployment", test.pod)+disks)
			place, err := graph.ReadPlacement(g.Workloads[0])
			if err != nil {
				t.Fatal(err)
			}
			var got [3]graph.Misfit
			for i, n := range g.Nodes {
				got[i], _ = place.Check(n)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if place.Required != strings.Contains(test.pod, "required") {
				t.Errorf("required: %t", place.Required)
			}
		})
	}
}

// podWith writes a workload of that kind; spec is inserted into its pods'.
func podWith(kind, spec string) string {
	if spec != "" {
		spec += ", "
	}
	return "apiVersion: apps/v1\nkind: " + kind + "\nmetadata: {name: web}\n" +
		"spec: {template: {metadata: {labels: {app: web}}, spec: {" + spec + "containers: [{name: c}]}}}\n---\n"
}

// TestCheckTaints places pods on one node by its taints.
func TestCheckTaints(t *testing.T) {
	t.Parallel()
	const dedicated = "{key: dedicated, value: db, effect: NoSchedule}"
	tests := []struct {
		name, kind, pod, taints string
		want                    graph.Misfit
		detail                  string
	}{
		{"no taint", "Deployment", "", "", graph.Fits, ""},
		{"a taint", "Deployment", "", dedicated, graph.ByTaint, "dedicated=db:NoSchedule"},
		{"the same taint for a DaemonSet", "DaemonSet", "", dedicated, graph.ByTaint, "dedicated=db:NoSchedule"},
		{"NoExecute", "Deployment", "", "{key: gone, effect: NoExecute}", graph.ByTaint, "gone:NoExecute"},
		{"PreferNoSchedule is a wish", "Deployment", "", "{key: dedicated, effect: PreferNoSchedule}", graph.Fits, ""},
		{"tolerated by value", "Deployment", "tolerations: [{key: dedicated, value: db, effect: NoSchedule}]", dedicated, graph.Fits, ""},
		{"Equal is the default", "Deployment", "tolerations: [{key: dedicated, operator: Equal, value: db}]", dedicated, graph.Fits, ""},
		{"another value", "Deployment", "tolerations: [{key: dedicated, value: web, effect: NoSchedule}]", dedicated, graph.ByTaint, "dedicated=db:NoSchedule"},
		{"no operator and no value is an empty value", "Deployment", "tolerations: [{key: dedicated, effect: NoSchedule}]", dedicated, graph.ByTaint, "dedicated=db:NoSchedule"},
		{"Exists", "Deployment", "tolerations: [{key: dedicated, operator: Exists}]", dedicated, graph.Fits, ""},
		{"another effect", "Deployment", "tolerations: [{key: dedicated, operator: Exists, effect: NoExecute}]", dedicated, graph.ByTaint, "dedicated=db:NoSchedule"},
		{"another key", "Deployment", "tolerations: [{key: gpu, operator: Exists}]", dedicated, graph.ByTaint, "dedicated=db:NoSchedule"},
		{"everything", "Deployment", "tolerations: [{operator: Exists}]", dedicated + ", {key: gone, effect: NoExecute}", graph.Fits, ""},
		{"one of two", "Deployment", "tolerations: [{key: dedicated, operator: Exists}]", dedicated + ", {key: gone, effect: NoExecute}", graph.ByTaint, "gone:NoExecute"},
		{"the control plane", "DaemonSet", "", "{key: node-role.kubernetes.io/control-plane, effect: NoSchedule}", graph.ByTaint, "node-role.kubernetes.io/control-plane:NoSchedule"},
		{"a DaemonSet tolerates pressure", "DaemonSet", "", "{key: node.kubernetes.io/memory-pressure, effect: NoSchedule}, {key: node.kubernetes.io/disk-pressure, effect: NoSchedule}, {key: node.kubernetes.io/pid-pressure, effect: NoSchedule}", graph.Fits, ""},
		{"a Deployment does not", "Deployment", "", "{key: node.kubernetes.io/memory-pressure, effect: NoSchedule}", graph.ByTaint, "node.kubernetes.io/memory-pressure:NoSchedule"},
		{"a DaemonSet tolerates nodes that are away", "DaemonSet", "", "{key: node.kubernetes.io/not-ready, effect: NoExecute}, {key: node.kubernetes.io/unreachable, effect: NoExecute}", graph.Fits, ""},
		{"but is not made there", "DaemonSet", "", "{key: node.kubernetes.io/not-ready, effect: NoSchedule}", graph.ByTaint, "node.kubernetes.io/not-ready:NoSchedule"},
		{"a DaemonSet without the network", "DaemonSet", "", "{key: node.kubernetes.io/network-unavailable, effect: NoSchedule}", graph.ByTaint, "node.kubernetes.io/network-unavailable:NoSchedule"},
		{"a DaemonSet of the host's network", "DaemonSet", "hostNetwork: true", "{key: node.kubernetes.io/network-unavailable, effect: NoSchedule}", graph.Fits, ""},
		{"a Deployment of the host's network", "Deployment", "hostNetwork: true", "{key: node.kubernetes.io/network-unavailable, effect: NoSchedule}", graph.ByTaint, "node.kubernetes.io/network-unavailable:NoSchedule"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := build(t, podWith(test.kind, test.pod)+"apiVersion: v1\nkind: Node\nmetadata: {name: node1}\nspec: {taints: ["+test.taints+"]}\n")
			checkOne(t, g, test.want, test.detail)
		})
	}
}

func checkOne(t *testing.T, g *graph.Graph, want graph.Misfit, detail string) {
	t.Helper()
	place, err := graph.ReadPlacement(g.Workloads[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, why := place.Check(g.Nodes[0]); got != want || why != detail {
		t.Errorf("misfit %q %q, want %q %q", got, why, want, detail)
	}
}

// TestCheckCordon: a cordoned node takes the pods of DaemonSets alone.
func TestCheckCordon(t *testing.T) {
	t.Parallel()
	const node = "apiVersion: v1\nkind: Node\nmetadata: {name: node1}\nspec: {unschedulable: true}\n"
	checkOne(t, build(t, podWith("DaemonSet", "")+node), graph.Fits, "")
	checkOne(t, build(t, podWith("Deployment", "")+node), graph.ByTaint, "node.kubernetes.io/unschedulable:NoSchedule")
}

// TestCheckOrder: labels are looked at before taints, the nodeSelector before
// affinity.
func TestCheckOrder(t *testing.T) {
	t.Parallel()
	const node = "apiVersion: v1\nkind: Node\nmetadata: {name: node1, labels: {disk: hdd}}\nspec: {taints: [{key: gone, effect: NoExecute}]}\n"
	required := affinity(term("key: disk, operator: In, values: [ssd]"))
	checkOne(t, build(t, podWith("Deployment", "nodeSelector: {disk: ssd}, "+required)+node), graph.BySelector, "")
	checkOne(t, build(t, podWith("Deployment", required)+node), graph.ByAffinity, "")
	checkOne(t, build(t, podWith("Deployment", "nodeSelector: {disk: hdd}")+node), graph.ByTaint, "gone:NoExecute")
}

func TestReadPlacementOfEachKind(t *testing.T) {
	t.Parallel()
	const spec = "{nodeName: node9, nodeSelector: {disk: ssd}, containers: [{name: c}]}"
	for _, text := range []string{
		"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: " + spec,
		"apiVersion: v1\nkind: ReplicationController\nmetadata: {name: x}\nspec: {template: {spec: " + spec + "}}",
		"apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}\nspec: {template: {spec: " + spec + "}}",
		"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\nspec: {jobTemplate: {spec: {template: {spec: " + spec + "}}}}",
		"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x}\nspec: {template: {spec: " + spec + "}}",
	} {
		w := build(t, text+"\n").Workloads[0]
		place, err := graph.ReadPlacement(w)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"disk": "ssd"}, place.NodeSelector); diff != "" || place.NodeName != "node9" {
			t.Errorf("%s: node %q, selector %v", w, place.NodeName, place.NodeSelector)
		}
	}
}

func TestReadPlacementRefusesOtherTypes(t *testing.T) {
	t.Parallel()
	for pod, field := range map[string]string{
		"affinity: [nodeAffinity]":                "spec.affinity",
		"tolerations: {key: dedicated}":           "spec.tolerations",
		"tolerations: [{tolerationSeconds: ten}]": "spec.tolerations",
	} {
		_, err := graph.ReadPlacement(build(t, podWith("Deployment", pod)).Workloads[0])
		if err == nil || !strings.Contains(err.Error(), "Deployment web: "+field) {
			t.Errorf("%s: error %v", pod, err)
		}
	}
}

func TestNodes(t *testing.T) {
	t.Parallel()
	inventory := parse("nodes.yaml", `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: node1, labels: {disk: ssd}}}
- {apiVersion: v1, kind: Node, metadata: {name: node2, labels: {kubernetes.io/hostname: other}}}
`).Resources()
	own := parse("a.yaml", `
apiVersion: v1
kind: Node
metadata: {name: node1, labels: {disk: hdd}}
---
apiVersion: v1
kind: Node
metadata: {name: node3, labels: {gone: null}}
`)
	g := graph.Build(unit.FromFile(own, ""), inventory)
	got := map[string]map[string]string{}
	for _, n := range g.Nodes {
		got[n.Name] = n.Labels
	}
	want := map[string]map[string]string{
		"node1": {"kubernetes.io/hostname": "node1", "disk": "ssd"}, // the cluster's word
		"node2": {"kubernetes.io/hostname": "other"},
		"node3": {"kubernetes.io/hostname": "node3"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKnownFrom(t *testing.T) {
	t.Parallel()
	node := func(file, name string) *manifest.Resource {
		return manifest.Parse(source.NewFile(file, file, []byte("apiVersion: v1\nkind: Node\nmetadata: {name: "+name+"}\n"))).Resources()[0]
	}
	for _, tt := range []struct {
		nodes []*manifest.Resource
		want  string
	}{
		{nil, ""},
		{[]*manifest.Resource{node("a.yaml", "a"), node("a.yaml", "b")}, "the known nodes are defined in a.yaml"},
		{[]*manifest.Resource{node("-", "a"), node("b.yaml", "b")}, "the known nodes are defined in standard input and b.yaml"},
		{[]*manifest.Resource{node("a", "a"), node("b", "b"), node("c", "c"), node("d", "d"), node("e", "e")}, "the known nodes are defined in a, b, c and 2 more files"},
	} {
		if got := graph.Build(&unit.Unit{}, tt.nodes).KnownFrom(); got != tt.want {
			t.Errorf("%q, not %q", got, tt.want)
		}
	}
}
