package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

func TestReplicas(t *testing.T) {
	t.Parallel()
	tests := []struct {
		apiVersion, kind, replicas string
		want                       int
		ok                         bool
	}{
		{"apps/v1", "Deployment", "3", 3, true},
		{"apps/v1", "Deployment", "0", 0, true},
		{"apps/v1", "Deployment", "null", 1, true},
		{"apps/v1", "Deployment", "010", 8, true},
		{"apps/v1", "Deployment", "2.0", 2, true},
		{"apps/v1", "Deployment", "1.5", 0, false},
		{"apps/v1", "Deployment", "'3'", 0, false},
		{"apps/v1", "Deployment", "${REPLICAS}", 0, false},
		{"apps/v1", "ReplicaSet", "2", 2, true},
		{"apps/v1", "StatefulSet", "2", 2, true},
		{"v1", "ReplicationController", "2", 2, true},
		{"apps/v1", "DaemonSet", "2", 0, false},
		{"batch/v1", "Job", "2", 0, false},
		{"argoproj.io/v1alpha1", "Rollout", "2", 0, false},
		{"example.com/v1", "Deployment", "2", 0, false},
	}
	for _, test := range tests {
		w := build(t, controller(test.apiVersion, test.kind, "x", "app: x", "replicas: "+test.replicas)).Workloads[0]
		if n, ok := w.Replicas(); n != test.want || ok != test.ok {
			t.Errorf("%s of %s with %s: %d, %t; want %d, %t", test.kind, test.apiVersion, test.replicas, n, ok, test.want, test.ok)
		}
	}
	if n, ok := build(t, controller("apps/v1", "Deployment", "x", "app: x")).Workloads[0].Replicas(); n != 1 || !ok {
		t.Errorf("left out: %d, %t", n, ok)
	}
}

func TestControlled(t *testing.T) {
	t.Parallel()
	for owners, want := range map[string]bool{
		"[]": false,
		"[{kind: ReplicaSet, name: r, controller: true}]":                                     true,
		"[{kind: ConfigMap, name: c}]":                                                        false,
		"[{kind: ConfigMap, name: c, controller: false}]":                                     false,
		"[{kind: ConfigMap, name: c}, {kind: ReplicaSet, name: r, uid: x, controller: true}]": true,
	} {
		w := build(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: p, ownerReferences: "+owners+"}\nspec: {containers: [{name: c}]}\n").Workloads[0]
		if w.Controlled() != want {
			t.Errorf("%s: %t, want %t", owners, w.Controlled(), want)
		}
	}
}

func TestLabelPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, key, want string }{
		{controller("apps/v1", "Deployment", "x", "app: x"), "app", "spec.template.metadata.labels.app"},
		{controller("apps/v1", "Deployment", "x", "app: x"), "tier", "spec.template.metadata.labels"},
		{"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {}\n", "app", "metadata"},
		{"apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app.kubernetes.io/name: p}}\nspec: {}\n", "app.kubernetes.io/name", "metadata.labels[app.kubernetes.io/name]"},
		{"apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {app: c}}}}}}\n", "app", "spec.jobTemplate.spec.template.metadata.labels.app"},
	}
	for _, test := range tests {
		w := build(t, test.text).Workloads[0]
		if got := manifest.FieldPath(w.LabelPath(test.key)); got != test.want {
			t.Errorf("%s: %s is at %s, want %s", w, test.key, got, test.want)
		}
	}
}

