package analyzertest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// flaws returns what is wrong with a finding, whatever it says: places outside
// their files, texts that break the rules of style, missing parts.
func flaws(f *analyzer.Finding, rules []*analyzer.Rule) []string {
	var found []string
	need := func(ok bool, format string, args ...any) {
		if !ok {
			found = append(found, fmt.Sprintf(format, args...))
		}
	}
	need(slices.ContainsFunc(rules, func(r *analyzer.Rule) bool { return r.ID == f.Rule }), "rule %q is none of those that ran", f.Rule)
	need(slices.Contains([]analyzer.Claim{analyzer.Rejected, analyzer.Broken, analyzer.Suspect, analyzer.Advice, analyzer.Policy}, f.Claim), "unknown claim %q", f.Claim)
	need(slices.Contains([]analyzer.Evidence{analyzer.Certain, analyzer.NearMiss, analyzer.Absent, analyzer.Open}, f.Evidence), "unknown evidence %q", f.Evidence)
	need(f.Severity.AtLeast(analyzer.Info), "unknown severity %q", f.Severity)

	need(f.Message != "", "no message")
	need(f.Consequence != "", "no consequence: what will Kubernetes do?")
	need(f.Help != "", "no help: what is there to change?")
	if f.Resource != nil {
		need(f.Resource.Kind == "" || f.Message == f.Resource.Kind || strings.HasPrefix(f.Message, f.Resource.Kind+" "), "the message does not start with the kind %s", f.Resource.Kind)
	}
	texts := map[string]string{"message": f.Message, "label": f.Label, "consequence": f.Consequence, "help": f.Help}
	for i, note := range f.Notes {
		need(note != "", "note %d is empty", i+1)
		texts[fmt.Sprintf("note %d", i+1)] = note
	}
	found = append(found, badPlace("the location", f.Location)...)
	for i, r := range f.Related {
		name := fmt.Sprintf("related place %d", i+1)
		need(r.Message != "", "%s has no message", name)
		texts[name] = r.Message
		found = append(found, badPlace(name, r.Location)...)
	}
	for name, text := range texts {
		for _, flaw := range badText(text) {
			found = append(found, fmt.Sprintf("the %s %s: %q", name, flaw, text))
		}
	}
	slices.Sort(found)
	return found
}

var twoBlanks = regexp.MustCompile(`[\pL\pN]  [\pL\pN]`)

// badText returns what is wrong with a text for people.
func badText(text string) []string {
	var found []string
	for flaw, has := range map[string]bool{
		"ends with a full stop":                 strings.HasSuffix(text, "."),
		"runs over more than one line":          strings.ContainsAny(text, "\r\n"),
		"starts or ends with a blank":           strings.TrimSpace(text) != text,
		"has two blanks, where a value is gone": twoBlanks.MatchString(text),
		"was formatted wrongly":                 strings.Contains(text, "%!"),
	} {
		if has {
			found = append(found, flaw)
		}
	}
	return found
}

// badPlace returns what is wrong with a location.
func badPlace(name string, l source.Location) []string {
	switch {
	case l.File == nil:
		return []string{name + " names no file"}
	case l.Span.Start < 0 || l.Span.Start > l.Span.End || l.Span.End > len(l.File.Data):
		return []string{fmt.Sprintf("%s is [%d, %d) of a file of %d bytes", name, l.Span.Start, l.Span.End, len(l.File.Data))}
	case utf8.Valid(l.File.Data) && !utf8.Valid(l.Text()):
		return []string{name + " cuts a character in two"}
	}
	return nil
}
