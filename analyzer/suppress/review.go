package suppress

import (
	"fmt"
	"slices"
	"time"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/nearmiss"
)

// review reports what is wrong with suppressions, under the rules for it.
type review struct {
	rules    map[analyzer.Review]*analyzer.Rule // those that run
	ran      map[string]bool
	known    []string
	optional bool // see Options.ReasonOptional
	today    time.Time
	reviews  map[string]bool   // ids that cannot be silenced
	meant    map[string]string // what unknown ids may have meant

	findings []analyzer.Finding
}

func newReview(o Options, r Run) *review {
	v := &review{
		rules: map[analyzer.Review]*analyzer.Rule{}, ran: map[string]bool{}, reviews: map[string]bool{}, meant: map[string]string{},
		known: slices.Clone(o.Known), optional: o.ReasonOptional, today: o.Today,
	}
	for _, rule := range r.Rules {
		v.ran[rule.ID] = true
		if rule.Review != "" {
			v.rules[rule.Review] = rule
			v.reviews[rule.ID] = true
		}
		if o.Known == nil {
			v.known = append(v.known, rule.ID)
		}
	}
	return v
}

// valid reports whether a suppression can be understood and has what it needs.
func (v *review) valid(s *suppression) bool {
	fault, _ := v.fault(s)
	return fault == ""
}

// expired reports whether a suppression holds no longer.
func (v *review) expired(s *suppression) bool { return s.over(v.today) }

// fault returns what keeps a suppression from being one, and what to change.
func (v *review) fault(s *suppression) (fault, help string) {
	const form = "write it as kubeknot:ignore rule-id -- reason"
	switch {
	case s.fault != "":
		return s.fault, form
	case v.reviews[s.rule]:
		return s.rule + " is about suppressions and cannot be suppressed", "remove what it reports, or leave the rule out by --skip-rule"
	case !slices.Contains(v.known, s.rule):
		help = "kubeknot rules lists the rules"
		if best := v.closest(s.rule); best != "" {
			help = fmt.Sprintf("did you mean %s?", best)
		}
		return fmt.Sprintf("there is no rule %q", s.rule), help
	case s.reason == "" && !v.optional:
		return s.rule + " is suppressed without a reason", "say why behind two dashes: " + s.rule + " -- reason"
	}
	return "", ""
}

// maxClosest bounds for how many unknown rules a known one is suggested.
const maxClosest = 1000

// closest returns the rule that a name may have meant, "" if there is none.
func (v *review) closest(name string) string {
	best, known := v.meant[name]
	if !known && len(v.meant) < maxClosest {
		best = nearmiss.Closest(name, v.known)
		v.meant[name] = best
	}
	return best
}

// report adds the finding about a suppression, if there is one.
func (v *review) report(s *suppression) {
	fault, help := v.fault(s)
	switch {
	case fault != "":
		v.add(analyzer.Invalid, s, analyzer.Finding{
			Message:     "the suppression is not valid: " + fault,
			Consequence: "it silences nothing",
			Help:        help,
		})
	case v.expired(s):
		v.add(analyzer.Expired, s, analyzer.Finding{
			Message:     fmt.Sprintf("the suppression of %s has expired: it held until %s", s.rule, s.expires),
			Consequence: "what it silenced is reported again",
			Help:        "mend what is reported, and remove the suppression or give it another day",
		})
	case !s.used && s.judged && v.ran[s.rule]:
		v.add(analyzer.Unused, s, analyzer.Finding{
			Message:     fmt.Sprintf("the suppression of %s silences nothing", s.rule),
			Consequence: "it would hide the next finding here, which nobody has looked at",
			Help:        "remove it, or put it on the line that is reported",
		})
	}
}

// add adds a finding, unless its rule does not run or nobody asked for the file.
func (v *review) add(kind analyzer.Review, s *suppression, f analyzer.Finding) {
	rule := v.rules[kind]
	if rule == nil || !s.named {
		return
	}
	pass := &analyzer.Pass{Rule: rule}
	f.Location = s.at
	pass.Report(f)
	v.findings = append(v.findings, pass.Findings...)
}