func TestScales(t *testing.T) {
	t.Parallel()
	const hpa, keda = "autoscaling/v2 HorizontalPodAutoscaler", "keda.sh/v1alpha1 ScaledObject"
	deployment := controller("apps/v1", "Deployment", "web", "app: web")
	tests := []struct {
		name, scaler, metadata, ref, target string
		want                                bool
	}{
		{"group, kind and name", hpa, "name: h", "apiVersion: apps/v1, kind: Deployment, name: web", deployment, true},
		{"the version is ignored", hpa, "name: h", "apiVersion: apps/v9, kind: Deployment, name: web", deployment, true},
		{"so is the case of the kind", hpa, "name: h", "apiVersion: apps/v1, kind: deployment, name: web", deployment, true},
		{"an older version of the scaler", "autoscaling/v1 HorizontalPodAutoscaler", "name: h", "apiVersion: apps/v1, kind: Deployment, name: web", deployment, true},
		{"another name", hpa, "name: h", "apiVersion: apps/v1, kind: Deployment, name: api", deployment, false},
		{"the case of a name counts", hpa, "name: h", "apiVersion: apps/v1, kind: Deployment, name: Web", deployment, false},
		{"another kind", hpa, "name: h", "apiVersion: apps/v1, kind: StatefulSet, name: web", deployment, false},
		{"a group that has the kind no more", hpa, "name: h", "apiVersion: extensions/v1beta1, kind: Deployment, name: web", deployment, false},
		{"no group is the core group", hpa, "name: h", "apiVersion: v1, kind: Deployment, name: web", deployment, false},
		{"the core group", hpa, "name: h", "apiVersion: v1, kind: ReplicationController, name: web", controller("v1", "ReplicationController", "web", "app: web"), true},
		{"a custom resource", hpa, "name: h", "apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web", controller("argoproj.io/v1alpha1", "Rollout", "web", "app: web"), true},
		{"the same namespace", hpa, "name: h, namespace: shop", "apiVersion: apps/v1, kind: Deployment, name: web", strings.Replace(deployment, "name: web", "name: web, namespace: shop", 1), true},
		{"another namespace", hpa, "name: h, namespace: test", "apiVersion: apps/v1, kind: Deployment, name: web", strings.Replace(deployment, "name: web", "name: web, namespace: shop", 1), false},
		{"a namespace that is not set may be any", hpa, "name: h, namespace: test", "apiVersion: apps/v1, kind: Deployment, name: web", deployment, true},
		{"KEDA fills in a Deployment", keda, "name: k", "name: web", deployment, true},
		{"and nothing else", keda, "name: k", "name: web", controller("apps/v1", "StatefulSet", "web", "app: web"), false},
		{"KEDA scales what it is told", keda, "name: k", "kind: StatefulSet, name: web", controller("apps/v1", "StatefulSet", "web", "app: web"), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			apiVersion, kind, _ := strings.Cut(test.scaler, " ")
			g := build(t, fmt.Sprintf("%s---\napiVersion: %s\nkind: %s\nmetadata: {%s}\nspec: {scaleTargetRef: {%s}}\n", test.target, apiVersion, kind, test.metadata, test.ref))
			if len(g.Scalers) != 1 {
				t.Fatalf("%d scalers", len(g.Scalers))
			}
			w := g.Workloads[0]
			if got := g.Scalers[0].Scales(w.Resource); got != test.want {
				t.Errorf("it scales %s: %t, want %t", w, got, test.want)
			}
			if got := g.ScaledBy(w) != nil; got != test.want {
				t.Errorf("%s is scaled: %t, want %t", w, got, test.want)
			}
		})
	}
}

func TestScalersWithoutTarget(t *testing.T) {
	t.Parallel()
	g := build(t, "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\nspec: {maxReplicas: 3}\n"+
		"---\napiVersion: keda.sh/v1alpha1\nkind: ScaledJob\nmetadata: {name: j}\nspec: {scaleTargetRef: {name: web}}\n")
	if len(g.Scalers) > 0 {
		t.Errorf("%d scalers", len(g.Scalers))
	}
}

