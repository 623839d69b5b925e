package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
)

// maxNames is how many files of one reason are named.
const maxNames = 3

// group is what was not judged for one reason. files is empty for what
// concerns the run as a whole.
type group struct {
	reason string
	files  []string
}

// notJudged returns one line per reason, "" if all was judged.
func (t textReporter) notJudged(entries []analyzer.NotJudged) string {
	var b strings.Builder
	for _, g := range byReason(entries) {
		b.WriteString(t.strong.Sprint("not judged:") + " " + g.String() + "\n")
	}
	return b.String()
}

// byReason groups entries in the order in which their reasons appear. A file
// counts once for a reason, however many of its parts were passed over.
func byReason(entries []analyzer.NotJudged) []group {
	type key struct {
		reason string
		whole  bool
	}
	var groups []group
	index := map[key]int{}
	for _, e := range entries {
		k := key{e.Reason, e.File == ""}
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, group{reason: e.Reason})
		}
		// Entries are sorted by file, so its parts stand together.
		if g := &groups[i]; !k.whole && (len(g.files) == 0 || g.files[len(g.files)-1] != e.File) {
			g.files = append(g.files, e.File)
		}
	}
	return groups
}

// String returns "5 files: reason (a, b, c and 2 more)", or the reason alone.
func (g group) String() string {
	if len(g.files) == 0 {
		return flat(g.reason)
	}
	names := slices.Clone(g.files[:min(len(g.files), maxNames)])
	for i, name := range names {
		names[i] = clean(name)
	}
	list := strings.Join(names, ", ")
	if more := len(g.files) - len(names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("%s: %s (%s)", count(len(g.files), "file"), flat(g.reason), list)
}

// closing returns the last line: what was found in how much.
func (t textReporter) closing(s analyzer.Summary, known int) string {
	var found []string
	for _, c := range []struct {
		n        int
		severity analyzer.Severity
	}{{s.Errors, analyzer.Error}, {s.Warnings, analyzer.Warning}, {s.Infos, analyzer.Info}} {
		if c.n > 0 {
			found = append(found, t.of(c.severity).Sprint(count(c.n, string(c.severity))))
		}
	}
	if len(found) == 0 {
		found = append(found, t.help.Sprint("no problems"))
	}
	return fmt.Sprintf("%s in %s of %s, judged in %s%s%s\n", strings.Join(found, ", "),
		count(s.Resources, "object"), count(s.Files, "file"), count(s.Units, "unit"), silent(s.Suppressed, known), elapsed(s.Elapsed))
}

// silent returns "; 2 suppressed, 14 known", "" if nothing is.
func silent(suppressed, known int) string {
	var parts []string
	if suppressed > 0 {
		parts = append(parts, fmt.Sprintf("%d suppressed", suppressed))
	}
	if known > 0 {
		parts = append(parts, fmt.Sprintf("%d known", known))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}

// stale says which entries of a baseline are of no use, "" if all are.
func (t textReporter) stale(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	shown := slices.Clone(lines[:min(len(lines), maxNames)])
	for i, line := range shown {
		shown[i] = clean(line)
	}
	list := strings.Join(shown, "; ")
	if more := len(lines) - len(shown); more > 0 {
		list += fmt.Sprintf("; and %d more", more)
	}
	verb := "matches"
	if len(lines) > 1 {
		verb = "match"
	}
	return fmt.Sprintf("%s %s of the baseline %s nothing any more (%s): kubeknot baseline prune\n", t.strong.Sprint("known:"), entries(len(lines)), verb, list)
}

// entries returns "1 entry", "2 entries".
func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

// count returns "1 file", "2 files".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// elapsed returns " (34 ms)" as exactly as people care for, "" if the time was
// not measured.
func elapsed(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Millisecond:
		return " (under 1 ms)"
	case d.Round(time.Millisecond) < time.Second:
		return fmt.Sprintf(" (%d ms)", d.Round(time.Millisecond).Milliseconds())
	case d.Round(100*time.Millisecond) < time.Minute:
		return fmt.Sprintf(" (%.1f s)", d.Seconds())
	}
	return fmt.Sprintf(" (%s)", d.Round(time.Second))
}
