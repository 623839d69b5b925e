package driver

import (
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
	"github.com/kubeknot/kubeknot/rules/kustomize"
	"github.com/kubeknot/kubeknot/rules/services"
)

// changing is a tree in which every Service finds its pod.
func changing() map[string]string {
	return map[string]string{
		"plain/service.yaml": service("web", "web"), "plain/pod.yaml": pod("web"),
		"chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "chart/app.txt": "web",
		"chart/templates/all.yaml": strings.Replace(service("web", "web")+pod("web"), "app: web", "app: {{ .Files.Get \"app.txt\" }}{{ .Values.given }}", 1),
		"k/kustomization.yaml":     "resources: [all.yaml]\npatches: [{path: patch.txt, target: {kind: Service}}]\n", "k/all.yaml": service("web", "web") + pod("web"),
		"k/patch.txt": `[{"op": "add", "path": "/spec/selector/app", "value": "web"}]`,
		"given.yaml":  "given: ''\n",
	}
}

// broken are files of it with which one finds none.
var broken = map[string]string{
	"plain/pod.yaml": pod("other"), "chart/app.txt": "other", "given.yaml": "given: more\n",
	"k/patch.txt": `[{"op": "add", "path": "/spec/selector/app", "value": "other"}]`,
}

// TestFilesThatChangeDuringARun changes a file between the works of a run. What
// later runs recall has to be what is there: what was changed, and what was
// there before if that comes back.
func TestFilesThatChangeDuringARun(t *testing.T) {
	t.Parallel()
	for _, work := range []string{"reading", "building kustomizations", "rendering charts", "judging"} {
		for how, change := range map[string]func(name, text string) error{
			"rewritten": func(name, text string) error { return os.WriteFile(name, []byte(text), 0o600) },
			"cut":       func(name, _ string) error { return os.Truncate(name, 1) },
			"gone":      func(name, _ string) error { return os.Remove(name) },
		} {
			for file := range broken {
				t.Run(work+"/"+how+"/"+file, func(t *testing.T) {
					t.Parallel()
					changeDuring(t, work, file, change)
				})
			}
		}
	}
}

func changeDuring(t *testing.T, work, file string, change func(name, text string) error) {
	dir, store := makeTree(t, changing()), t.TempDir()
	o := Options{Dir: dir, Paths: []string{"plain", "chart", "k"}, Values: []string{"given.yaml"}, Rules: []*analyzer.Rule{services.ServiceSelectsNothing, kustomize.KustomizeBuildFails}}
	first := cached(o, &cache.Dir{Path: store})
	var once sync.Once
	first.Progress = func(done string, _, _ int) {
		if done == work {
			once.Do(func() {
				if err := change(filepath.Join(dir, filepath.FromSlash(file)), broken[file]); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if _, err := Run(t.Context(), first); err != nil {
		t.Log(err) // as that the values are gone
	}
	for _, text := range []string{broken[file], changing()[file]} {
		write(t, dir, file, text)
		if diff := cmp.Diff(printed(t, o), printed(t, cached(o, &cache.Dir{Path: store}))); diff != "" {
			t.Errorf("what is recalled differs:\n%s", diff)
		}
	}
}

// TestFilesThatChangeOnceTheirStampIsBelieved: what is known of a file was taken
// for what it holds, and then it is read.
func TestFilesThatChangeOnceTheirStampIsBelieved(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"a.yaml": service("web", "web"), "b.yaml": pod("web"), "c.yaml": object("c"),
		"k/kustomization.yaml": "resources: [d.yaml]\n", "k/d.yaml": object("d"),
	}
	dir, store := makeTree(t, files), t.TempDir()
	time.Sleep(3 * time.Second) // or stamps say nothing
	o := Options{Dir: dir, Paths: []string{"."}, Rules: allRules(t)}
	printed(t, cached(o, &cache.Dir{Path: store}))
	write(t, dir, "c.yaml", object("changed")) // so the unit has to be judged
	var once sync.Once
	o.Progress = func(work string, _, _ int) {
		if work == "reading" { // kustomizations come first, before the other files are read
			once.Do(func() { write(t, dir, "b.yaml", pod("other")) })
		}
	}
	result := lint(t, cached(o, &cache.Dir{Path: store}))
	// Either it is read in time, or it is said: the earlier text is not judged.
	said := "b.yaml - not readable: " + errChanged.Error()
	if now := lines(result); !slices.Contains(now, said) && !slices.Contains(now, "b.yaml: Pod other has no controller") {
		t.Errorf("the changed file is neither judged nor named: %q", now)
	}
	o.Progress = nil
	for _, text := range []string{pod("other"), pod("web")} {
		write(t, dir, "b.yaml", text)
		if diff := cmp.Diff(printed(t, o), printed(t, cached(o, &cache.Dir{Path: store}))); diff != "" {
			t.Errorf("what is recalled differs:\n%s", diff)
		}
	}
}

// TestStampsAreOlderThanWhatIsRead: a file that changes after it was read must
// not be taken for unchanged by the next run.
func TestStampsAreOlderThanWhatIsRead(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"a.yaml": object("a")})
	trees, err := openTrees(dir, []string{"."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := worldOf(t, trees[0])
	w.options.Cache = &cache.Dir{Path: t.TempDir()}
	store, err := w.options.Cache.Open(dir, cache.Digest{})
	if err != nil {
		t.Fatal(err)
	}
	w.memory = &memory{world: w, store: store, looked: map[string]bool{}}
	read, err := w.source("a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a.yaml", object("b"))
	time.Sleep(3 * time.Second) // until its stamp says something
	entry, ok := w.memory.look("a.yaml")
	now, err := stampOf(w.abs("a.yaml"))
	if err != nil || !ok || entry.Digest != cache.Sum(read.Data) || now == (cache.Stamp{}) || entry.Stamp.Same(now) {
		t.Errorf("%+v of %s, %v; the stamp now is %+v", entry, read.Data, ok, now)
	}
}

// TestReadingIsOfOneState reads a file of numbers that somebody raises from its
// start to its end, again and again: what is read together was there together if
// no number is above the one before it.
func TestReadingIsOfOneState(t *testing.T) {
	t.Parallel()
	const size, step = 1 << 24, 1 << 16 // numbers are far between, so writing is quicker than reading
	name := filepath.Join(t.TempDir(), "a.yaml")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	ended, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for i := 1; i < 200; i++ {
			for at := int64(0); at < size; at += step {
				if _, err := f.WriteAt([]byte{byte(i)}, at); err != nil {
					t.Error(err)
				}
			}
			select {
			case <-ended:
				return
			case <-time.After(2 * tick):
			}
		}
	}()
	for start := time.Now(); time.Since(start) < 500*time.Millisecond; {
		data, _, err := readFile(name)
		if err != nil {
			continue
		}
		var numbers []byte
		for at := 0; at < len(data); at += step {
			numbers = append(numbers, data[at])
		}
		if len(data) != size || !slices.IsSortedFunc(numbers, func(a, b byte) int { return int(b) - int(a) }) {
			t.Errorf("it reads %d bytes, %d", len(data), numbers)
			break
		}
	}
	close(ended)
	<-done
}