func TestOwners(t *testing.T) {
	t.Parallel()
	const match = "selector: {matchLabels: {app: web}}"
	controllers := strings.Join([]string{
		controller("apps/v1", "ReplicaSet", "equal", "app: web", match),
		controller("apps/v1", "ReplicaSet", "both", "app: web", "selector: {matchLabels: {app: web, tier: front}}"),
		controller("apps/v1", "DaemonSet", "other", "app: agent", "selector: {matchLabels: {app: agent}}"),
		controller("apps/v1", "StatefulSet", "expression", "app: web", "selector: {matchExpressions: [{key: app, operator: Exists}]}"),
		controller("apps/v1", "ReplicaSet", "absence", "tier: x", "selector: {matchExpressions: [{key: app, operator: DoesNotExist}]}"),
		controller("apps/v1", "ReplicaSet", "mixed", "app: web", "selector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}"),
		controller("v1", "ReplicationController", "defaulted", "app: web"),
		controller("apps/v1", "Deployment", "web", "app: web", match),
		controller("batch/v1", "Job", "manual", "app: web", match, "manualSelector: true"),
		controller("batch/v1", "Job", "own", "app: web", match),
		controller("apps/v1", "ReplicaSet", "missing", "app: web"),
		controller("apps/v1", "ReplicaSet", "empty", "app: web", "selector: {}"),
		controller("apps/v1", "ReplicaSet", "invalid", "app: web", "selector: {matchExpressions: [{key: app, operator: Is}]}"),
		controller("apps/v1", "ReplicaSet", "hash", "app: web", "selector: {matchLabels: {app: web, pod-template-hash: x}}"),
	}, "---\n")
	tests := []struct {
		name, labels string
		want         []string
	}{
		{"one label", "app: web", []string{"ReplicaSet equal", "StatefulSet expression", "ReplicaSet mixed", "ReplicationController defaulted", "Deployment web", "Job manual"}},
		{"two labels", "app: web, tier: front", []string{"ReplicaSet equal", "ReplicaSet both", "StatefulSet expression", "ReplicationController defaulted", "Deployment web", "Job manual"}},
		{"another value", "app: api", []string{"StatefulSet expression"}},
		{"a label that nobody equals", "tier: front", []string{"ReplicaSet absence"}},
		{"no labels", "", []string{"ReplicaSet absence"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g := build(t, controllers+"---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {"+test.labels+"}}\nspec: {containers: [{name: c}]}\n")
			pod := g.Workloads[len(g.Workloads)-1]
			if diff := cmp.Diff(test.want, names(g.Owners(pod))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOwnersIsApimachinery compares Owners with asking every selector.
func TestOwnersIsApimachinery(t *testing.T) {
	t.Parallel()
	r := newRandom()
	var b strings.Builder
	var selectors []labels.Selector
	for i := range 80 {
		ls := r.labelSelector("app", "tier", "track")
		if len(ls.MatchLabels)+len(ls.MatchExpressions) == 0 {
			ls.MatchLabels["app"] = "a"
		}
		s, err := metav1.LabelSelectorAsSelector(ls)
		if err != nil {
			t.Fatal(err)
		}
		selectors = append(selectors, s)
		b.WriteString("---\n" + controller("apps/v1", "ReplicaSet", fmt.Sprintf("r%d", i), "x: y", "selector: "+flowSelector(r, ls)))
	}
	text, sets, _ := r.pods(100)
	g := build(t, b.String()+text)
	for i, set := range sets {
		want := []string{}
		for k, s := range selectors {
			if s.Matches(set) {
				want = append(want, fmt.Sprintf("ReplicaSet r%d", k))
			}
		}
		if diff := cmp.Diff(want, names(g.Owners(g.Workloads[len(selectors)+i]))); diff != "" {
			t.Fatalf("Pod with %v: %s", set, diff)
		}
	}
}

func flowSelector(r random, s *metav1.LabelSelector) string {
	var expressions []string
	for _, e := range s.MatchExpressions {
		values := make([]string, len(e.Values))
		for i, v := range e.Values {
			values[i] = fmt.Sprintf("%q", v)
		}
		expressions = append(expressions, fmt.Sprintf("{key: %s, operator: %s, values: [%s]}", e.Key, e.Operator, strings.Join(values, ", ")))
	}
	return "{matchLabels: " + r.flow(s.MatchLabels) + ", matchExpressions: [" + strings.Join(expressions, ", ") + "]}"
}

func TestPodLabels(t *testing.T) {
	t.Parallel()
	for podLabels, want := range map[string]string{"": "no labels", "b: y, a: x": "a=x,b=y"} {
		if got := build(t, controller("apps/v1", "Deployment", "x", podLabels)).Workloads[0].PodLabels(); got != want {
			t.Errorf("%q: %q, want %q", podLabels, got, want)
		}
	}
	if got := graph.Format(nil); got != "" {
		t.Errorf("no labels are %q", got)
	}
}
