package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// begin and end are around the section that is written.
const (
	begin = "<!-- make bench writes from here -->\n"
	end   = "<!-- to here -->\n"
)

// table is what was measured of one tree.
type table struct {
	title string
	rows  []row
}

func writeSection(page string, tables []table, rounds int) error {
	data, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no section between %q and %q", page, begin, end)
	}
	return os.WriteFile(page, []byte(before+begin+section(tables, rounds)+end+after), 0o666)
}

func section(tables []table, rounds int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nThe least of the rounds, of which there were %d, on %d processors (%s/%s):\n", rounds, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
	for _, t := range tables {
		fmt.Fprintf(&b, "\n%s.\n\n| | seconds | of %s's | processor seconds | of %[2]s's | peak memory |\n|---|---|---|---|---|---|\n", t.title, base)
		var with row
		for _, r := range t.rows {
			if strings.HasPrefix(r.name, base) {
				with = r
			}
		}
		for _, r := range t.rows {
			if r.program == "" {
				fmt.Fprintf(&b, "| %s | could not be installed | | | | |\n", r.name)
				continue
			}
			fmt.Fprintf(&b, "| %s | %.2f | %s | %.2f | %s | %d MB |\n", r.name, r.wall.Seconds(), ratio(r.wall.Seconds(), with.wall.Seconds()),
				r.processor.Seconds(), ratio(r.processor.Seconds(), with.processor.Seconds()), r.memory/1e6)
		}
	}
	b.WriteString("\n")
	return b.String()
}

// ratio is empty if there is nothing to compare with.
func ratio(a, b float64) string {
	if b == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", a/b)
}
