package driver

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestTheSameFileIsReportedOnce(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"app/a.yaml": object("a"), "app/sub/b.yaml": object("b"), "else/c.yaml": object("c")})
	for _, paths := range [][]string{
		{"app", "app"},
		{"app", "app/sub", "app/sub/b.yaml"},
		{"app/sub/b.yaml", "app"},
		{"app/../app/a.yaml", "./app//a.yaml", filepath.Join(dir, "app")},
	} {
		expect(t, lint(t, Options{Dir: dir, Paths: paths}), "app/a.yaml: ConfigMap a", "app/sub/b.yaml: ConfigMap b")
	}
}

func TestArgumentsInTwoTrees(t *testing.T) {
	t.Parallel()
	one := makeTree(t, map[string]string{"a.yaml": object("a"), "sub/b.yaml": object("b")})
	two := makeTree(t, map[string]string{"a.yaml": object("a")})
	result := lint(t, Options{Dir: one, Paths: []string{filepath.Join(two, "a.yaml"), filepath.Join(one, "sub")}})
	expect(t, result, filepath.ToSlash(two)+"/a.yaml: ConfigMap a", "sub/b.yaml: ConfigMap b")
	if got := result.Summary.Units; got != 2 {
		t.Errorf("%d units", got)
	}
}

func TestPathsAreShownAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"a.yaml": object("a"), "app/b.yaml": object("b"), "app/c/c.yaml": object("c"), "else/d.yaml": object("d")})
	root, app := filepath.ToSlash(dir), filepath.Join(dir, "app")
	for _, tt := range []struct {
		name  string
		paths []string
		want  []string
	}{
		{"relative, below the working directory", []string{"c"}, []string{"c/c.yaml"}},
		{"relative, beside it", []string{"../else"}, []string{"../else/d.yaml"}},
		{"absolute, below it", []string{filepath.Join(dir, "app/c")}, []string{"c/c.yaml"}},
		{"absolute, beside it", []string{filepath.Join(dir, "else")}, []string{root + "/else/d.yaml"}},
		{"absolute, above it", []string{dir}, []string{root + "/a.yaml", root + "/else/d.yaml", "b.yaml", "c/c.yaml"}},
	} {
		var got []string
		for _, f := range lint(t, Options{Dir: app, Paths: tt.paths}).Findings {
			got = append(got, f.Location.File.Path)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func worldOf(t testing.TB, tree *tree) *world {
	t.Helper()
	o := &Options{}
	o.charts = sync.OnceValues(o.helm)
	w, err := openWorld(t.Context(), tree, shower(tree.root, tree.root, true), o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"a.yaml": object("a"), "gone.yaml": object("b"), "turned.yaml": object("c"), "else/d.yaml": object("d")})
	trees, err := openTrees(dir, []string{"."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"gone.yaml", "turned.yaml"} { // between listing and reading
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, "turned.yaml/", "")
	l := newLoaded()
	if err := l.tree(t.Context(), worldOf(t, trees[0]), &Options{}); err != nil {
		t.Fatal(err)
	}
	if err := newRun(Options{}, l).judgeAll(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if len(l.notes) != 2 || !strings.HasPrefix(l.notes[0].Reason, "not readable: ") || !strings.HasPrefix(l.notes[1].Reason, "not readable: ") {
		t.Errorf("notes: %v", l.notes)
	}
	if u := l.units()[0]; len(u.Resources) != 1 || u.Complete() {
		t.Errorf("unit %s: %v, open: %q", u.Name, u.Resources, u.Open)
	}
	if u := l.units()[1]; len(u.Resources) != 1 {
		t.Errorf("unit %s: %v", u.Name, u.Resources)
	}
}

func TestOnlyWhatANamedFileHasAPartInIsRead(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"up.yaml": object("up"), "app/a.yaml": object("a"), "app/b.yaml": object("b"), "app/below/c.yaml": object("c"), "app/below/far/d.yaml": object("d"),
		"beside/e.yaml": object("e"), "beside/far/f.yaml": object("f"),
	})
	trees, err := openTrees(dir, []string{"app/a.yaml"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l, w := newLoaded(), worldOf(t, trees[0])
	if err := l.tree(t.Context(), w, &Options{}); err != nil {
		t.Fatal(err)
	}
	if err := newRun(Options{}, l).judgeAll(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	var unread []string
	for _, rel := range w.tree.files {
		if w.files[rel] == nil {
			unread = append(unread, rel)
		}
	}
	if want := []string{"beside/far/f.yaml"}; !slices.Equal(unread, want) {
		t.Errorf("not read: %q, want %q", unread, want)
	}
}

func TestMistypedPaths(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"deploy/web/service.yaml": object("a"), "deploy/web/nodes.yaml": object("n"), "deploy/broken.yaml": "a: [\nkind: apiVersion\n"})
	link(t, dir, "nowhere", "lost.yaml")
	for _, tt := range []struct {
		o    Options
		want string
	}{
		{Options{Paths: []string{"deploy/web/servce.yaml"}}, "deploy/web/servce.yaml: no such file or directory; did you mean deploy/web/service.yaml?"},
		{Options{Paths: []string{"deplyo/web/service.yaml"}}, "deplyo/web/service.yaml: no such file or directory; did you mean deploy/web/service.yaml?"},
		{Options{Paths: []string{"deploy", "deploy/weeb"}}, "deploy/weeb: no such file or directory; did you mean deploy/web?"},
		{Options{Paths: []string{filepath.Join(dir, "deplo")}}, filepath.Join(dir, "deplo") + ": no such file or directory; did you mean " + filepath.ToSlash(dir) + "/deploy?"},
		{Options{Paths: []string{"deplyo/elsewhere"}}, "deplyo/elsewhere: no such file or directory"},
		{Options{Paths: []string{"nothing-like-it"}}, "nothing-like-it: no such file or directory"},
		{Options{Paths: []string{"lost.yaml"}}, "lost.yaml: no such file or directory"},
		{Options{Paths: []string{"deploy"}, Nodes: "deploy/web/node.yaml"}, "nodes: deploy/web/node.yaml: no such file or directory; did you mean deploy/web/nodes.yaml?"},
		{Options{Paths: []string{"deploy"}, Nodes: "deploy"}, "nodes: deploy: is a directory"},
		{Options{Paths: []string{"deploy"}, Nodes: "deploy/web/nodes.yaml"}, `nodes: deploy/web/nodes.yaml holds no Node: it takes what "kubectl get nodes -o yaml" prints`},
		{Options{Paths: []string{"-"}, Nodes: "-"}, "standard input cannot be both the manifests and the nodes"},
	} {
		tt.o.Dir = dir
		result, err := Run(t.Context(), tt.o)
		if err == nil || err.Error() != tt.want || result != nil {
			t.Errorf("%v: got %v\nwant %v", tt.o.Paths, err, tt.want)
		}
	}
	_, err := Run(t.Context(), Options{Dir: dir, Paths: []string{"deploy"}, Nodes: "deploy/broken.yaml"})
	if err == nil || !strings.HasPrefix(err.Error(), "nodes: deploy/broken.yaml:") {
		t.Errorf("got %v", err)
	}
}

// TestAbsoluteValues judges charts with a values file that is named as
// kubeknot.yaml names it: absolute, inside the tree or elsewhere.
func TestAbsoluteValues(t *testing.T) {
	t.Parallel()
	chart := map[string]string{
		"chart/Chart.yaml":       "apiVersion: v2\nname: c\nversion: 0.1.0\n",
		"chart/templates/a.yaml": object("a-{{ .Values.name }}"),
		"v.yaml":                 "name: given\n",
	}
	dir, other := makeTree(t, chart), makeTree(t, map[string]string{"v.yaml": "name: given\n"})
	for _, values := range []string{filepath.Join(dir, "v.yaml"), filepath.Join(other, "v.yaml"), "v.yaml", "../" + filepath.Base(dir) + "/v.yaml"} {
		expect(t, lint(t, Options{Dir: dir, Paths: []string{"."}, Values: []string{values}}), "chart/templates/a.yaml: ConfigMap a-given", "- 1 file holds no Kubernetes objects")
	}
}
