package main

import (
	"errors"
	"fmt"
	"log"
	"os/exec"
	"syscall"
	"time"
)

// row is what a tool took: of each figure the least of all rounds.
type row struct {
	tool
	wall, processor time.Duration
	memory          int64 // bytes at most
}

// measure runs all tools in turn, as often as there are rounds.
func measure(tools []tool, dir string, files []string, rounds int) ([]row, error) {
	rows := make([]row, len(tools))
	for i, t := range tools {
		rows[i].tool = t
		if t.primed && t.program != "" {
			if _, err := once(t, dir, files); err != nil {
				return nil, err
			}
		}
	}
	for round := range rounds {
		for i, t := range tools {
			if t.program == "" {
				continue
			}
			took, err := once(t, dir, files)
			if err != nil {
				return nil, err
			}
			log.Printf("round %d: %s: %.2f s", round+1, t.name, took.wall.Seconds())
			r := &rows[i]
			if round == 0 {
				*r = took
			}
			r.wall, r.processor, r.memory = min(r.wall, took.wall), min(r.processor, took.processor), min(r.memory, took.memory)
		}
	}
	return rows, nil
}

// once runs a tool. Findings are no failure.
func once(t tool, dir string, files []string) (row, error) {
	cmd := exec.Command(t.program, t.args(dir, files)...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	took := row{tool: t, wall: time.Since(start)}
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return took, fmt.Errorf("%s: %w: %.500s", t.name, err, out)
	}
	took.processor = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		took.memory = usage.Maxrss * 1024 // Linux counts in KiB
	}
	return took, nil
}
