package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the scripts print into testdata/script")

func TestMain(m *testing.M) {
	program := func() {
		var out bytes.Buffer
		code := run(programName(os.Args[0]), os.Args[1:], os.Stdin, &out, os.Stderr)
		os.Stdout.Write(elapsed.ReplaceAll(out.Bytes(), nil))
		os.Exit(code)
	}
	testscript.Main(m, map[string]func(){"kubeknot": program, "kubectl-knot": program})
}

// elapsed is the one part of the output that is not the same each time.
var elapsed = regexp.MustCompile(`(?m) \((under 1 ms|\d+ ms|\d+\.\d s|\d+m?\d*s)\)$`)

// TestScripts runs testdata/script/*.txtar. The working directory of a script
// is the root of a git repository with copies of testdata/ch06 and
// testdata/nodes in it.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUp,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "json": isJSON, "utf16": toUTF16, "hidden": hidden, "shown": shown},
	})
}

func setUp(env *testscript.Env) error {
	if os.Getenv("GORACE") == "" {
		env.Setenv("GORACE", "atexit_sleep_ms=10") // a second for each command otherwise
	}
	for _, name := range []string{"ch06", "nodes"} {
		from := os.DirFS(filepath.Join("..", "..", "testdata", name))
		if err := os.CopyFS(filepath.Join(env.WorkDir, name), from); err != nil {
			return err
		}
	}
	return os.Mkdir(filepath.Join(env.WorkDir, ".git"), 0o777)
}

// exits is exec for a command with that exit code: exits 1 kubeknot lint DIR.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// isJSON checks that a file is one JSON document without nulls in place of
// lists: json stdout.
func isJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: json FILE")
	}
	var doc struct {
		Version   int              `json:"version"`
		Findings  []map[string]any `json:"findings"`
		NotJudged []map[string]any `json:"notJudged"`
		Summary   map[string]int   `json:"summary"`
	}
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	d.DisallowUnknownFields()
	ts.Check(d.Decode(&doc))
	if _, err := d.Token(); err != io.EOF {
		ts.Fatalf("something follows the document")
	}
	if doc.Version == 0 || doc.Findings == nil || doc.NotJudged == nil || doc.Summary == nil {
		ts.Fatalf("a part is missing")
	}
	for _, f := range doc.Findings {
		for _, list := range []string{"notes", "related"} {
			if _, ok := f[list].([]any); !ok {
				ts.Fatalf("%s of %v is no list", list, f["message"])
			}
		}
	}
}

// toUTF16 makes a file UTF-16, as some editors save it.
func toUTF16(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: utf16 FILE")
	}
	data := []byte{0xFF, 0xFE}
	for _, unit := range utf16.Encode([]rune(ts.ReadFile(args[0]))) {
		data = binary.LittleEndian.AppendUint16(data, unit)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o666))
}
