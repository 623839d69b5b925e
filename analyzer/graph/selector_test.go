package graph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

func TestReadMapSelector(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, selector string // below spec
		state          graph.State
		want           string
	}{
		{"no selector", "ports: []", graph.Missing, ""},
		{"null", "selector:", graph.Missing, ""},
		{"text", "selector: app", graph.Missing, ""},
		{"a list", "selector: [app]", graph.Missing, ""},
		{"empty", "selector: {}", graph.Empty, ""},
		{"only null values", "selector: {app: null, tier: ~}", graph.Empty, ""},
		{"one label", "selector: {app: web}", graph.Present, "app=web"},
		{"two labels", "selector: {tier: front, app: web}", graph.Present, "app=web,tier=front"},
		{"a null beside a label", "selector: {app: web, tier: null}", graph.Present, "app=web"},
		{"an empty value", "selector: {app: ''}", graph.Present, "app="},
		{"matchLabels are no labels here", "selector: {matchLabels: {app: web}}", graph.Empty, ""},
		{"a repeated key", "selector: {app: web, app: api}", graph.Present, "app=api"},
		{"a merge key", "x: &x {app: web, tier: back}\n  selector: {<<: *x, tier: front}", graph.Present, "app=web,tier=front"},
		{"a value that is none", "selector: {app: 'a b'}", graph.Invalid, "app=a b"},
		{"a key that is none", "selector: {'a b': web}", graph.Invalid, "a b=web"},
		{"a value too long", "selector: {app: " + strings.Repeat("a", 64) + "}", graph.Invalid, "app=" + strings.Repeat("a", 64)},
		{"a placeholder", "selector: {app: '${APP}', tier: front}", graph.Unfinished, "app=${APP},tier=front"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := first(t, "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  "+test.selector+"\n")
			s := graph.ReadMapSelector(r, "spec", "selector")
			check(t, s, test.state, test.want)
			if diff := cmp.Diff([]string{"spec", "selector"}, s.LabelsPath); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// check compares a selector and what holds for every one.
func check(t *testing.T, s graph.Selector, state graph.State, text string) {
	t.Helper()
	if s.State != state || s.String() != text {
		t.Errorf("state %d, %q; want %d, %q", s.State, s, state, text)
	}
	if (s.Selector != nil) != (s.State == graph.Present) {
		t.Errorf("state %d with the selector %v", s.State, s.Selector)
	}
	if (s.Err != nil) != (s.State == graph.Invalid) {
		t.Errorf("state %d with the error %v", s.State, s.Err)
	}
	if diff := cmp.Diff([]string{"spec", "selector"}, s.Path); diff != "" {
		t.Error(diff)
	}
}

func TestReadLabelSelector(t *testing.T) {
	t.Parallel()
	in := func(expressions string) string { return "selector: {matchExpressions: [" + expressions + "]}" }
	tests := []struct {
		name, selector string // below spec
		state          graph.State
		want           string
		errPath        string
	}{
		{"no selector", "replicas: 1", graph.Missing, "", ""},
		{"null", "selector:", graph.Missing, "", ""},
		{"text", "selector: app=web", graph.Missing, "", ""},
		{"empty", "selector: {}", graph.Empty, "", ""},
		{"empty inside", "selector: {matchLabels: {}, matchExpressions: []}", graph.Empty, "", ""},
		{"null inside", "selector: {matchLabels: null, matchExpressions: null}", graph.Empty, "", ""},
		{"labels at the wrong place", "selector: {app: web}", graph.Empty, "", ""},
		{"only null values", "selector: {matchLabels: {app: null}}", graph.Empty, "", ""},
		{"labels", "selector: {matchLabels: {tier: front, app: web}}", graph.Present, "app=web,tier=front", ""},
		{"In", in("{key: app, operator: In, values: [web, api]}"), graph.Present, "app in (api,web)", ""},
		{"NotIn", in("{key: app, operator: NotIn, values: [web]}"), graph.Present, "app notin (web)", ""},
		{"Exists", in("{key: app, operator: Exists}"), graph.Present, "app", ""},
		{"Exists with no values", in("{key: app, operator: Exists, values: []}"), graph.Present, "app", ""},
		{"DoesNotExist", in("{key: app, operator: DoesNotExist}"), graph.Present, "!app", ""},
		{"labels and expressions", "selector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: Exists}]}", graph.Present, "app=web,tier", ""},
		{"unknown operator", in("{key: app, operator: Equals, values: [web]}"), graph.Invalid, "", "spec.selector.matchExpressions[0]"},
		{"operator in lower case", in("{key: app, operator: in, values: [web]}"), graph.Invalid, "", "spec.selector.matchExpressions[0]"},
		{"no operator", in("{key: app}"), graph.Invalid, "", "spec.selector.matchExpressions[0]"},
		{"an operator of nodes", in("{key: app, operator: Gt, values: ['1']}"), graph.Invalid, "", "spec.selector.matchExpressions[0]"},
		{"In without values", in("{key: app, operator: In}"), graph.Invalid, "", "spec.selector.matchExpressions[0]"},
		{"Exists with values", in("{key: app, operator: Exists, values: [web]}"), graph.Invalid, "", "spec.selector.matchExpressions[0]"},
		{"the second is wrong", in("{key: app, operator: Exists}, {key: tier, operator: NotIn}"), graph.Invalid, "", "spec.selector.matchExpressions[1]"},
		{"no key", in("{operator: Exists}"), graph.Invalid, "", "spec.selector.matchExpressions[0]"},
		{"a value that is none", "selector: {matchLabels: {app: 'a b'}}", graph.Invalid, "app=a b", "spec.selector.matchLabels"},
		{"a placeholder in a label", "selector: {matchLabels: {app: <app>}}", graph.Unfinished, "app=<app>", ""},
		{"a placeholder in a value", in("{key: app, operator: In, values: ['${APP}']}"), graph.Unfinished, "", ""},
		{"a placeholder in a key", in("{key: '${KEY}', operator: Exists}"), graph.Unfinished, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := first(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  "+test.selector+"\n")
			s := graph.ReadLabelSelector(r, "spec", "selector")
			check(t, s, test.state, test.want)
			if got := manifest.FieldPath(s.ErrPath); got != test.errPath {
				t.Errorf("the error is at %q, want %q", got, test.errPath)
			}
			if diff := cmp.Diff([]string{"spec", "selector", "matchLabels"}, s.LabelsPath); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExpressionPath(t *testing.T) {
	t.Parallel()
	r := first(t, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  selector:\n    matchExpressions:\n"+
		"    - {key: app, operator: Exists}\n    - {key: tier, operator: Exists}\n    - {key: tier, operator: DoesNotExist}\n")
	s := graph.ReadLabelSelector(r, "spec", "selector")
	for key, want := range map[string]string{
		"app":  "spec.selector.matchExpressions[0]",
		"tier": "spec.selector.matchExpressions[1]",
		"none": "spec.selector",
	} {
		if got := manifest.FieldPath(s.ExpressionPath(r, key)); got != want {
			t.Errorf("the expression about %s is at %s, want %s", key, got, want)
		}
	}
}

// TestOwnSelector reads what each kind finds its pods by.
func TestOwnSelector(t *testing.T) {
	t.Parallel()
	const match = "selector: {matchLabels: {app: other}}"
	tests := []struct {
		name, text string
		state      graph.State
		want       string
	}{
		{"Deployment", controller("apps/v1", "Deployment", "x", "app: web", match), graph.Present, "app=other"},
		{"Deployment without", controller("apps/v1", "Deployment", "x", "app: web"), graph.Missing, ""},
		{"ReplicationController", controller("v1", "ReplicationController", "x", "app: web", "selector: {app: other}"), graph.Present, "app=other"},
		{"ReplicationController without takes the template's", controller("v1", "ReplicationController", "x", "app: web, tier: front"), graph.Present, "app=web,tier=front"},
		{"ReplicationController with an empty one as well", controller("v1", "ReplicationController", "x", "app: web", "selector: {}"), graph.Present, "app=web"},
		{"ReplicationController without labels", controller("v1", "ReplicationController", "x", ""), graph.Missing, ""},
		{"Job gets one that nobody knows", controller("batch/v1", "Job", "x", "app: web", match), graph.Missing, ""},
		{"Job with manualSelector", controller("batch/v1", "Job", "x", "app: web", match, "manualSelector: true"), graph.Present, "app=other"},
		{"Job with manualSelector off", controller("batch/v1", "Job", "x", "app: web", match, "manualSelector: false"), graph.Missing, ""},
		{"custom resource", controller("argoproj.io/v1alpha1", "Rollout", "x", "app: web", match), graph.Missing, ""},
		{"Pod", "apiVersion: v1\nkind: Pod\nmetadata: {name: x, labels: {app: web}}\nspec: {selector: {matchLabels: {app: web}}}\n", graph.Missing, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := build(t, test.text).Workloads[0].Selector
			if s.State != test.state || s.String() != test.want {
				t.Errorf("state %d, %q; want %d, %q", s.State, s, test.state, test.want)
			}
		})
	}
}

func TestBudgeted(t *testing.T) {
	t.Parallel()
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {app: web}}\nspec: {containers: [{name: c}]}\n---\n"
	for spec, want := range map[string][]string{
		"selector: {matchLabels: {app: web}}":                          {"Pod p"},
		"selector: {matchExpressions: [{key: app, operator: Exists}]}": {"Pod p"},
		"selector: {matchLabels: {app: api}}":                          {},
		"minAvailable: 1":                                              {},
		"selector: {}":                                                 {}, // all of them, which is not by a selector
	} {
		g := build(t, pod+"apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {"+spec+"}\n")
		if diff := cmp.Diff(want, names(g.Budgeted(g.Budgets[0]))); diff != "" {
			t.Errorf("%s: %s", spec, diff)
		}
	}
}
