package policies

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/loader"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

func TestExamples(t *testing.T) {
	t.Parallel()
	rules, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	// reporters are the policies that report anything of a manifest.
	reporters := func(text string) []string {
		var ids []string
		for _, r := range rules {
			findings, err := run(r, graphOf(tree{"u/a.yaml": text}, nil))
			if err != nil {
				t.Error(err)
			}
			if len(findings) > 0 {
				ids = append(ids, r.ID)
			}
		}
		return ids
	}
	for _, r := range rules {
		if got := reporters(r.Bad); len(got) != 1 || got[0] != r.ID {
			t.Errorf("%s: its bad example is reported by %v", r.ID, got)
		}
		if got := reporters(r.Good); len(got) != 0 {
			t.Errorf("%s: its good example is reported by %v", r.ID, got)
		}
	}
}

// modules returns the embedded files, tests included, by name.
func modules(t *testing.T) map[string]*ast.Module {
	t.Helper()
	files, err := fs.Glob(embedded, "*.rego")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*ast.Module{}
	for _, file := range files {
		text, err := fs.ReadFile(embedded, file)
		if err != nil {
			t.Fatal(err)
		}
		all[file], err = ast.ParseModuleWithOpts(file, string(text), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestFilesAreFormatted(t *testing.T) {
	t.Parallel()
	for file := range modules(t) {
		text, err := fs.ReadFile(embedded, file)
		if err != nil {
			t.Fatal(err)
		}
		formatted, err := format.SourceWithOpts(file, text, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(formatted), string(text)); diff != "" {
			t.Errorf("opa fmt changes %s\n%s", file, diff)
		}
	}
}

func TestRegoTests(t *testing.T) {
	t.Parallel()
	all := modules(t)
	tested := map[string]bool{}
	results, err := tester.NewRunner().RaiseBuiltinErrors(true).Run(context.Background(), all)
	if err != nil {
		t.Fatal(err)
	}
	for r := range results {
		tested[r.Location.File] = true
		if !r.Pass() {
			t.Error(r)
		}
	}
	for file := range all {
		if name, isRule := strings.CutSuffix(file, ".rego"); isRule && !strings.HasSuffix(name, "_test") && !tested[name+"_test.rego"] {
			t.Errorf("%s has no tests", file)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	const (
		sleep = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: sleep}\nspec:\n  template: {}\n"
		pod   = "apiVersion: v1\nkind: Pod\nmetadata: {name: sleep}\nspec: {containers: []}\n"
		rs    = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web}\nspec: {replicas: 1}\n"
		hpa   = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h}\n" +
			"spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: sleep}}\n"
	)
	for name, test := range map[string]struct {
		rule   string
		files  tree
		change func(*unit.Unit)
		want   []string
	}{
		"replicas are missing": {
			"replicas-default", tree{"u/a.yaml": sleep}, nil,
			[]string{"u/a.yaml:4: spec: Deployment sleep does not set replicas, so it runs 1 pod"},
		},
		"replicas are null": {
			"replicas-default", tree{"u/a.yaml": sleep + "  replicas:\n"}, nil,
			[]string{"u/a.yaml:4: spec: Deployment sleep does not set replicas, so it runs 1 pod"},
		},
		"the last of two replicas counts": {
			"replicas-default", tree{"u/a.yaml": sleep + "  replicas: null\n  replicas: 1\n"}, nil, nil,
		},
		"replicas come in by a merge key": {
			"replicas-default", tree{"u/a.yaml": sleep + "  <<: {replicas: 1}\n"}, nil, nil,
		},
		"an autoscaler sets the replicas": {
			"replicas-default", tree{"u/a.yaml": sleep + "---\n" + hpa}, nil, nil,
		},
		"an autoscaler of the context sets the replicas": {
			"replicas-default", tree{"u/a.yaml": sleep, "base/h.yaml": hpa}, nil, nil,
		},
		"kustomize may set the replicas": {
			"replicas-default", tree{"u/a.yaml": sleep}, func(u *unit.Unit) { u.Rewritten = kustomize.Everything }, nil,
		},
		"an update without replicas": {
			"replicas-default", tree{"u/a.yaml": sleep, "base/a.yaml": sleep + "  replicas: 3\n"}, nil,
			[]string{"u/a.yaml:4: spec: Deployment sleep does not set replicas, so it runs 1 pod"},
		},
		"only the later of two versions is judged": {
			"replicas-default", tree{"u/a.yaml": sleep, "u/b.yaml": sleep}, nil,
			[]string{"u/b.yaml:4: spec: Deployment sleep does not set replicas, so it runs 1 pod"},
		},
		"a list": {
			"replicas-default", tree{"u/a.yaml": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: StatefulSet\n  metadata: {name: db}\n  spec: {serviceName: db}\n"}, nil,
			[]string{"u/a.yaml:7: spec: {serviceName: db}: StatefulSet db does not set replicas, so it runs 1 pod"},
		},
		"a DaemonSet with replicas": {
			"daemonset-replicas", tree{"u/a.yaml": strings.Replace(sleep, "Deployment", "DaemonSet", 1) + "  replicas: 2\n"}, nil,
			[]string{"u/a.yaml:6: replicas: 2: DaemonSet sleep sets replicas, a field that a DaemonSet does not have"},
		},
		"a DaemonSet with null replicas": {
			"daemonset-replicas", tree{"u/a.yaml": strings.Replace(sleep, "Deployment", "DaemonSet", 1) + "  replicas: ~\n"}, nil, nil,
		},
		"a Pod": {
			"bare-pod", tree{"u/a.yaml": pod}, nil,
			[]string{"u/a.yaml:2: Pod: Pod sleep has no controller"},
		},
		"a Pod that its ancestor directory defines": {
			"bare-pod", tree{"u/a.yaml": pod, "base/a.yaml": pod}, nil, nil,
		},
		"a ReplicaSet": {
			"bare-replicaset", tree{"u/a.yaml": rs}, nil,
			[]string{"u/a.yaml:2: ReplicaSet: ReplicaSet web has no Deployment"},
		},
		"a ReplicaSet that its ancestor directory defines": {
			"bare-replicaset", tree{"u/a.yaml": rs, "base/a.yaml": rs}, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings, err := run(embeddedRule(t, test.rule), graphOf(test.files, test.change))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range findings {
				got = append(got, show(f))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The opa command takes every file of a directory that is YAML or JSON by its
// name for data.
func TestStockOPALoadsTheDirectory(t *testing.T) {
	t.Parallel()
	if _, err := loader.NewFileLoader().WithRegoVersion(ast.RegoV1).All([]string{"."}); err != nil {
		t.Error(err)
	}
}
