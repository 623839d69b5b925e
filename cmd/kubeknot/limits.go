package main

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubeknot/kubeknot/analyzer/watchdog"
)

// stateVariable hands the state of a run on to the process that begins it again.
const stateVariable = "KUBEKNOT_INTERNAL_STATE"

// limits are the flags that bound a run.
type limits struct {
	timeout time.Duration
	memory  byteSize
}

func (l *limits) register(cmd *cobra.Command) {
	l.memory = watchdog.DefaultMemory
	cmd.Flags().DurationVar(&l.timeout, "timeout", watchdog.DefaultRun, "how long the run may take; what was found by then is reported, and the exit code is 2")
	cmd.Flags().Var(&l.memory, "memory-limit", "how much memory the run may hold, as 512Mi or 4Gi")
}

// watch begins to watch a run. stdin is what a run that begins again reads; it is
// nil if nothing is read of it.
func (l *limits) watch(stdin *replayable) (*watchdog.Watch, error) {
	state, err := watchdog.Parse(os.Getenv(stateVariable))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", stateVariable, err)
	}
	if l.timeout <= 0 {
		return nil, fmt.Errorf("--timeout must be more than zero")
	}
	if state.Alone {
		runtime.GOMAXPROCS(1)
	}
	return watchdog.Start(watchdog.Limits{Run: l.timeout, Memory: uint64(l.memory)}, state, func(next watchdog.State) error {
		removeUnfinished()
		if err := stdin.rewind(); err != nil {
			return err
		}
		return replaceProcess(append(withoutState(os.Environ()), stateVariable+"="+next.Text()))
	}), nil
}

func withoutState(environment []string) []string {
	var kept []string
	for _, entry := range environment {
		if !strings.HasPrefix(entry, stateVariable+"=") {
			kept = append(kept, entry)
		}
	}
	return kept
}

// replayable keeps what was read of standard input. It is read to its end before
// anything is judged.
type replayable struct {
	io.Reader
	kept bytes.Buffer
}

// record returns a reader of standard input that keeps what is read.
func record(stdin io.Reader) *replayable {
	r := &replayable{}
	r.Reader = io.TeeReader(stdin, &r.kept)
	return r
}

// rewind has the process that takes the place of this one read the same again.
func (r *replayable) rewind() error {
	if r == nil || r.kept.Len() == 0 {
		return nil
	}
	file, err := os.CreateTemp("", "kubeknot-")
	if err != nil {
		return err
	}
	defer file.Close()
	defer os.Remove(file.Name())
	if _, err := file.Write(r.kept.Bytes()); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return asStandardInput(file)
}

// byteSize is a number of bytes, written with a unit or without one.
type byteSize uint64

var byteUnits = []struct {
	suffix string
	size   uint64
}{{"Gi", 1 << 30}, {"Mi", 1 << 20}, {"Ki", 1 << 10}, {"", 1}}

func (b *byteSize) Type() string { return "SIZE" }

func (b *byteSize) String() string {
	for _, u := range byteUnits {
		if uint64(*b)%u.size == 0 {
			return strconv.FormatUint(uint64(*b)/u.size, 10) + u.suffix
		}
	}
	return ""
}

func (b *byteSize) Set(s string) error {
	for _, u := range byteUnits {
		number, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil || n == 0 || n > math.MaxInt64/u.size {
			break
		}
		*b = byteSize(n * u.size)
		return nil
	}
	return fmt.Errorf("use a number of bytes, or one with Ki, Mi or Gi, as 4Gi")
}

// executable returns the file of this program.
func executable() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(name)
}
