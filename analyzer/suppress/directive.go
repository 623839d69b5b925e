package suppress

import (
	"fmt"
	"strings"
	"time"
)

// directive is what the text of a suppression says.
type directive struct {
	rules  []string
	reason string
	// expires is the first day on which it no longer holds, as 2027-01-01; ""
	// if it holds for ever.
	expires string
	// fault is why it cannot be understood, "" if it can.
	fault string
}

// parseDirective reads "rule-id, rule-id expires 2027-01-01 -- reason". What
// follows a further "#" is another comment, unless it is in the reason.
func parseDirective(text string) directive {
	head, reason := text, ""
	if before, after, ok := strings.Cut(" "+text+" ", " -- "); ok {
		head, reason = before, strings.TrimSpace(after)
	}
	if before, _, ok := strings.Cut(" "+head, " #"); ok {
		head, reason = before, ""
	}
	d := directive{reason: reason}
	words := strings.FieldsFunc(head, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	for i := 0; i < len(words); i++ {
		if words[i] != "expires" {
			d.rules = append(d.rules, words[i])
			continue
		}
		if i++; i < len(words) {
			d.expires = words[i]
		}
		if _, err := time.Parse(time.DateOnly, d.expires); err != nil {
			d.fault = fmt.Sprintf("%q is no day, as 2027-01-01", d.expires)
		}
	}
	if len(d.rules) == 0 {
		d.rules = []string{""}
		d.fault = "it names no rule"
	}
	return d
}

// over reports whether the directive holds no longer.
func (d *directive) over(today time.Time) bool {
	return d.expires != "" && today.Format(time.DateOnly) >= d.expires
}
