package unit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// read parses a tree of files given as path → content.
func read(files map[string]string) func(string) *manifest.File {
	parsed := map[string]*manifest.File{}
	for p, text := range files {
		parsed[p] = manifest.Parse(source.NewFile(p, p, []byte(text)))
	}
	return func(p string) *manifest.File { return parsed[p] }
}

func manifestOf(kind, name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: %s\nmetadata: {name: %s}\n---\n", kind, name)
}

func TestPlan(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files []string
		kust  map[string]string
		chart []string
		want  []string // kind dir: files | context | siblings
		over  map[string]PassedOver
	}{
		{
			name:  "each directory is a unit with its ancestors as context",
			files: []string{"a.yaml", "x/b.yaml", "x/y/c.yaml"},
			want:  []string{"directory .: a.yaml | | x/b.yaml", "directory x: x/b.yaml | a.yaml | x/y/c.yaml", "directory x/y: x/y/c.yaml | x/b.yaml a.yaml |"},
		},
		{
			name:  "siblings are no context",
			files: []string{"lab/numbers/a.yaml", "lab/solution/b.yaml", "other/c.yaml"},
			want:  []string{"directory lab/numbers: lab/numbers/a.yaml | | lab/solution/b.yaml", "directory lab/solution: lab/solution/b.yaml | | lab/numbers/a.yaml", "directory other: other/c.yaml | |"},
		},
		{
			name:  "chart templates are passed over, the chart's other files are not",
			files: []string{"c/crds/d.yaml", "c/templates/sub/a.yaml", "templates/b.yaml"},
			chart: []string{"c"},
			want:  []string{"chart c: | c/crds/d.yaml |", "directory c/crds: c/crds/d.yaml | |", "directory templates: templates/b.yaml | |"},
			over:  map[string]PassedOver{"c/templates/sub/a.yaml": HelmTemplate},
		},
		{
			name:  "files of a chart are its own, and values of its ci make variants",
			files: []string{"c/ci/a-values.yaml", "c/ci/a.yaml", "c/files/x/b.yaml", "c/templates/a.yaml", "ci/b-values.yaml", "files/d.yaml"},
			chart: []string{"c"},
			want: []string{"chart c: |  |", "chart c with c/ci/a-values.yaml: |  |", "directory c/ci: c/ci/a.yaml | |",
				"directory ci: ci/b-values.yaml | | files/d.yaml", "directory files: files/d.yaml | | ci/b-values.yaml"},
			over: map[string]PassedOver{"c/ci/a-values.yaml": ChartFile, "c/files/x/b.yaml": ChartFile, "c/templates/a.yaml": HelmTemplate},
		},
		{
			name:  "a kustomization is a unit of what it lists, bases included",
			files: []string{"base/a.yaml", "base/kustomization.yaml", "over/b.yaml", "over/kustomization.yaml", "over/patch.yaml"},
			kust: map[string]string{
				"base": "resources: [a.yaml]",
				"over": "resources: [../base, b.yaml]\npatches: [{path: patch.yaml}]",
			},
			want: []string{"kustomization over: base/a.yaml over/b.yaml | |"},
			over: map[string]PassedOver{"base/kustomization.yaml": kustomizeFile, "over/kustomization.yaml": kustomizeFile, "over/patch.yaml": kustomizeInput},
		},
		{
			name:  "unlisted files of a kustomization are judged apart",
			files: []string{"k/a.yaml", "k/b.yaml", "k/kustomization.yaml"},
			kust:  map[string]string{"k": "resources: [a.yaml]"},
			want:  []string{"kustomization k: k/a.yaml | |", "unlisted files k: k/b.yaml | k/a.yaml |"},
			over:  map[string]PassedOver{"k/kustomization.yaml": kustomizeFile},
		},
		{
			name:  "a component is part of who lists it",
			files: []string{"c/a.yaml", "c/kustomization.yaml", "o/kustomization.yaml"},
			kust: map[string]string{
				"c": "kind: Component\nresources: [a.yaml]",
				"o": "components: [../c]",
			},
			want: []string{"kustomization o: c/a.yaml | |"},
			over: map[string]PassedOver{"c/kustomization.yaml": kustomizeFile, "o/kustomization.yaml": kustomizeFile},
		},
		{
			name:  "kustomizations that use each other end",
			files: []string{"a/kustomization.yaml", "a/x.yaml", "b/kustomization.yaml", "r/kustomization.yaml"},
			kust: map[string]string{
				"a": "resources: [x.yaml, ../b]",
				"b": "resources: [../a]",
				"r": "resources: [../a]",
			},
			want: []string{"kustomization r: a/x.yaml | |"},
			over: map[string]PassedOver{"a/kustomization.yaml": kustomizeFile, "b/kustomization.yaml": kustomizeFile, "r/kustomization.yaml": kustomizeFile},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree := Tree{Files: tt.files, Charts: tt.chart}
			for _, f := range tt.files {
				dir, _, _ := strings.Cut(f, "/kustomization.yaml")
				if text, ok := tt.kust[dir]; ok && kustomize.IsFile(f) {
					doc := manifest.Parse(source.NewFile(f, f, []byte("apiVersion: kustomize.config.k8s.io/v1\nkind: Kustomization\n"+text))).Documents[0]
					tree.Kustomizations = append(tree.Kustomizations, kustomize.Read(dir, doc))
				}
			}
			layout := Plan(tree)
			var got []string
			for _, s := range layout.Units {
				name := strings.TrimSuffix(s.Dir+" with "+s.Values, " with ")
				line := fmt.Sprintf("%s %s: %s | %s | %s", s.Kind, name, strings.Join(s.Files, " "), strings.Join(s.Context, " "), strings.Join(s.Siblings, " "))
				got = append(got, strings.TrimRight(strings.NewReplacer("|  |", "| |", ":  |", ": |").Replace(line), " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			over := tt.over
			if over == nil {
				over = map[string]PassedOver{}
			}
			if diff := cmp.Diff(over, layout.PassedOver); diff != "" {
				t.Errorf("passed over (-want +got)\n%s", diff)
			}
		})
	}
}

func TestAssemble(t *testing.T) {
	t.Parallel()
	get := read(map[string]string{
		"a.yaml":   manifestOf("Service", "s") + manifestOf("ConfigMap", "c"),
		"u/a.yaml": manifestOf("Service", "s") + manifestOf("Secret", "x"),
		"t.yaml":   "apiVersion: v1\nkind: A\n{{ x }}",
		"cr.yaml":  "apiVersion: example.com/v1\nkind: Database\nmetadata: {name: d}\n",
		"sm.yaml":  "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: d}\n",
	})
	u := Assemble(Spec{Files: []string{"u/a.yaml"}, Context: []string{"a.yaml"}}, "u", "", get)
	if got := fmt.Sprint(u.Resources, u.Context); got != "[Service s Secret x] [ConfigMap c]" {
		t.Errorf("the unit replaces what it defines again: %s", got)
	}
	if !u.Complete() {
		t.Errorf("open: %v", u.Open)
	}
	if u := Assemble(Spec{Files: []string{"a.yaml", "sm.yaml"}}, "u", "", get); !u.Complete() {
		t.Errorf("a ServiceMonitor makes no pods: %v", u.Open)
	}
	for _, f := range []string{"t.yaml", "cr.yaml", "missing.yaml"} {
		if Assemble(Spec{Files: []string{"a.yaml", f}}, "u", "", get).Complete() {
			t.Errorf("a unit with %s is complete", f)
		}
	}
}

func TestSameObject(t *testing.T) {
	t.Parallel()
	get := func(text string) *manifest.Resource {
		return manifest.Parse(source.NewFile("f", "f", []byte(text))).Resources()[0]
	}
	a := get("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n")
	for text, want := range map[string]bool{
		"apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\n":           true,
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: x}\n":  true,
		"apiVersion: extensions/v1\nkind: Deployment\nmetadata: {name: a}\n":          false,
		"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\n":               false,
		"apiVersion: apps/v1\nkind: Deployment\nmetadata: {generateName: a}\nx: {}\n": false,
	} {
		if got := SameObject(a, get(text)); got != want {
			t.Errorf("SameObject with %q = %v", text, got)
		}
	}
}
