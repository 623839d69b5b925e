package driver

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/cache"
	"github.com/kubeknot/kubeknot/analyzer/config"
)

// cached returns options that read and write a cache.
func cached(o Options, dir *cache.Dir) Options {
	o.Cache = dir
	return o
}

// age makes all files of a tree look as if nobody had touched them for long.
func age(t testing.TB, dir string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(p, old, old)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestCacheNeverChangesTheResult edits a tree at random and compares what runs
// say with and without a cache, each time with one that is read anew, and with
// all that earlier runs have left in memory.
func TestCacheNeverChangesTheResult(t *testing.T) {
	t.Parallel()
	dir := messy(t)
	random := rand.New(rand.NewPCG(7, 7))
	files := editable(t, dir)
	o := Options{Dir: dir, Paths: []string{"."}, Rules: allRules(t)}
	store := t.TempDir()
	watching := cached(o, &cache.Dir{Held: true})
	watching.Kept = &Kept{}
	age(t, dir) // or all would be read again
	for step := range 25 {
		fresh := &cache.Dir{Path: store}
		paths := []string{"."}
		if step%5 == 4 { // as a hook is run
			there := slices.DeleteFunc(slices.Clone(files), func(p string) bool { _, err := os.Stat(p); return err != nil })
			paths = []string{there[random.IntN(len(there))], there[random.IntN(len(there))]}
		}
		o.Paths, watching.Paths = paths, paths
		want := printed(t, o)
		for _, run := range []string{"first", "second"} {
			if diff := cmp.Diff(want, printed(t, cached(o, fresh))); diff != "" {
				t.Fatalf("step %d, %s run with the cache:\n%s", step, run, diff)
			}
		}
		if diff := cmp.Diff(want, printed(t, watching)); diff != "" {
			t.Fatalf("step %d, with what was kept:\n%s", step, diff)
		}
		edit(t, random, files)
	}
}

// editable adds charts and builds that fail or lack a file to a tree, and
// returns the files that edit may change or make.
func editable(t *testing.T, dir string) []string {
	t.Helper()
	templated := strings.NewReplacer("app: web", "app: {{ .Values.app }}").Replace(service("web", "web") + pod("web"))
	for name, text := range map[string]string{
		"helm/Chart.yaml": "apiVersion: v2\nname: h\nversion: 1.0.0\n", "helm/values.yaml": "app: web\npassword: canary\nsub: {app: other}\n",
		"helm/templates/all.yaml":          templated + "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  p: {{ .Values.password }}\n  o: [1]\n",
		"helm/templates/_part.tpl":         `{{ define "part" }}app: x{{ end }}`,
		"helm/charts/sub/Chart.yaml":       "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"helm/charts/sub/values.yaml":      "app: web\n",
		"helm/charts/sub/templates/s.yaml": strings.ReplaceAll(templated, "name: web", "name: sub"),
		"refuses/Chart.yaml":               "apiVersion: v2\nname: r\nversion: 1.0.0\n", "refuses/templates/r.yaml": `{{ required "no app" .Values.app }}`,
		"fails/kustomization.yaml": "resources: [gone.yaml, there.yaml]\n", "fails/there.yaml": pod("there"),
		"lacks/kustomization.yaml": "resources: [r.yaml]\nconfigMapGenerator: [{name: made, files: [made.txt]}]\n", "lacks/r.yaml": pod("r"),
		"other/docker-compose.yaml": "services: {}\n",
	} {
		write(t, dir, name, text)
	}
	files := []string{"fails/gone.yaml", "lacks/made.txt", "lacks/maze.txt", "refuses/values.yaml", "helm/.helmignore"}
	for i := range files {
		files[i] = filepath.Join(dir, filepath.FromSlash(files[i]))
	}
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && (filepath.Ext(p) == ".yaml" || filepath.Ext(p) == ".tpl") {
			files = append(files, p)
			if !strings.Contains(p, "apps") {
				files = append(files, p, p) // there are fewer of them
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// edit changes one file at random.
func edit(t *testing.T, random *rand.Rand, files []string) {
	t.Helper()
	name := files[random.IntN(len(files))]
	data, err := os.ReadFile(name)
	if err != nil {
		data = []byte(pod("back"))
	}
	text := string(data)
	switch random.IntN(7) {
	case 0:
		text = "# moved\n" + text
	case 1:
		text = strings.ReplaceAll(text, "app: app-", "app: web-")
	case 2:
		text += fmt.Sprintf("---\n# kubeknot:ignore-document bare-pod -- on purpose\n%s", pod("more"))
	case 3:
		text += "---\n" + strings.Replace(service("annotated", "nobody"), "metadata:\n", "metadata:\n  annotations: {kubeknot.io/ignore: service-selects-nothing -- why not}\n", 1)
	case 4:
		text += "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: [canary]\n"
	case 5:
		text = strings.NewReplacer("app: web", "app: shop", "canary", "bird", "no app", "none", "made.txt", "maze.txt").Replace(text)
	case 6:
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsRecalled says which units are judged again after a change.
func TestWhatIsRecalled(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"up.yaml": object("up"), "a/a.yaml": object("a"), "a/below/b.yaml": object("b"), "c/c.yaml": pod("c"),
		"base/kustomization.yaml": "resources: [base.yaml]\nconfigMapGenerator: [{name: made, files: [made.txt]}]\n", "base/base.yaml": object("base"), "base/made.txt": "x",
		"over/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n", "over/patch.yaml": object("base") + "data: {a: b}\n",
		"fails/kustomization.yaml": "resources: [gone.yaml]\n", "chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
		"chart/templates/c.yaml": "{{ .Files.Get \"c.txt\" }}", "chart/c.txt": object("made"),
	}
	edits := []struct {
		name, file, text string
		want             []string
	}{
		{"first run", "", "", []string{".", "a", "a/below", "c", "chart", "fails", "over"}},
		{"nothing", "", "", nil},
		{"a file alone", "c/c.yaml", pod("d"), []string{".", "a", "c", "fails", "over"}}, // the others have it beside or below them
		{"what all lean on", "up.yaml", object("down"), []string{".", "a", "a/below", "c", "chart", "fails", "over"}},
		{"a base", "base/base.yaml", object("base") + "data: {c: d}\n", []string{".", "a", "c", "fails", "over"}},
		{"a patch", "over/patch.yaml", object("base") + "data: {a: c}\n", []string{"over"}},
		{"what a generator reads", "base/made.txt", "y", []string{"over"}},
		{"a suppression", "c/c.yaml", "# kubeknot:ignore-file bare-pod -- so\n" + pod("d"), []string{".", "a", "c", "fails", "over"}},
		{"nothing, with a suppression", "", "", nil},
		{"a new file", "a/below/new.yaml", object("new"), []string{"a", "a/below"}},
		{"what a chart reads", "chart/c.txt", object("otherwise"), []string{"chart"}},
		{"a new file of a chart", "chart/other.txt", "", []string{"chart"}},
		{"what a build lacks", "fails/gone.yaml", object("back"), []string{".", "a", "c", "fails", "over"}},
		{"nothing, with all there", "", "", nil},
	}
	dir, store := makeTree(t, files), t.TempDir()
	for _, e := range edits {
		if e.file != "" {
			write(t, dir, e.file, e.text)
		}
		var judged []string
		var mu sync.Mutex
		watch := &analyzer.Rule{ID: "who-is-asked", Run: func(p *analyzer.Pass) error {
			mu.Lock()
			defer mu.Unlock()
			judged = append(judged, p.Unit.Name)
			return nil
		}}
		lint(t, Options{Dir: dir, Paths: []string{"."}, Rules: []*analyzer.Rule{watch, seen}, Cache: &cache.Dir{Path: store}})
		slices.Sort(judged)
		if diff := cmp.Diff(e.want, judged); diff != "" {
			t.Errorf("%s: judged\n%s", e.name, diff)
		}
	}
}

// TestUnsteadyCharts: what is rendered otherwise each time is rendered each time,
// wherever the template for it stands.
func TestUnsteadyCharts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		template, values string
		asked            int
	}{
		"steady":    {"{{ tpl .Values.text . | quote }}", "text: a\n", 1},
		"templates": {"{{ now | quote }}", "text: a\n", 2},
		"values":    {"{{ tpl .Values.text . | quote }}", "text: '{{ now }}'\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := makeTree(t, map[string]string{
				"chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "given/values.txt": c.values,
				"chart/templates/c.yaml": object("made") + "data: {a: " + c.template + "}\n",
			})
			asked := 0
			rule := &analyzer.Rule{ID: "who-is-asked", Run: func(*analyzer.Pass) error { asked++; return nil }}
			store := t.TempDir()
			for range 2 {
				lint(t, Options{Dir: dir, Paths: []string{"chart"}, Values: []string{"given/values.txt"}, Rules: []*analyzer.Rule{rule}, Cache: &cache.Dir{Path: store}})
			}
			if asked != c.asked {
				t.Errorf("judged %d times, want %d", asked, c.asked)
			}
		})
	}
}

