package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
)

// row counts the errors of one rule.
type row struct {
	rule                            string
	errors, right, worthless, wrong int
}

func (r row) judged() int { return r.right + r.worthless + r.wrong }

// share returns the part of the judged errors that are not wrong, in percent;
// "-" if none was judged.
func (r row) share() string {
	if r.judged() == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", 100*float64(r.judged()-r.wrong)/float64(r.judged()))
}

type table []row

// count returns a row for each rule, sorted by name, and a last one for all.
func count(found []finding, known map[key]verdict) table {
	rows := map[string]*row{}
	all := row{rule: "all"}
	for _, f := range found {
		r := rows[f.Rule]
		if r == nil {
			r = &row{rule: f.Rule}
			rows[f.Rule] = r
		}
		for _, r := range []*row{r, &all} {
			r.errors++
			switch known[key{f.repository, f.Fingerprint}].Verdict {
			case right:
				r.right++
			case worthless:
				r.worthless++
			case wrong:
				r.wrong++
			}
		}
	}
	var t table
	for _, r := range rows {
		t = append(t, *r)
	}
	slices.SortFunc(t, func(a, b row) int { return strings.Compare(a.rule, b.rule) })
	return append(t, all)
}

func (t table) markdown(repositories int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Errors in %d repositories:\n\n", repositories)
	b.WriteString("| rule | errors | judged | right | worthless | wrong | not wrong, % |\n|---|---|---|---|---|---|---|\n")
	for _, r := range t {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %s |\n", r.rule, r.errors, r.judged(), r.right, r.worthless, r.wrong, r.share())
	}
	return b.String()
}

const (
	begin = "<!-- make precision writes from here -->"
	end   = "<!-- to here -->"
)

// writeSection replaces what stands between the two marks of a page.
func writeSection(path, text string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(data, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		return fmt.Errorf("%s has no section between %q and %q", path, begin, end)
	}
	page := string(before) + begin + "\n\n" + text + "\n" + end + string(after)
	return os.WriteFile(path, []byte(page), 0o644)
}
