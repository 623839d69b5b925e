package helm_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kubeknot/kubeknot/analyzer/helm"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

const examples = "../../testdata/helm/"

func render(t *testing.T, files fs.FS, values ...string) (*helm.Rendering, error) {
	t.Helper()
	return renderAs(t, "", files, values...)
}

// renderAs renders a chart as a release of a name.
func renderAs(t *testing.T, release string, files fs.FS, values ...string) (*helm.Rendering, error) {
	t.Helper()
	o := helm.Options{KubernetesVersion: "1.36", ReleaseName: release}
	for i, text := range values {
		name := fmt.Sprintf("values-%d.yaml", i)
		o.Values = append(o.Values, source.NewFile(name, name, []byte(text)))
	}
	return helm.Render(helm.Chart{FS: files, Path: "shop", Rel: "shop"}, o)
}

// object returns the object of a kind and name.
func object(t *testing.T, r *helm.Rendering, name string) *manifest.Resource {
	t.Helper()
	for _, f := range r.Files {
		for _, o := range f.Resources() {
			if o.String() == name {
				return o
			}
		}
	}
	t.Fatalf("the chart makes no %s", name)
	return nil
}

// where writes a place and its first line.
func where(l source.Location) string {
	text, _, _ := strings.Cut(string(l.Text()), "\n")
	return fmt.Sprintf("%s:%d:%d %s", l.File.Path, l.Start().Line, l.Start().Column, text)
}

func TestFieldsLeadBack(t *testing.T) {
	t.Parallel()
	r, err := render(t, os.DirFS(examples+"shop"), "image: {tag: '2.0'}\ncache:\n  memory: 96\n")
	if err != nil {
		t.Fatal(err)
	}
	const container = "spec template spec containers 0 "
	for _, tt := range []struct{ object, path, want string }{
		{"Deployment shop-web", "", "shop/templates/deployment.yaml:3:7 Deployment"},
		{"Deployment shop-web", "metadata name", "shop/templates/deployment.yaml:5:9 {{ .Release.Name }}-web"},
		{"Deployment shop-web", "metadata labels release", `shop/templates/deployment.yaml:7:5 {{- include "shop.labels" . | nindent 4 }}`},
		{"Deployment shop-web", "metadata labels tier", "shop/templates/deployment.yaml:8:11 web"},
		{"Deployment shop-web", "spec replicas", "shop/values.yaml:1:11 2"},
		{"Deployment shop-web", "spec revisionHistoryLimit", "shop/templates/deployment.yaml:17:25 {{ .Values.history | default 3 }}"},
		{"Deployment shop-web", "spec selector matchLabels app", `shop/templates/deployment.yaml:19:18 {{- include "shop.labels" . | nindent 6 }}`},
		{"Deployment shop-web", "spec strategy type", "shop/templates/deployment.yaml:11:1 spec"},
		{"Deployment shop-web", "spec template spec nodeSelector disk", "shop/values.yaml:12:9 ssd"},
		{"Deployment shop-web", "spec template spec tolerations 0 key", "shop/templates/deployment.yaml:30:14 day"},
		{"Deployment shop-web", "spec template spec tolerations 1 key", "shop/values.yaml:17:8 night"},
		{"Deployment shop-web", "spec template spec priorityClassName", "shop/templates/deployment.yaml:33:26 {{ .Values.priority }}"},
		{"Deployment shop-web", container + "image", `shop/templates/deployment.yaml:36:16 "{{ .Values.image.repository }}:{{ .Values.image.tag }}"`},
		{"Deployment shop-web", container + "ports 0 containerPort", "shop/values.yaml:6:9 80"},
		{"Deployment shop-web", container + "env 1 name", "shop/values.yaml:22:9 REGION"},
		{"Deployment shop-web", container + "env 1 value", "shop/values.yaml:23:10 north"},
		{"Deployment shop-web", container + "resources limits memory", "shop/values.yaml:10:13 128Mi"},
		{"Deployment shop-web", container + "resources requests cpu", "shop/values.yaml:8:1 resources"},
		{"ConfigMap shop-files", "data b", "shop/values.yaml:25:6 two"},
		{"ConfigMap shop-files", "data zone", "shop/values.yaml:30:9 z1"},
		{"Service shop", "spec ports 0 port", "shop/values.yaml:6:9 80"},
		{"Service shop", "metadata labels app", "shop/values.yaml:7:3 labels"},
		{"Service shop", "spec ports 0 targetPort", "shop/templates/service.yaml:12:17 http"},
		{"Service cache", "spec ports 0 port", "shop/values.yaml:28:9 6380"},
		{"Service cache", "metadata labels zone", "shop/values.yaml:30:9 z1"},
		{"Service cache", "metadata labels memory", "values-0.yaml:3:11 96"},
		{"Service cache", "spec selector app", "shop/charts/cache/templates/service.yaml:10:10 cache"},
		{"CustomResourceDefinition discounts.example.com", "spec scope", "shop/crds/discounts.yaml:7:10 Namespaced"},
	} {
		at := object(t, r, tt.object).Location(strings.Fields(tt.path)...)
		if got := where(at); got != tt.want {
			t.Errorf("%s %s:\n got %s\nwant %s", tt.object, tt.path, got, tt.want)
		}
		if !slices.Contains(r.Sources, at.File) {
			t.Errorf("%s is no source", at.File.Path)
		}
	}
}

