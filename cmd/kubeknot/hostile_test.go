package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// The bounds that no attack may make a run exceed. They leave room for a machine
// that has other work.
const (
	hostileTime   = 90 * time.Second
	hostileMemory = 3 << 30
)

// sentinel is an honest file whose fault has to be found next to every attack.
const sentinel = `apiVersion: v1
kind: ConfigMap
metadata: {name: sentinel}
dataa: {}
`

const sentinelFinding = "ConfigMap sentinel: the object has no field dataa"

// attack is a file of testdata/hostile: what to run and what to expect in its
// comment, one "name: value" a line, and the files of a repository. A file called
// NAME.repeat is made of lines "COUNT TEXT": the text, with \n for a line break
// and %d for the number of the copy, as often as that; one called NAME.utf32 is
// encoded so.
type attack struct {
	args, finds []string
	exit        int
	files       []txtar.File
}

func readAttack(t *testing.T, name string) attack {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	archive := txtar.Parse(data)
	a := attack{args: []string{"lint", "--no-cache", "--format=concise", "--memory-limit=1Gi"}, exit: 1, files: archive.Files}
	paths, timeout := ".", "20s"
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "finds":
			a.finds = append(a.finds, value)
		case "exit":
			if a.exit, err = strconv.Atoi(value); err != nil {
				t.Fatal(err)
			}
		case "args":
			paths = value
		case "timeout":
			timeout = value
		}
	}
	a.args = append(append(a.args, "--timeout="+timeout), strings.Fields(paths)...)
	return a
}

// lay writes the files of an attack into a repository of their own.
func (a attack) lay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files := append(a.files, txtar.File{Name: ".git/HEAD"}, txtar.File{Name: "zz-sentinel.yaml", Data: []byte(sentinel)})
	for _, f := range files {
		name, repeated := strings.CutSuffix(f.Name, ".repeat")
		data := f.Data
		if repeated {
			data = repeatLines(t, data)
		}
		if text, wide := strings.CutSuffix(name, ".utf32"); wide {
			name, data = text, utf32(data)
		}
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// utf32 encodes a text with a byte order mark.
func utf32(text []byte) []byte {
	out := []byte{0xFF, 0xFE, 0, 0}
	for _, r := range string(text) {
		out = binary.LittleEndian.AppendUint32(out, uint32(r))
	}
	return out
}

func repeatLines(t *testing.T, lines []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	for line := range strings.Lines(string(lines)) {
		number, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, `\n`, "\n")
		for i := range n {
			out.WriteString(strings.ReplaceAll(text, "%d", strconv.Itoa(i)))
		}
	}
	return out.Bytes()
}

// watched runs the program in a directory and kills it when the time is up.
func watched(t *testing.T, dir string, args ...string) (output string, code int, memory int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hostileTime)
	defer cancel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Args = append([]string{"kubeknot"}, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("it does not end within %s", hostileTime)
	}
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		memory = usage.Maxrss << 10
	}
	return string(out), cmd.ProcessState.ExitCode(), memory
}

// TestHostile runs testdata/hostile/*.txtar: every attack is survived, named with
// its place, and takes nothing away from what is found elsewhere.
func TestHostile(t *testing.T) {
	names, err := filepath.Glob("../../testdata/hostile/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no attacks", err)
	}
	page, err := os.ReadFile("../../docs/robustness.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		title := strings.TrimSuffix(filepath.Base(name), ".txtar")
		if !bytes.Contains(page, []byte("| "+title+" |")) {
			t.Errorf("docs/robustness.md has no row for %s", title)
		}
		t.Run(title, func(t *testing.T) {
			a := readAttack(t, name)
			out, code, memory := watched(t, a.lay(t), a.args...)
			for _, want := range append(a.finds, sentinelFinding) {
				if !strings.Contains(out, want) {
					t.Errorf("it does not say %q", want)
				}
			}
			if code != a.exit {
				t.Errorf("exit code %d, want %d", code, a.exit)
			}
			if memory > hostileMemory {
				t.Errorf("it takes %d MiB", memory>>20)
			}
			if t.Failed() {
				t.Logf("output:\n%.4000s", out)
			}
		})
	}
}
