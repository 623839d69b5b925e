package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// stream is an output that is read while it is written.
type stream struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

const watchedPod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\n  labels: {app: web}\nspec:\n  containers: [{name: c, image: i}]\n"

// TestWatch changes what lint --watch looks at, as editors and people do it, and
// compares its last report with that of a run of its own.
func TestWatch(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("tree/.git/HEAD", "")
	write("tree/a.yaml", fmt.Sprintf(watchedPod, "a"))
	write("tree/sub/b.yaml", fmt.Sprintf(watchedPod, "b"))
	write("tree/kust/kustomization.yaml", "resources: [../sub/b.yaml, gone.yaml]\n")
	write("settings/kubeknot.yaml", "rules: {bare-pod: warning}\npolicies: [policy]\n")
	write("settings/policy/a-rule.rego", policyText("a_rule", "first"))
	args := []string{"lint", at("tree"), "--config", at("settings/kubeknot.yaml"), "--baseline", at("settings/known"), "--format", "concise", "--no-cache"}
	write("settings/known", "")

	ctx, cancel := context.WithCancel(t.Context())
	var out, messages stream
	root := newRoot("kubeknot")
	root.SetArgs(append(args, "--watch"))
	root.SetOut(&out)
	root.SetErr(&messages)
	ended := make(chan error)
	go func() { ended <- root.ExecuteContext(ctx) }()

	rounds := func() int { return strings.Count(messages.String(), "watching ") }
	said := map[string]bool{}
	expect := func(step string, before int) {
		t.Helper()
		var want, failure bytes.Buffer
		run("kubeknot", args, nil, &want, &failure)
		said[want.String()] = true
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			switch {
			case rounds() > before && strings.HasSuffix(out.String(), want.String()) && strings.Contains(messages.String(), failure.String()):
				return
			case time.Now().After(deadline):
				t.Fatalf("%s: want\n%s%s\nlast is\n%s%s", step, want.String(), failure.String(), last(out.String()), last(messages.String()))
			}
		}
	}
	expect("start", 0)
	steps := []struct {
		name string
		do   func()
	}{
		{"a file is written", func() { write("tree/a.yaml", fmt.Sprintf(watchedPod, "other")) }},
		{"a file is replaced", func() {
			write("tree/.a.yaml.tmp", fmt.Sprintf(watchedPod, "replaced"))
			if err := os.Rename(at("tree/.a.yaml.tmp"), at("tree/a.yaml")); err != nil {
				t.Fatal(err)
			}
		}},
		{"a directory comes", func() { write("tree/new/deep/c.yaml", fmt.Sprintf(watchedPod, "c")) }},
		{"a file of a new directory", func() { write("tree/new/deep/c.yaml", fmt.Sprintf(watchedPod, "d")) }},
		{"a directory goes", func() { os.RemoveAll(at("tree/new")) }},
		{"a directory comes back", func() { write("tree/new/deep/c.yaml", fmt.Sprintf(watchedPod, "e")) }},
		{"a file in it", func() { write("tree/new/deep/d.yaml", fmt.Sprintf(watchedPod, "f")) }},
		{"what a build lacks", func() { write("tree/kust/gone.yaml", fmt.Sprintf(watchedPod, "back")) }},
		{"the configuration", func() { write("settings/kubeknot.yaml", "rules: {bare-pod: error}\npolicies: [policy]\n") }},
		{"a policy", func() { write("settings/policy/a-rule.rego", policyText("a_rule", "second")) }},
		{"a broken policy", func() { write("settings/policy/a-rule.rego", "package") }},
		{"a whole one", func() { write("settings/policy/a-rule.rego", policyText("a_rule", "third")) }},
		{"another policy", func() { write("settings/policy/b-rule.rego", policyText("b_rule", "fourth")) }},
		{"a baseline", func() {
			var found bytes.Buffer
			if code := run("kubeknot", []string{"baseline", "write", at("tree/a.yaml"), "--baseline", at("settings/known"), "--rule", "bare-pod"}, nil, &found, &found); code != 0 {
				t.Fatal(found.String())
			}
		}},
	}
	random := rand.New(rand.NewPCG(3, 3))
	for i := range 8 {
		name := []string{"tree/a.yaml", "tree/sub/b.yaml", "tree/new/deep/c.yaml"}[random.IntN(3)]
		steps = append(steps, struct {
			name string
			do   func()
		}{"random", func() { write(name, fmt.Sprintf(watchedPod, fmt.Sprintf("r%d", i))) }})
	}
	for _, step := range steps {
		before := rounds()
		step.do()
		expect(step.name, before)
	}
	if len(said) < len(steps)/2 {
		t.Errorf("the steps make %d reports, so the test shows too little", len(said))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("interrupted: %v", err)
	}
}

