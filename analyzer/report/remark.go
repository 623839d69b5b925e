package report

import (
	"strconv"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// helpWord introduces what to change.
const helpWord = "help"

// remark is a sentence about a finding as a whole. word introduces it, as the
// claim does the consequence; "" for a plain fact.
type remark struct{ word, text string }

func (r remark) String() string {
	if r.word == "" {
		return r.text
	}
	return r.word + ": " + r.text
}

// remarks returns what is to be said of a finding besides its message and the
// places that can be pointed at.
func remarks(f *analyzer.Finding) []remark {
	var all []remark
	add := func(word, text string) {
		if text != "" {
			all = append(all, remark{word, text})
		}
	}
	add(string(f.Claim), f.Consequence)
	for _, r := range f.Related {
		if r.Location.IsZero() {
			add("", r.Message)
		}
	}
	for _, note := range f.Notes {
		add("", note)
	}
	if in := builds(f); in != "" {
		add("", "in the build of "+in)
	}
	add(helpWord, f.Help)
	return all
}

// fullMessage is the message with the remarks below it, one on each line.
func fullMessage(f *analyzer.Finding) string {
	lines := []string{f.Message}
	for _, r := range remarks(f) {
		lines = append(lines, r.String())
	}
	return strings.Join(lines, "\n")
}

// everything is fullMessage with the secondary places, for formats that cannot
// point at more than one.
func everything(f *analyzer.Finding) string {
	lines := []string{fullMessage(f)}
	for _, r := range f.Related {
		if !r.Location.IsZero() {
			lines = append(lines, strings.TrimSuffix(place(r.Location)+": "+r.Message, ": "))
		}
	}
	return strings.Join(lines, "\n")
}

// identities returns the fingerprints of findings, made unique by a number
// behind those that another finding has too: services show only the first of
// one fingerprint.
func identities(findings []analyzer.Finding) []string {
	ids := make([]string, len(findings))
	seen := map[string]int{}
	for i := range findings {
		id := findings[i].Fingerprint()
		seen[id]++
		ids[i] = id
		if n := seen[id]; n > 1 {
			ids[i] += ":" + strconv.Itoa(n)
		}
	}
	return ids
}

// lastLine returns the line of the last character of a location. The end of
// one that takes its line break along stands on the line after it.
func lastLine(loc source.Location) int {
	start, end := loc.Start(), loc.End()
	if end.Column == 1 && end.Line > start.Line {
		return end.Line - 1
	}
	return end.Line
}

// levels are the severities, loudest first.
var levels = []analyzer.Severity{analyzer.Error, analyzer.Warning, analyzer.Info}

// ofSeverity returns the findings of one severity in their order.
func ofSeverity(findings []analyzer.Finding, s analyzer.Severity) []*analyzer.Finding {
	var chosen []*analyzer.Finding
	for i := range findings {
		if severity(&findings[i]) == s {
			chosen = append(chosen, &findings[i])
		}
	}
	return chosen
}