// TestGivenValues: their paths are relative to the working directory, where others
// of the tree may have the same.
func TestGivenValues(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		".git/HEAD": "", "values.yaml": "text: another\n", "sub/values.yaml": "text: given\n",
		"sub/chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "sub/chart/templates/c.yaml": object("made") + "data: {a: {{ .Values.text }}}\n",
	})
	rule := &analyzer.Rule{ID: "what-is-given", Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			at := r.Location("data", "a")
			p.Report(analyzer.Finding{Message: string(at.Text()), Location: at, Resource: r})
		}
		return nil
	}}
	store := t.TempDir()
	for run := range 2 {
		result, err := Run(t.Context(), Options{Dir: filepath.Join(dir, "sub"), Paths: []string{"chart"}, Values: []string{"values.yaml"}, Rules: []*analyzer.Rule{rule}, Cache: &cache.Dir{Path: store}})
		if err != nil || len(result.Findings) != 1 {
			t.Fatalf("%v, %v", result, err)
		}
		if at := result.Findings[0].Location; at.File.Path != "values.yaml" || string(at.Text()) != "given" {
			t.Errorf("run %d: %q in %s", run, at.Text(), at.File.Path)
		}
	}
}

// TestBadCaches: what is damaged, foreign or not there is as good as nothing.
func TestBadCaches(t *testing.T) {
	t.Parallel()
	dir := messy(t)
	o := Options{Dir: dir, Paths: []string{"."}, Rules: allRules(t)}
	want := printed(t, o)
	for name, spoil := range map[string]func([]byte) []byte{
		"cut":   func(d []byte) []byte { return d[:len(d)/2] },
		"empty": func([]byte) []byte { return nil },
		"other": func([]byte) []byte { return []byte("something else") },
		"a bit": func(d []byte) []byte { d[len(d)/2] ^= 4; return d },
	} {
		store := t.TempDir()
		printed(t, cached(o, &cache.Dir{Path: store}))
		all, err := filepath.Glob(filepath.Join(store, "*"))
		if err != nil || len(all) != 1 {
			t.Fatalf("%q, %v", all, err)
		}
		data, err := os.ReadFile(all[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(all[0], spoil(data), 0o600); err != nil {
			t.Fatal(err)
		}
		var told []string
		o.Debug = func(err error) { told = append(told, err.Error()) }
		if diff := cmp.Diff(want, printed(t, cached(o, &cache.Dir{Path: store}))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if len(told) != 1 || !strings.Contains(told[0], "cache not read") {
			t.Errorf("%s: told %q", name, told)
		}
		told = nil
		printed(t, cached(o, &cache.Dir{Path: store}))
		if told != nil {
			t.Errorf("%s: not mended: %q", name, told)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, filepath.Dir(file), "file", "")
	var told []string
	o.Debug = func(err error) { told = append(told, err.Error()) }
	if diff := cmp.Diff(want, printed(t, cached(o, &cache.Dir{Path: filepath.Join(file, "below")}))); diff != "" || len(told) == 0 {
		t.Errorf("told %q: %s", told, diff)
	}
}

// TestCacheHoldsNoSecrets plants the same word wherever a secret can stand.
func TestCacheHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{
		"secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ntype: Opaque\nimmutable: canary\ndata: {a: canary}\nstringData: {a: [canary]}\nodd: canary\n",
		"pod.yaml": strings.Replace(pod("p"), "image: i", "image: i, env: [{name: DB_PASSWORD, value: [canary]}, {name: URL, value: 'http://u:canary@h'}]", 1) +
			"kind: Secret\nstringData: {a: canary\n---\napiVersion: v1\nkind: Service\nmetadata: {name: p}\nspec: {externalName: 'http://u:canary@h', type: ExternalName}\n",
	})
	store := t.TempDir()
	result := lint(t, Options{Dir: dir, Paths: []string{"."}, Rules: allRules(t), Cache: &cache.Dir{Path: store}})
	if !slices.ContainsFunc(result.Findings, func(f analyzer.Finding) bool { return strings.Contains(f.Message, "u:********@h") }) {
		t.Errorf("nothing quotes the URL, so the test shows too little: %q", lines(result))
	}
	files, err := filepath.Glob(filepath.Join(store, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(string(data), "canary"); i >= 0 {
		t.Errorf("the cache holds a secret: %q", data[max(0, i-200):i+6])
	}
}

// TestCacheHeedsNodesOfUnits changes the nodes that a unit of the configuration
// has for itself.
func TestCacheHeedsNodesOfUnits(t *testing.T) {
	t.Parallel()
	node := "apiVersion: v1\nkind: Node\nmetadata:\n  name: n\n  labels: {disk: %s}\n"
	dir := makeTree(t, map[string]string{
		"app/pod.yaml":  strings.Replace(pod("p"), "spec:\n", "spec:\n  nodeSelector: {disk: ssd}\n", 1),
		"nodes.yaml":    fmt.Sprintf(node, "ssd"),
		"kubeknot.yaml": "units:\n- name: app\n  files: ['app/*']\n  nodes: nodes.yaml\n",
	})
	all := allRules(t)
	store := t.TempDir()
	for _, step := range []struct {
		disk string
		want int
	}{{"ssd", 0}, {"hdd", 1}, {"ssd", 0}} {
		write(t, dir, "nodes.yaml", fmt.Sprintf(node, step.disk))
		c, err := config.Load(filepath.Join(dir, "kubeknot.yaml"), dir, "", func([]config.Path) ([]*analyzer.Rule, error) { return all, nil })
		if err != nil {
			t.Fatal(err)
		}
		result := lint(t, Options{Dir: dir, Paths: []string{"app"}, Rules: all, Config: c, Cache: &cache.Dir{Path: store}})
		got := 0
		for _, f := range result.Findings {
			if f.Rule == "node-selector-no-node" {
				got++
			}
		}
		if got != step.want {
			t.Errorf("with disk=%s: %d findings about nodes, want %d", step.disk, got, step.want)
		}
	}
}