// watching returns a watcher of a directory that has linted once, and what it says.
func watching(t *testing.T, args ...string) (*watcher, *stream) {
	t.Helper()
	cmd, f := lintCommand()
	var messages stream
	cmd.SetOut(&stream{})
	f.stderr, f.noCache = &messages, true
	c, err := newChanges(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.close() })
	w := &watcher{flags: f, cmd: cmd, args: args, changes: c, kept: &driver.Kept{}}
	if err := w.prepare(); err != nil {
		t.Fatal(err)
	}
	if err := w.lint(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, &messages
}

// notices reports whether the watcher wakes after a change.
func (w *watcher) notices(t *testing.T, change func()) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	change()
	if err := w.wait(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx.Err() == nil
}

// TestLostEvents: directories went and came while the system had no room to say
// so. They are watched anew, and it is said.
func TestLostEvents(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string) {
		t.Helper()
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(fmt.Sprintf(watchedPod, "p")), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("a.yaml")
	write("sub/b.yaml")
	w, messages := watching(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	write("sub/b.yaml")
	for lost := false; !lost; {
		select {
		case <-w.changes.watcher.Events:
		case <-time.After(200 * time.Millisecond):
			lost = true
		}
	}
	if !w.notices(t, func() { go func() { w.changes.watcher.Errors <- fsnotify.ErrEventOverflow }() }) {
		t.Error("it sleeps on")
	}
	if !strings.Contains(messages.String(), "more has changed at once") {
		t.Errorf("it says\n%s", messages)
	}
	if err := w.lint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !w.notices(t, func() { write("sub/b.yaml") }) {
		t.Error("it does not notice what changes in the directory that came back")
	}
	go func() { w.changes.watcher.Errors <- errors.New("torn") }()
	if err := w.wait(t.Context()); err == nil || err.Error() != "--watch: torn" {
		t.Errorf("another error: %v", err)
	}
}

// TestLimitOfWatches: the system takes no more of them, at the start or later.
func TestLimitOfWatches(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte(fmt.Sprintf(watchedPod, "p")), 0o666); err != nil {
		t.Fatal(err)
	}
	w, _ := watching(t, dir)
	w.changes.watch = func(string) error { return syscall.ENOSPC }
	if err := os.Mkdir(filepath.Join(dir, "new"), 0o777); err != nil {
		t.Fatal(err)
	}
	const want = "raise fs.inotify.max_user_watches"
	if err := w.lint(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("of a new directory: %v", err)
	}
	clear(w.changes.watched)
	if err := w.prepare(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("at the start: %v", err)
	}
}

// TestWhatIsPrintedIsNoChange: with "lint --watch > log" in a tree one run would
// bring about the next.
func TestWhatIsPrintedIsNoChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if err := os.WriteFile(filepath.Join(dir, "other"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := newChanges(nil, &stream{}, log)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.trees([]string{dir}); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"log": false, "other": true, "gone": true} {
		if got, _ := c.counts(fsnotify.Event{Name: filepath.Join(dir, name), Op: fsnotify.Write}); got != want {
			t.Errorf("%s counts: %v", name, got)
		}
	}
}

// TestWatchingCharts: whatever lies in a chart may be rendered, also where no
// manifests are looked for.
func TestWatchingCharts(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"chart/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "chart/templates/a.yaml": `{{ .Files.Get "node_modules/m/a.txt" }}`,
		"chart/node_modules/m/a.txt": fmt.Sprintf(watchedPod, "p"), "node_modules/a.txt": "",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	w, _ := watching(t, dir)
	for range 2 { // rendered and recalled
		if !w.notices(t, func() {
			if err := os.WriteFile(filepath.Join(dir, "chart", "node_modules", "m", "a.txt"), []byte(fmt.Sprintf(watchedPod, "q")), 0o666); err != nil {
				t.Fatal(err)
			}
		}) {
			t.Error("it does not notice what changes in a chart")
		}
		if err := w.lint(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if w.changes.watched[filepath.Join(dir, "node_modules")] {
		t.Error("it watches what nothing is read from")
	}
}

// policyText returns a policy that says something of every Pod.
func policyText(name, message string) string {
	return fmt.Sprintf(`package kubeknot.rules.%s

findings contains {"resource": w.ref, "path": ["metadata", "name"], "msg": "%s"} if {
	some w in input.resources.Pod
	w.own
}
`, name, message)
}

// last returns the end of a text.
func last(s string) string { return s[max(0, len(s)-1500):] }
