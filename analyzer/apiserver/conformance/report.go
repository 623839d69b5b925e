package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
)

type summary struct{ trials []trial }

func summarize(trials []trial) *summary { return &summary{trials} }

func (s *summary) unexplained() int {
	n := 0
	for _, t := range s.trials {
		if t.difference != same && t.explained == nil {
			n++
		}
	}
	return n
}

var numbers = regexp.MustCompile(`\[[^\]]*\]|"[^"]*"|[0-9]+`)

func (s *summary) print(w io.Writer, verbose bool) {
	classes := map[string][]trial{}
	counts := map[stage]int{}
	for _, t := range s.trials {
		counts[t.there.stage]++
		if t.difference == same || t.explained != nil {
			continue
		}
		key := string(t.difference)
		if t.before != nil {
			key += " (update)"
		}
		key += " " + t.kind + ": " + numbers.ReplaceAllString(t.there.String(), "#")
		key = key[:min(len(key), 180)]
		classes[key] = append(classes[key], t)
	}
	for _, key := range slices.SortedFunc(maps.Keys(classes), func(a, b string) int { return len(classes[b]) - len(classes[a]) }) {
		t := classes[key][0]
		fmt.Fprintf(w, "%d × %s\n    %s: %s\n    here:  %s %q\n    there: %s %q\n", len(classes[key]), key, t.origin, t.said, cut(t.here.String()), t.here.warnings, cut(t.there.String()), t.there.warnings)
		if verbose {
			fmt.Fprintf(w, "%s\n", t.text)
		}
	}
	fmt.Fprintln(w, len(s.trials), counts, "unexplained", s.unexplained())
}

func (s *summary) write(o options) error { return nil }

// cut shortens what repeats a whole object.
func cut(text string) string {
	if len(text) > 400 {
		return text[:400] + "..."
	}
	return text
}
