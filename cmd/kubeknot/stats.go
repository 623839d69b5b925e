package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/kubeknot/kubeknot/analyzer/driver"
)

// slowest is how many rules --stats names.
const slowest = 5

// writeStats says where the time and the bytes of a run went.
func writeStats(out io.Writer, s *driver.Stats) error {
	var b strings.Builder
	row := func(name string, took time.Duration) { fmt.Fprintf(&b, "  %-32s%10s\n", name, milliseconds(took)) }
	b.WriteString("stages, one after the other, by the clock on the wall\n")
	var sum time.Duration
	for _, stage := range s.Stages() {
		row(stage.Name, stage.Time)
		sum += stage.Time
	}
	row("together", sum)
	fmt.Fprintf(&b, "work inside of them, the times of %d threads added\n", runtime.GOMAXPROCS(0))
	for _, work := range s.Work() {
		row(work.Name, work.Time)
	}
	if rules := s.Rules(); len(rules) > 0 {
		b.WriteString("slowest rules, without what rules share\n")
		for _, rule := range rules[:min(slowest, len(rules))] {
			row(rule.Name, rule.Time)
		}
	}
	b.WriteString("amounts\n")
	for _, c := range s.Counts() {
		fmt.Fprintf(&b, "  %-32s%10d\n", c.Name, c.N)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for _, memory := range []struct {
		name  string
		bytes uint64
	}{{"memory taken from the system", m.Sys}, {"memory allocated in all", m.TotalAlloc}} {
		fmt.Fprintf(&b, "  %-32s%7.1f MB\n", memory.name, float64(memory.bytes)/1e6)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
