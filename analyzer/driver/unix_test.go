//go:build unix

package driver

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
	dir := makeTree(t, map[string]string{"a.yaml": object("a")})
	for _, name := range []string{"pipe.yaml", "pipe.txt"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Skip("no named pipes here:", err)
		}
	}
	done := make(chan bool)
	go func() { // opening a pipe for reading waits for a writer
		defer close(done)
		expect(t, lint(t, Options{Dir: dir, Paths: []string{"."}}), "a.yaml: ConfigMap a", "pipe.yaml - not a regular file")
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
