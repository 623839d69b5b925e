//go:build unix

package driver

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/rules/kustomize"
)

// processorClock returns the processor time that the process has used.
func processorClock() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func TestNamedPipesAreSaidAndNotRead(t *testing.T) {
	t.Parallel()
	chart := "apiVersion: v2\nname: c\nversion: 1.0.0\n"
	dir := makeTree(t, map[string]string{
		"a.yaml": object("a"), "chart/Chart.yaml": chart, "chart/templates/a.yaml": object("b"), "ignored/Chart.yaml": chart, "ignored/templates/a.yaml": object("c"), "c/": "",
		"k/kustomization.yaml": "configMapGenerator: [{name: a, files: [pipe]}]\n",
	})
	for _, name := range []string{"pipe.yaml", "pipe.txt", "README.md", "chart/values.yaml", "ignored/.helmignore", "c/Chart.yaml", "k/pipe"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip("no named pipes here:", err)
		}
	}
	done := make(chan bool)
	go func() { // opening a pipe for reading waits for a writer
		defer close(done)
		result := lint(t, Options{Dir: dir, Paths: []string{"."}, Markdown: true, Rules: []*analyzer.Rule{seen, kustomize.KustomizeBuildFails}})
		expect(t, result, "a.yaml: ConfigMap a",
			"k/kustomization.yaml: the kustomization of k cannot be built: loading KV pairs: file sources: [pipe]: not a regular file",
			"c/Chart.yaml - not a regular file",
			"chart/Chart.yaml - Helm chart not rendered: values.yaml is not a regular file, or a link to a directory",
			"chart/values.yaml - not a regular file",
			"ignored/Chart.yaml - Helm chart not rendered: .helmignore is not a regular file",
			"pipe.yaml - not a regular file")
		_, err := Run(t.Context(), Options{Dir: dir, Paths: []string{"pipe.yaml"}})
		if err == nil || err.Error() != "pipe.yaml is neither a file nor a directory" {
			t.Errorf("got %v", err)
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("the pipe is read")
	}
}

// TestReadingNeverWaits reads what has become something else since it was listed.
func TestReadingNeverWaits(t *testing.T) {
	t.Parallel()
	dir := makeTree(t, map[string]string{"dir/a": "a", "empty": ""})
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no named pipes here:", err)
	}
	for _, name := range []string{pipe, filepath.Join(dir, "dir"), filepath.Join(dir, "gone"), os.DevNull} {
		if data, _, err := readFile(name); err == nil {
			t.Errorf("%s: %q", name, data)
		}
	}
	if data, _, err := readFile(filepath.Join(dir, "empty")); err != nil || len(data) > 0 {
		t.Errorf("an empty file: %q, %v", data, err)
	}
}

func TestWhatMayNotBeReadIsSaid(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root may read everything; TestWhatCannotBeReadIsSaid has other failures")
	}
	dir := makeTree(t, map[string]string{"a.yaml": object("a"), "b.yaml": object("b"), "closed/c.yaml": object("c")})
	for _, name := range []string{"b.yaml", "closed"} {
		p := filepath.Join(dir, name)
		if err := os.Chmod(p, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(p, 0o700) })
	}
	expect(t, lint(t, Options{Dir: dir, Paths: []string{"."}}),
		"a.yaml: ConfigMap a", "b.yaml - not readable: permission denied", "closed - not readable: permission denied")
	_, err := Run(t.Context(), Options{Dir: dir, Paths: []string{"closed/c.yaml"}})
	if err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("got %v", err)
	}
}
