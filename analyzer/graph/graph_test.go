package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

func parse(name, text string) *manifest.File {
	return manifest.Parse(source.NewFile(name, name, []byte(text)))
}

// build makes the graph of a stream.
func build(t *testing.T, text string) *graph.Graph {
	t.Helper()
	f := parse("a.yaml", text)
	for _, d := range f.Documents {
		if d.Role != manifest.Object || len(d.Problems) > 0 {
			t.Fatalf("not an object: %v %v", d.Role, d.Problems)
		}
	}
	return graph.Build(unit.FromFile(f, ""), nil)
}

// first returns the first resource of a text.
func first(t *testing.T, text string) *manifest.Resource {
	t.Helper()
	resources := parse("a.yaml", text).Resources()
	if len(resources) == 0 {
		t.Fatalf("no resource in %q", text)
	}
	return resources[0]
}

// selector parses what "kubectl get -l" takes.
func selector(t *testing.T, text string) graph.Selector {
	t.Helper()
	s, err := labels.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return graph.Selector{State: graph.Present, Selector: s}
}

func names(workloads []*graph.Workload) []string {
	all := []string{}
	for _, w := range workloads {
		all = append(all, w.String())
	}
	return all
}

// controller writes a workload with a template. spec is inserted below "spec".
func controller(apiVersion, kind, name, podLabels string, spec ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nmetadata: {name: %s, labels: {own: label}}\nspec:\n", apiVersion, kind, name)
	for _, line := range spec {
		b.WriteString("  " + line + "\n")
	}
	fmt.Fprintf(&b, "  template: {metadata: {labels: {%s}}, spec: {containers: [{name: c, image: x}]}}\n", podLabels)
	return b.String()
}

