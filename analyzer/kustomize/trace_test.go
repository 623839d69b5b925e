package kustomize

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// shop is a tree in which every part of a build has its hand in something.
const shop = `
-- base/kustomization.yaml --
resources:
- web.yaml
- service.yaml
configMapGenerator:
- name: settings
  literals:
  - color=blue
  files:
  - motd.txt
-- base/motd.txt --
welcome
-- base/web.yaml --
apiVersion: v1
kind: ServiceAccount
metadata:
  name: web
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: first
        image: example/first:1
      - name: main
        image: example/web:1
        envFrom:
        - configMapRef: {name: settings}
-- base/service.yaml --
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
  - port: 80
-- logging/kustomization.yaml --
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target:
    kind: Deployment
  patch: |-
    - op: add
      path: /spec/template/spec/containers/-
      value:
        name: logger
        image: example/logger:1
-- prod/kustomization.yaml --
namespace: shop
namePrefix: prod-
resources:
- ../base
components:
- ../logging
labels:
- pairs:
    env: prod
  includeSelectors: true
images:
- name: example/first
  newTag: "2"
replicas:
- name: web
  count: 3
patches:
- path: limits.yaml
- target: {kind: Service, name: web}
  patch: |-
    - op: replace
      path: /spec/ports/0/port
      value: 8080
configMapGenerator:
- name: settings
  behavior: merge
  literals:
  - size=large
-- prod/limits.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      priorityClassName: high
      containers:
      - name: main
        terminationMessagePath: /tmp/log
`

// traced are field paths of what prod builds, and what has to be edited to
// change them: a piece of one file, and what to put in its place.
var traced = []struct{ kind, path, want, edit, becomes string }{
	{"Deployment", "metadata/name", "base/web.yaml:9:9 web", "", ""},
	{"Deployment", "metadata/namespace", "prod/kustomization.yaml:1:12 shop", "store", "store"},
	{"Deployment", "spec/replicas", "prod/kustomization.yaml:16:10 3", "4", "4"},
	{"Deployment", "spec/selector/matchLabels/app", "base/web.yaml:14:12 web", "shop", "shop"},
	{"Deployment", "spec/selector/matchLabels/env", "prod/kustomization.yaml:9:10 prod", "test", "test"},
	{"Deployment", "spec/template/metadata/labels/env", "prod/kustomization.yaml:9:10 prod", "test", "test"},
	{"Deployment", "spec/template/spec/priorityClassName", "prod/limits.yaml:8:26 high", "low", "low"},
	{"Deployment", "spec/template/spec/containers/1/image", "prod/kustomization.yaml:13:11 \"2\"", `"3"`, "example/first:3"},
	{"Deployment", "spec/template/spec/containers/0/image", "base/web.yaml:24:16 example/web:1", "example/web:9", "example/web:9"},
	{"Deployment", "spec/template/spec/containers/0/terminationMessagePath", "prod/limits.yaml:11:33 /tmp/log", "/tmp/x", "/tmp/x"},
	{"Deployment", "spec/template/spec/containers/2/image", "logging/kustomization.yaml:11:16 example/logger:1", "example/logger:2", "example/logger:2"},
	{"Service", "spec/ports/0/port", "prod/kustomization.yaml:23:14 8080", "9090", "9090"},
	{"Service", "spec/selector/app", "base/service.yaml:7:10 web", "shop", "shop"},
	{"ConfigMap", "data/color", "base/kustomization.yaml:7:5 color=blue", "color=red", "red"},
	{"ConfigMap", "data/size", "prod/kustomization.yaml:28:5 size=large", "size=small", "small"},
	{"ConfigMap", "metadata/name", "base/kustomization.yaml:5:9 settings", "", ""},
}

// buildProd builds the overlay of a tree of files.
func buildProd(t *testing.T, files *txtar.Archive) *Build {
	t.Helper()
	b := build(t, files, nil)
	if b.Failure != nil || b.Unbuilt != nil {
		t.Fatalf("not built: %+v %+v", b.Failure, b.Unbuilt)
	}
	return b
}

// TestFilesThatVanishAreNamed: whoever remembers that a build fails because a file
// has gone needs to know which, if it was there at first.
func TestFilesThatVanishAreNamed(t *testing.T) {
	t.Parallel()
	files := txtar.Parse([]byte("-- prod/kustomization.yaml --\nresources: [a.yaml]\n-- prod/a.yaml --\na: 1\n"))
	b := build(t, files, func(name string) { os.Remove(name) })
	if b.Failure == nil || !slices.Contains(b.Files, "prod/a.yaml") {
		t.Errorf("%+v, files %q", b.Failure, b.Files)
	}
}

// build is that of the overlay. before, unless nil, is told of each file but
// kustomizations before it is read.
func build(t *testing.T, files *txtar.Archive, before func(name string)) *Build {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tree := &Tree{Root: root, Kustomizations: map[string]*Kustomization{}}
	parsed := map[string]*manifest.File{}
	for _, f := range files.Files {
		name := filepath.Join(root, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		s := source.NewFile(f.Name, f.Name, f.Data)
		parsed[f.Name] = manifest.Parse(s)
		if IsFile(f.Name) {
			parsed[f.Name] = manifest.ParseAny(s)
			k := Read(filepath.Dir(f.Name), parsed[f.Name].Documents[0])
			tree.Kustomizations[k.Dir] = k
		}
	}
	tree.Read = func(rel string) ([]byte, error) {
		if before != nil && !IsFile(rel) {
			before(filepath.Join(root, rel))
		}
		return os.ReadFile(filepath.Join(root, rel))
	}
	tree.File = func(rel string) *manifest.File { return parsed[rel] }
	builds, err := tree.BuildAll(t.Context(), []string{"prod"})
	if err != nil {
		t.Fatal(err)
	}
	return builds[0]
}

func ofKind(t *testing.T, b *Build, kind string) *manifest.Resource {
	t.Helper()
	for _, r := range b.Resources {
		if r.Kind == kind {
			return r
		}
	}
	t.Fatalf("no %s was built", kind)
	return nil
}

func TestValuesLeadBack(t *testing.T) {
	t.Parallel()
	b := buildProd(t, txtar.Parse([]byte(shop)))
	for _, tt := range traced {
		at := ofKind(t, b, tt.kind).Location(strings.Split(tt.path, "/")...)
		start := at.Start()
		if got := fmt.Sprintf("%s:%d:%d %s", at.File.Path, start.Line, start.Column, at.Text()); got != tt.want {
			t.Errorf("%s %s: got %s, want %s", tt.kind, tt.path, got, tt.want)
		}
	}
}

func TestAnEditOfTheNamedPlaceChangesTheValue(t *testing.T) {
	t.Parallel()
	b := buildProd(t, txtar.Parse([]byte(shop)))
	for _, tt := range traced {
		if tt.edit == "" {
			continue
		}
		path := strings.Split(tt.path, "/")
		at := ofKind(t, b, tt.kind).Location(path...)
		edited := txtar.Parse([]byte(shop))
		for i, f := range edited.Files {
			if f.Name == at.File.Rel {
				edited.Files[i].Data = []byte(string(f.Data[:at.Span.Start]) + tt.edit + string(f.Data[at.Span.End:]))
			}
		}
		if got := manifest.String(ofKind(t, buildProd(t, edited), tt.kind).Node, path...); got != tt.becomes {
			t.Errorf("%s %s: after an edit at %s it is %q, want %q", tt.kind, tt.path, tt.want, got, tt.becomes)
		}
	}
}
