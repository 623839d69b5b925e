//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// command returns the program, in a directory of its own with one file in it.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("kubeknot", args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+filepath.Join(cmd.Dir, "cache"), "PWD="+cmd.Dir)
	if err := os.WriteFile(filepath.Join(cmd.Dir, "a.yaml"), []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestSignalsEndTheRun interrupts a run that waits for more of its input.
func TestSignalsEndTheRun(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			cmd := command(t, "lint", "-", "--format", "json=out.json")
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			// More than a pipe holds: once it is written, the program reads.
			if _, err := stdin.Write(bytes.Repeat([]byte("# more\n"), 1<<16)); err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			if err := cmd.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 128+int(s) {
				t.Errorf("it ends with %v", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
			left, err := os.ReadDir(cmd.Dir)
			if err != nil || len(left) != 1 {
				t.Errorf("it leaves %v, %v", left, err)
			}
		})
	}
}

// TestSignalsLeaveNoHalfReports interrupts a run between its reports, of which the
// second goes to a pipe that nobody reads: the first is whole, the third is not
// there.
func TestSignalsLeaveNoHalfReports(t *testing.T) {
	t.Parallel()
	cmd := command(t, "lint", ".", "--no-cache", "--format", "json=first.json", "--format", "html=/dev/fd/3", "--format", "json=third.json")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	fill(t, write)
	cmd.ExtraFiles = []*os.File{write}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(cmd.Dir, "first.json")
	for start := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(first); err == nil || time.Since(start) > 30*time.Second {
			break
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 128+int(syscall.SIGINT) {
		t.Errorf("it ends with %v", err)
	}
	if data, err := os.ReadFile(first); err != nil || !json.Valid(data) {
		t.Errorf("the first report: %q, %v", data, err)
	}
	if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) != 2 {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// fill writes to a pipe what it holds, so that the next writer waits.
func fill(t *testing.T, pipe *os.File) {
	t.Helper()
	if err := pipe.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := pipe.Write(make([]byte, 4096)); err != nil {
			break
		}
	}
	if err := pipe.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsHalfWrittenIsRemoved is the same in the middle of a report.
func TestWhatIsHalfWrittenIsRemoved(t *testing.T) {
	dir := t.TempDir()
	begun, release, done := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		_ = writeFile(filepath.Join(dir, "a.json"), func(w io.Writer) error {
			_, err := io.WriteString(w, "half")
			close(begun)
			<-release
			return err
		})
	}()
	<-begun
	removeUnfinished() // after which the process ends
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("there is %v, %v", left, err)
	}
	close(release)
	<-done
}

// TestClosedPipesAndFullDisks: nobody wants to read on, or nothing can be written.
func TestClosedPipesAndFullDisks(t *testing.T) {
	t.Parallel()
	closed := command(t, "lint", "--format", "html")
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	reader.Close()
	var stderr bytes.Buffer
	closed.Stdout, closed.Stderr = writer, &stderr
	if err := closed.Run(); err == nil || stderr.Len() > 0 {
		t.Errorf("a closed pipe: %v, %s", err, &stderr)
	}
	writer.Close()

	for _, args := range [][]string{{"lint", "--no-cache"}, {"lint", "--no-cache", "--format", "json"}, {"lint", "--no-cache", "--format", "json=/dev/full"}, {"units"}} {
		if _, err := os.Stat("/dev/full"); err != nil {
			t.Skip("no /dev/full here")
		}
		stderr.Reset()
		code := run("kubeknot", append(args, closed.Dir), nil, full{}, &stderr)
		if code != exitFailure || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%q on a full disk: %d, %s", args, code, &stderr)
		}
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestTerminalsObeyNothing looks for what a terminal would obey in all that is
// printed about names that hold it.
func TestTerminalsObeyNothing(t *testing.T) {
	t.Parallel()
	const evil = "x\x1b[2Jy\x1b]0;z\x07\u009b1m\u202e"
	dir := t.TempDir()
	text := "apiVersion: v1\nkind: Service\nmetadata: {name: \"a\\e[2Jb\\u202e\"}\nspec: {selector: {app: \"c\\e[1md\"}, typ\\u0065: \"\x1b[2J\"}\n---\n" +
		"apiVersion: v1\nkind: Pod\nmetadata: {name: \"a\\e[2Jb\"}\nspec: {containers: [{name: \"q\\e[3m\", imag: 1}]} # \u202e\u009b\n"
	if err := os.WriteFile(filepath.Join(dir, evil+".yaml"), []byte(text), 0o666); err != nil {
		t.Skip("no such names here:", err)
	}
	for _, args := range [][]string{
		{"lint", "."}, {"lint", "--format", "concise", "."}, {"lint", "--format", "github", "."}, {"lint", evil}, {"units", "."}, {"explain", evil},
		{"lint", ".", "--nodes", evil + ".yaml"}, {"baseline", "write", ".", "--baseline", evil}, {"lint", ".", "--policy", evil},
	} {
		cmd := exec.Command("kubeknot", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "PWD="+dir)
		out, err := cmd.CombinedOutput()
		if len(out) == 0 {
			t.Errorf("%q prints nothing: %v", args, err)
		}
		if i := bytes.IndexAny(out, "\x1b\x07\u009b\u202e"); i >= 0 {
			t.Errorf("%q prints %q", args, out[max(0, i-60):i+10])
		}
	}
}

// TestSettingsThatNobodyNamedAreNotWaitedFor: where they are looked for there is
// a pipe.
func TestSettingsThatNobodyNamedAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"kubeknot.yaml": "kubeknot.yaml is not a regular file", ".kubeknot-baseline": "1 info"} {
		cmd := command(t, "lint", ".")
		if err := syscall.Mkfifo(filepath.Join(cmd.Dir, name), 0o600); err != nil {
			t.Skip("no named pipes here:", err)
		}
		stop := time.AfterFunc(10*time.Second, func() { cmd.Process.Kill() })
		if out, err := cmd.CombinedOutput(); !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", name, err, out)
		}
		stop.Stop()
	}
}

// TestPermissions: reports get what the umask leaves, or keep what they had. What
// is remembered is the user's alone.
func TestPermissions(t *testing.T) {
	t.Parallel()
	for umask, want := range map[string]fs.FileMode{"000": 0o666, "022": 0o644, "077": 0o600} {
		cmd := command(t, "lint", ".", "--fail-on", "never", "--format", "json=new.json", "--format", "sarif=old.sarif")
		cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", "umask " + umask + `; exec "$@"`, "sh"}, cmd.Args...)
		if err := os.WriteFile(filepath.Join(cmd.Dir, "old.sarif"), nil, 0o640); err != nil {
			t.Fatal(err)
		}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		stores, err := filepath.Glob(filepath.Join(cmd.Dir, "cache", "kubeknot", "*"))
		if err != nil || len(stores) != 1 {
			t.Fatalf("stores %q, %v", stores, err)
		}
		for name, want := range map[string]fs.FileMode{
			filepath.Join(cmd.Dir, "new.json"): want, filepath.Join(cmd.Dir, "old.sarif"): 0o640,
			filepath.Dir(stores[0]): 0o700, stores[0]: 0o600,
		} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := info.Mode().Perm(); got != want {
				t.Errorf("umask %s: %s: %v, want %v", umask, name, got, want)
			}
		}
	}
}