func TestSelectRunTimeLabels(t *testing.T) {
	t.Parallel()
	const (
		podName  = "statefulset.kubernetes.io/pod-name"
		podIndex = "apps.kubernetes.io/pod-index"
		jobName  = "batch.kubernetes.io/job-name"
	)
	deployment := controller("apps/v1", "Deployment", "web", "app: web")
	replicaSet := controller("apps/v1", "ReplicaSet", "web", "app: web")
	daemonSet := controller("apps/v1", "DaemonSet", "web", "app: web")
	one := controller("apps/v1", "StatefulSet", "db", "app: db")
	two := controller("apps/v1", "StatefulSet", "db", "app: db", "replicas: 2")
	fromFive := controller("apps/v1", "StatefulSet", "db", "app: db", "replicas: 2", "ordinals: {start: 5}")
	unknown := controller("apps/v1", "StatefulSet", "db", "app: db", "replicas: ${REPLICAS}")
	scaled := two + "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: db}\n" +
		"spec: {scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: db}}\n"
	job := controller("batch/v1", "Job", "seed", "app: seed")
	generated := "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: seed-}\nspec: {template: {spec: {containers: [{name: c}]}}}\n"
	cronJob := "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\n" +
		"spec: {jobTemplate: {spec: {template: {metadata: {labels: {app: nightly}}, spec: {containers: [{name: c}]}}}}}\n"
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: p, gone: null, number: 1}}\nspec: {containers: [{name: c}]}\n"
	tests := []struct {
		name, text, selector string
		want                 bool
	}{
		{"labels of the template", deployment, "app=web", true},
		{"not those of the Deployment itself", deployment, "own=label", false},
		{"another value", deployment, "app=api", false},
		{"all of them count", deployment, "app=web,tier=front", false},
		{"a Deployment adds a hash", deployment, "app=web,pod-template-hash=75cc9948db", true},
		{"the hash is there", deployment, "pod-template-hash", true},
		{"so it is not absent", deployment, "!pod-template-hash", false},
		{"a ReplicaSet adds none", replicaSet, "pod-template-hash", false},
		{"a DaemonSet adds none", daemonSet, "pod-template-hash", false},
		{"a DaemonSet adds its revision", daemonSet, "controller-revision-hash=76dbd8f74c,pod-template-generation=1", true},
		{"a Deployment adds no revision", deployment, "controller-revision-hash", false},
		{"a StatefulSet adds its revision", one, "controller-revision-hash=db-67b884f67", true},

		{"the only pod", one, podName + "=db-0", true},
		{"no second pod", one, podName + "=db-1", false},
		{"the second of two", two, "app=db," + podName + "=db-1", true},
		{"no third of two", two, podName + "=db-2", false},
		{"one of several pods", two, podName + " in (db-7,db-1)", true},
		{"none of several pods", two, podName + " in (db-7,db-8)", false},
		{"other pods than the first", two, podName + "!=db-0", true},
		{"the pod of another set", two, podName + "=web-0", false},
		{"the pod of a set with a longer name", two, podName + "=db-x-0", false},
		{"no pod without a number", two, podName + "=db", false},
		{"numbers are written without zeros", two, podName + "=db-00", false},
		{"numbers have no sign", two, podName + "=db--1", false},
		{"numbers start where it says", fromFive, podName + "=db-5", true},
		{"and end there", fromFive, podName + "=db-7", false},
		{"and not before", fromFive, podName + "=db-0", false},
		{"the index is the number", fromFive, podIndex + "=6", true},
		{"no index before the start", fromFive, podIndex + "=1", false},
		{"an index without zeros", two, podIndex + "=01", false},
		{"an unknown number of replicas", unknown, podName + "=db-9", true},
		{"a number that an autoscaler sets", scaled, podName + "=db-9", true},
		{"a Deployment's pods have no numbers", deployment, podName + "=web-0", false},

		{"a Job names its pods", job, "job-name=seed," + jobName + "=seed", true},
		{"by its own name", job, "job-name=seeds", false},
		{"a Job has an id", job, "controller-uid,batch.kubernetes.io/controller-uid=6e631e8a", true},
		{"a Job may have an index", job, "batch.kubernetes.io/job-completion-index=0", true},
		{"a generated name may be any", generated, jobName + "=seed-x7v2p", true},
		{"a CronJob's Jobs are named after it", cronJob, "app=nightly,job-name=nightly-28391820", true},
		{"and not otherwise", cronJob, jobName + "=hourly-28391820", false},

		{"a Pod's own labels", pod, "app=p", true},
		{"null makes a label vanish", pod, "gone", false},
		{"a vanished label is absent", pod, "!gone,app notin (x)", true},
		{"a number is its text", pod, "number=1", true},
		{"a placeholder may become any value", controller("apps/v1", "Deployment", "web", "app: web, release: '${RELEASE}'"), "app=web,release=stable", true},
		{"but it will be there", controller("apps/v1", "Deployment", "web", "app: web, release: '${RELEASE}'"), "!release", false},
		{"a custom resource with a template", controller("argoproj.io/v1alpha1", "Rollout", "web", "app: web"), "app=web", true},
		{"a custom resource without containers", "apiVersion: x.io/v1\nkind: Web\nmetadata: {name: web}\nspec: {template: {metadata: {labels: {app: web}}}}\n", "app=web", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			found := build(t, test.text).Select("", selector(t, test.selector))
			if got := len(found) > 0; got != test.want {
				t.Errorf("%s selects %v, want %t", test.selector, names(found), test.want)
			}
		})
	}
}