func TestKeysAndEntriesLeadBack(t *testing.T) {
	t.Parallel()
	r, err := render(t, os.DirFS(examples+"shop"))
	if err != nil {
		t.Fatal(err)
	}
	const container = "spec template spec containers 0 "
	for _, tt := range []struct{ path, key, entry string }{
		{"metadata labels tier", "shop/templates/deployment.yaml:8:5 tier", "shop/templates/deployment.yaml:8:5 tier: web"},
		{"metadata labels app", `shop/templates/deployment.yaml:7:5 {{- include "shop.labels" . | nindent 4 }}`, `shop/templates/deployment.yaml:7:5 {{- include "shop.labels" . | nindent 4 }}`},
		{"metadata name", "shop/templates/deployment.yaml:5:3 name", "shop/templates/deployment.yaml:5:3 name: {{ .Release.Name }}-web"},
		{"spec replicas", "shop/values.yaml:1:1 replicas", "shop/values.yaml:1:1 replicas: 2"},
		{"spec strategy", "shop/templates/deployment.yaml:11:1 spec", "shop/templates/deployment.yaml:11:1 spec"},
		{"spec template", "shop/templates/deployment.yaml:20:3 template", "shop/templates/deployment.yaml:20:3 template"},
		{container + "env 0 value", "shop/values.yaml:21:3 value", "shop/values.yaml:21:3 value: info"},
		{container + "resources", "shop/values.yaml:8:1 resources", "shop/values.yaml:8:1 resources"},
	} {
		o, path := object(t, r, "Deployment shop-web"), strings.Fields(tt.path)
		if got := where(o.KeyLocation(path...)); got != tt.key {
			t.Errorf("the key of %s:\n got %s\nwant %s", tt.path, got, tt.key)
		}
		if got := where(o.EntryLocation(path...)); got != tt.entry {
			t.Errorf("the entry of %s:\n got %s\nwant %s", tt.path, got, tt.entry)
		}
	}
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Chart.Name }}}\nspec: {ports: [{port: {{ .Values.port }}}], type: {{ .Values.global.type }}}\n"
	const name = "apiVersion: v2\nversion: 0.1.0\nname: "
	r, err := render(t, chart(
		"Chart.yaml", name+"shop\ndependencies:\n- {name: cache, version: 0.1.0, alias: east}\n- {name: cache, version: 0.1.0, alias: west}\n- {name: queue, version: 0.1.0, condition: queue.enabled}\n",
		"values.yaml", "global: {type: ClusterIP}\nqueue: {enabled: false}\neast: {port: 1}\n",
		"charts/cache/Chart.yaml", name+"cache\n", "charts/cache/values.yaml", "port: 6379\n", "charts/cache/templates/a.yaml", service,
		"charts/queue/Chart.yaml", name+"queue\n", "charts/queue/templates/a.yaml", service,
	))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Files); n != 1 {
		t.Errorf("got %d files, want the one of the alias", n)
	}
	for name, want := range map[string]string{"Service east": "shop/values.yaml:3:14 1", "Service west": "shop/charts/cache/values.yaml:1:7 6379"} {
		o := object(t, r, name)
		if got := where(o.Location("spec", "ports", "0", "port")); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if got, want := where(o.Location("spec", "type")), "shop/values.yaml:1:16 ClusterIP"; got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

// Of a dependency that is packed, the archive and the file in it are named.
func TestPackedDependencies(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	gz := gzip.NewWriter(&packed)
	tw := tar.NewWriter(gz)
	for name, text := range map[string]string{
		"cache/Chart.yaml":       "apiVersion: v2\nname: cache\nversion: 0.1.0\n",
		"cache/templates/a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: cache}\n",
	} {
		if err := tw.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644, Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tw.Close(), gz.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := render(t, chart("charts/cache-0.1.0.tgz", packed.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := where(object(t, r, "Service cache").NameLocation()), "shop/charts/cache-0.1.0.tgz/templates/a.yaml:3:18 cache"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A place that is named is one to edit: what stands there is what the object
// gets.
func TestAnEditAtThePlaceChangesTheField(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{}
	if err := fs.WalkDir(os.DirFS(examples+"shop"), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(examples + "shop/" + name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	before, err := render(t, files)
	if err != nil {
		t.Fatal(err)
	}
	edited := 0
	for _, f := range before.Files {
		for _, o := range f.Resources() {
			for _, path := range scalars(o.Node, nil) {
				at := o.Location(path...)
				if o.Get(path...) == nil || strings.Contains(string(at.Text()), "{{") || path[len(path)-1] == "name" && len(path) == 2 {
					continue // an action, or what the object is found by
				}
				name := strings.TrimPrefix(at.File.Path, "shop/")
				text := files[name].Data
				files[name] = &fstest.MapFile{Data: []byte(string(text[:at.Span.Start]) + "4711" + string(text[at.Span.End:]))}
				after, err := render(t, files)
				files[name] = &fstest.MapFile{Data: text}
				if err != nil {
					t.Errorf("%s: %v", where(at), err)
					continue
				}
				edited++
				if !holds(after, f.Path, path) {
					t.Errorf("%s %v: 4711 in place of %s does not change it", o, path, where(at))
				}
			}
		}
	}
	if edited < 40 {
		t.Errorf("only %d fields were edited", edited)
	}
}

// scalars returns the paths of all scalars.
func scalars(n *manifest.Node, path []string) [][]string {
	if n.Kind == manifest.ScalarNode {
		return [][]string{slices.Clone(path)}
	}
	var all [][]string
	for i, item := range manifest.Items(n) {
		all = append(all, scalars(item, append(path, strconv.Itoa(i)))...)
	}
	for key, e := range manifest.Fields(n) {
		all = append(all, scalars(e.Value, append(path, key))...)
	}
	return all
}

// holds reports whether an object of a file has 4711 at a path.
func holds(r *helm.Rendering, file string, path []string) bool {
	for _, f := range r.Files {
		for _, o := range f.Resources() {
			if f.Path == file && manifest.String(o.Node, path...) == "4711" {
				return true
			}
		}
	}
	return false
}
