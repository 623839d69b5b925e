package helm_test

import (
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// retrace reads what "helm template" has printed and returns its objects.
func retrace(t *testing.T, stream string, files fs.FS, values ...*source.File) (*helm.Rendering, []string) {
	t.Helper()
	f := manifest.Parse(source.NewFile("<stdin>", "<stdin>", []byte(stream)))
	result := helm.Retrace(f, helm.Options{KubernetesVersion: "1.36", Values: values}, func(chart string) (helm.Chart, bool) {
		return helm.Chart{FS: files, Path: "shop", Rel: "shop"}, chart == helm.Name(files)
	})
	return &helm.Rendering{Files: []*manifest.File{f}, Sources: result.Sources}, result.Missing
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(examples + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What is rendered with the same values leads where the chart's own objects do.
func TestStreamsLeadWhereTheChartDoes(t *testing.T) {
	t.Parallel()
	chart, err := renderAs(t, "release-name", os.DirFS(examples+"shop"))
	if err != nil {
		t.Fatal(err)
	}
	stream, missing := retrace(t, read(t, "stream/default.yaml"), os.DirFS(examples+"shop"))
	if len(missing) > 0 {
		t.Errorf("missing: %v", missing)
	}
	fields := 0
	for _, f := range chart.Files {
		for _, o := range f.Resources() {
			other := object(t, stream, o.String())
			if !slices.Contains(stream.Sources, other.Location().File) {
				t.Errorf("%s lies in %s, which is no source", other, other.Location().File.Path)
			}
			for _, path := range append(scalars(o.Node, nil), nil, []string{"metadata", "none"}) {
				fields++
				if got, want := where(other.Location(path...)), where(o.Location(path...)); got != want {
					t.Errorf("%s %v:\n got %s\nwant %s", o, path, got, want)
				}
			}
		}
	}
	if fields < 70 {
		t.Errorf("only %d fields were compared", fields)
	}
}

// With another release and other values, a field leads to the template, and to
// a values file only if that holds the same.
func TestStreamsOfOtherValues(t *testing.T) {
	t.Parallel()
	const container = "spec template spec containers 0 "
	stream, _ := retrace(t, read(t, "stream/big.yaml"), os.DirFS(examples+"shop"))
	given, _ := retrace(t, read(t, "stream/big.yaml"), os.DirFS(examples+"shop"), source.NewFile("big.yaml", "big.yaml", []byte(read(t, "stream/big-values.yaml"))))
	for _, tt := range []struct{ object, path, want, withValues string }{
		{"Deployment big-web", "", "shop/templates/deployment.yaml:3:7 Deployment", ""},
		{"Deployment big-web", "metadata name", "shop/templates/deployment.yaml:5:9 {{ .Release.Name }}-web", ""},
		{"Deployment big-web", "spec replicas", "shop/templates/deployment.yaml:13:13 {{ .Values.replicas }}", "big.yaml:1:11 5"},
		{"Deployment big-web", "spec template spec tolerations 1 key", "shop/templates/deployment.yaml:32:7 {{- toYaml .Values.tolerations | nindent 6 }}", "big.yaml:4:8 dusk"},
		{"Deployment big-web", container + "env 1 value", "shop/values.yaml:23:10 north", "big.yaml:13:10 north"},
		{"Deployment big-web", container + "env 2 value", "shop/templates/deployment.yaml:39:9 env", "big.yaml:15:10 more"},
		{"Service big", "metadata labels size", "shop/templates/service.yaml:7:3 labels", "big.yaml:8:11 big"},
		{"Service cache", "spec ports 0 port", "shop/values.yaml:28:9 6380", ""},
		{"ConfigMap big-files", "data b", "shop/values.yaml:25:6 two", ""},
	} {
		path := strings.Fields(tt.path)
		if got := where(object(t, stream, tt.object).Location(path...)); got != tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.object, tt.path, got, tt.want)
		}
		if tt.withValues == "" {
			tt.withValues = tt.want
		}
		if got := where(object(t, given, tt.object).Location(path...)); got != tt.withValues {
			t.Errorf("%s %s with the values:\n got %s\nwant %s", tt.object, tt.path, got, tt.withValues)
		}
	}
}

const streamed = `---
# Source: shop/templates/a.yaml
# of the shop
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
# Source: shop/templates/gone.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: b}
---
# Source: other/templates/a.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
---
apiVersion: v1
kind: ConfigMap # Source: shop/templates/a.yaml
metadata: {name: d}
`

func TestStreamsOfChartsThatAreNotRendered(t *testing.T) {
	t.Parallel()
	files := chart("templates/a.yaml", "{{ if .Values.a.b }}\nkind: ConfigMap\n{{ end }}\n")
	stream, missing := retrace(t, streamed, files)
	if want := []string{"other/templates/a.yaml", "shop/templates/gone.yaml"}; !slices.Equal(missing, want) {
		t.Errorf("missing: got %v, want %v", missing, want)
	}
	for name, want := range map[string]string{
		"ConfigMap a": "shop/templates/a.yaml:2:7 ConfigMap",
		"ConfigMap b": "<stdin>:11:18 b",
		"ConfigMap c": "<stdin>:16:18 c",
		"ConfigMap d": "<stdin>:20:18 d",
	} {
		if got := where(object(t, stream, name).NameLocation()); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// Of a list whose items are others than those of the chart nothing is said of
// one item.
func TestStreamsWhoseItemsAreOthers(t *testing.T) {
	t.Parallel()
	const list = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
	files := fstest.MapFS{
		"Chart.yaml":       {Data: []byte("name: shop\nversion: 0.1.0\n")},
		"templates/a.yaml": {Data: []byte(list + "{{ if .Values.proxy }}\n  - name: proxy\n{{ end }}\n  - name: web\n")},
	}
	stream, _ := retrace(t, "# Source: shop/templates/a.yaml\n"+list+"  - name: proxy\n  - name: web\n", files)
	pod := object(t, stream, "Pod a")
	for i, want := range []string{"shop/templates/a.yaml:5:3 containers", "shop/templates/a.yaml:5:3 containers"} {
		if got := where(pod.Location("spec", "containers", string(rune('0'+i)), "name")); got != want {
			t.Errorf("item %d: got %s, want %s", i, got, want)
		}
	}
}