func TestSelectNamespaces(t *testing.T) {
	t.Parallel()
	in := func(name, namespace string) string {
		return fmt.Sprintf("---\napiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: %s, labels: {app: web}}\nspec: {containers: [{name: c}]}\n", name, namespace)
	}
	text := in("a", "shop") + in("b", "test") + in("c", "")
	tests := []struct {
		name, ofUnit, of string
		want             []string
	}{
		{"a namespace takes its own and those without one", "", "shop", []string{"Pod a", "Pod c"}},
		{"no namespace may be any", "", "", []string{"Pod a", "Pod b", "Pod c"}},
		{"another one", "", "prod", []string{"Pod c"}},
		{"what has none gets that of the unit", "test", "test", []string{"Pod b", "Pod c"}},
		{"and is in no other then", "test", "shop", []string{"Pod a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := graph.Build(unit.FromFile(parse("a.yaml", text), test.ofUnit), nil)
			if diff := cmp.Diff(test.want, names(g.Select(test.of, selector(t, "app=web")))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSelectOrderAndContext(t *testing.T) {
	t.Parallel()
	files := map[string]*manifest.File{
		"own/b.yaml":  parse("own/b.yaml", controller("apps/v1", "Deployment", "b", "app: web")+"---\n"+controller("apps/v1", "Deployment", "a", "app: web")),
		"own/c.yaml":  parse("own/c.yaml", controller("apps/v1", "DaemonSet", "c", "app: web")),
		"above.yaml":  parse("above.yaml", controller("apps/v1", "Deployment", "d", "app: web")+"---\n"+controller("apps/v1", "Deployment", "a", "app: old")),
		"beside.yaml": parse("beside.yaml", controller("apps/v1", "Deployment", "e", "app: web")),
	}
	u := unit.Assemble(unit.Spec{
		Dir: "own", Kind: unit.Directory, Files: []string{"own/b.yaml", "own/c.yaml"},
		Context: []string{"above.yaml"}, Siblings: []string{"beside.yaml"},
	}, "own", "", func(p string) *manifest.File { return files[p] })
	g := graph.Build(u, nil)

	want := []string{"Deployment b", "Deployment a", "DaemonSet c", "Deployment d"}
	for range 2 { // the second answer is remembered
		if diff := cmp.Diff(want, names(g.Select("", selector(t, "app=web")))); diff != "" {
			t.Error(diff)
		}
	}
	if found := g.Select("", selector(t, "app=old")); len(found) > 0 {
		t.Errorf("what the unit replaces is still selected: %v", names(found))
	}
	if diff := cmp.Diff([]string{"Deployment e"}, names(g.Siblings())); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Deployment a"}, names(g.Replaced())); diff != "" {
		t.Error(diff)
	}
	var own []bool
	for _, w := range g.Workloads {
		own = append(own, w.Own)
	}
	if diff := cmp.Diff([]bool{true, true, true, false}, own); diff != "" {
		t.Error(diff)
	}
}

func TestSelectEmptySelectors(t *testing.T) {
	t.Parallel()
	g := build(t, controller("apps/v1", "Deployment", "web", "app: web")+"---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}\n")
	tests := []struct {
		name string
		s    graph.Selector
		want []string
	}{
		{"missing", graph.Selector{}, []string{}},
		{"empty", graph.Selector{State: graph.Empty}, []string{}},
		{"nothing", graph.Selector{State: graph.Present, Selector: labels.Nothing()}, []string{}},
		{"everything", graph.Selector{State: graph.Present, Selector: labels.Everything()}, []string{"Deployment web", "Pod p"}},
		{"absence alone", selector(t, "!app"), []string{"Pod p"}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, names(g.Select("", test.s))); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// random makes workloads and selectors from a few keys and values, so that
// many of them meet.
type random struct{ *rand.Rand }

func newRandom() random { return random{rand.New(rand.NewPCG(6, 1986))} }

func pick[T any](r random, of ...T) T { return of[r.IntN(len(of))] }

func (r random) labels() map[string]string {
	set := map[string]string{}
	for _, key := range []string{"app", "tier", "track", "1"} {
		if r.IntN(3) > 0 {
			set[key] = pick(r, "a", "b", "1", "")
		}
	}
	return set
}

func (r random) flow(set map[string]string) string {
	var pairs []string
	for k, v := range set {
		pairs = append(pairs, fmt.Sprintf("%q: %q", k, v))
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ", ") + "}"
}

func (r random) labelSelector(keys ...string) *metav1.LabelSelector {
	s := &metav1.LabelSelector{MatchLabels: map[string]string{}}
	for range r.IntN(3) {
		s.MatchLabels[pick(r, keys...)] = pick(r, "a", "b", "1", "")
	}
	for range r.IntN(3) {
		e := metav1.LabelSelectorRequirement{
			Key:      pick(r, keys...),
			Operator: pick(r, metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist),
		}
		if e.Operator == metav1.LabelSelectorOpIn || e.Operator == metav1.LabelSelectorOpNotIn {
			e.Values = []string{pick(r, "a", "b", "1", ""), pick(r, "a", "b", "web-0", "web-1")}
		}
		s.MatchExpressions = append(s.MatchExpressions, e)
	}
	return s
}

// pods writes n Pods with random labels and namespaces and returns both.
func (r random) pods(n int) (text string, sets []labels.Set, namespaces []string) {
	var b strings.Builder
	for i := range n {
		set, namespace := r.labels(), pick(r, "", "shop", "test")
		sets, namespaces = append(sets, set), append(namespaces, namespace)
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p%d, namespace: %q, labels: %s}\nspec: {containers: [{name: c}]}\n", i, namespace, r.flow(set))
	}
	return b.String(), sets, namespaces
}

// TestSelectIsApimachinery compares Select with k8s.io/apimachinery, asked pod
// by pod.
func TestSelectIsApimachinery(t *testing.T) {
	t.Parallel()
	r := newRandom()
	text, sets, namespaces := r.pods(150)
	g := build(t, text)
	matches := 0
	for range 3000 {
		s, err := metav1.LabelSelectorAsSelector(r.labelSelector("app", "tier", "track", "1", "none"))
		if err != nil {
			t.Fatal(err)
		}
		namespace := pick(r, "", "shop", "test", "prod")
		want := []string{}
		for i, set := range sets {
			near := namespace == "" || namespaces[i] == "" || namespace == namespaces[i]
			if near && s.Matches(set) {
				want = append(want, fmt.Sprintf("Pod p%d", i))
			}
		}
		matches += len(want)
		if diff := cmp.Diff(want, names(g.Select(namespace, graph.Selector{State: graph.Present, Selector: s}))); diff != "" {
			t.Fatalf("selector %q of namespace %q: %s", s, namespace, diff)
		}
	}
	if matches == 0 {
		t.Error("no selector matched anything")
	}
}

// TestSelectIsNoShortcut compares the index with asking every workload, with
// labels that controllers add.
func TestSelectIsNoShortcut(t *testing.T) {
	t.Parallel()
	r := newRandom()
	var b strings.Builder
	for i := range 120 {
		apiVersion, kind := "apps/v1", pick(r, "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "Rollout")
		switch kind {
		case "Job":
			apiVersion = "batch/v1"
		case "Rollout":
			apiVersion = "argoproj.io/v1alpha1"
		}
		inner := strings.Trim(r.flow(r.labels()), "{}")
		b.WriteString("---\n" + controller(apiVersion, kind, pick(r, "web", "a", "b")+fmt.Sprint(i%7), inner, "replicas: "+fmt.Sprint(r.IntN(4))))
	}
	g := build(t, b.String())
	for range 3000 {
		s, err := metav1.LabelSelectorAsSelector(r.labelSelector("app", "tier", "pod-template-hash", "controller-revision-hash",
			"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "job-name"))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{}
		for _, w := range g.Workloads {
			if w.MatchedBy(s) {
				want = append(want, w.String())
			}
		}
		if diff := cmp.Diff(want, names(g.Select("", graph.Selector{State: graph.Present, Selector: s}))); diff != "" {
			t.Fatalf("selector %q: %s", s, diff)
		}
	}
}

func TestSuperseded(t *testing.T) {
	t.Parallel()
	g := build(t, strings.Join([]string{
		controller("apps/v1", "Deployment", "web", "version: '1'"),
		controller("apps/v1", "StatefulSet", "web", "version: '1'"),
		controller("apps/v1beta1", "Deployment", "web", "version: '2'"),
		controller("apps/v1", "Deployment", "api", "version: '1'"),
		"apiVersion: v1\nkind: Pod\nmetadata: {generateName: p-}\nspec: {containers: [{name: c}]}\n",
		"apiVersion: v1\nkind: Pod\nmetadata: {generateName: p-}\nspec: {containers: [{name: c}]}\n",
	}, "---\n"))
	var got []bool
	for _, w := range g.Workloads {
		got = append(got, w.Superseded)
	}
	if diff := cmp.Diff([]bool{true, false, false, false, false, false}, got); diff != "" {
		t.Error(diff)
	}
}

func TestServicePods(t *testing.T) {
	t.Parallel()
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: c}]}\n---\n"
	tests := []struct {
		name, metadata, spec string
		kind                 string
		want                 []string
	}{
		{"selector", "name: s", "selector: {app: web}", "ClusterIP", []string{"Pod p"}},
		{"the same namespace", "name: s, namespace: shop", "selector: {app: web}", "ClusterIP", []string{"Pod p"}},
		{"another namespace", "name: s, namespace: test", "selector: {app: web}", "ClusterIP", []string{}},
		{"headless", "name: s", "clusterIP: None, selector: {app: web}", "ClusterIP", []string{"Pod p"}},
		{"no selector", "name: s", "ports: []", "ClusterIP", []string{}},
		{"an empty selector is not all pods", "name: s", "selector: {}", "ClusterIP", []string{}},
		{"a selector that is null", "name: s", "selector: null", "ClusterIP", []string{}},
		{"only a null label", "name: s", "selector: {app: null}", "ClusterIP", []string{}},
		{"ExternalName has no endpoints", "name: s", "type: ExternalName, selector: {app: web}", "ExternalName", []string{}},
		{"NodePort", "name: s", "type: NodePort, selector: {app: web}", "NodePort", []string{"Pod p"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := build(t, pod+"apiVersion: v1\nkind: Service\nmetadata: {"+test.metadata+"}\nspec: {"+test.spec+"}\n")
			s := g.Services[0]
			if s.Type() != test.kind {
				t.Errorf("type %s, want %s", s.Type(), test.kind)
			}
			if diff := cmp.Diff(test.want, names(s.Pods())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOtherGroupsAreOtherKinds(t *testing.T) {
	t.Parallel()
	g := build(t, strings.Join([]string{
		"apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\nspec: {selector: {app: web}}\n",
		"apiVersion: metrics.k8s.io/v1beta1\nkind: Node\nmetadata: {name: n}\n",
		"apiVersion: example.com/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\n",
		"apiVersion: example.com/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {scaleTargetRef: {kind: Deployment, name: web}}\n",
		"apiVersion: metrics.k8s.io/v1beta1\nkind: Pod\nmetadata: {name: p}\n",
	}, "---\n"))
	if n := len(g.Services) + len(g.Nodes) + len(g.Budgets) + len(g.Scalers) + len(g.Workloads); n > 0 {
		t.Errorf("%d of them were taken for Kubernetes' own", n)
	}
}

// TestConcurrentUse asks one graph from many sides; the race detector judges.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	r := newRandom()
	text, _, _ := r.pods(20)
	g := build(t, text+"---\n"+controller("apps/v1", "ReplicaSet", "web", "app: a", "selector: {matchLabels: {app: a}}"))
	want := names(g.Select("", selector(t, "app=a")))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if diff := cmp.Diff(want, names(g.Select("", selector(t, "app=a")))); diff != "" {
				t.Error(diff)
			}
			for _, w := range g.Workloads {
				g.Owners(w)
				g.ScaledBy(w)
			}
			g.Siblings()
			g.Replaced()
		})
	}
	wg.Wait()
}
