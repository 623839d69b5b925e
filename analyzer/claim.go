package analyzer

import "fmt"

// Claim is what a finding says Kubernetes will do.
type Claim string

const (
	// Rejected: the API server, or kubectl before it, refuses the object.
	Rejected Claim = "rejected"
	// Broken: accepted, but it cannot work as written.
	Broken Claim = "broken"
	// Suspect: it works, probably not as it was meant.
	Suspect Claim = "suspect"
	// Advice: it works as written; there is a better way.
	Advice Claim = "advice"
	// Policy: Kubernetes takes it; a rule of the team's own forbids it. It is an
	// error unless the policy says otherwise.
	Policy Claim = "policy"
)

// Evidence is how sure a finding is.
type Evidence string

const (
	// Certain: decided from what is there.
	Certain Evidence = "certain"
	// NearMiss: something close explains it.
	NearMiss Evidence = "near-miss"
	// Absent: nothing fits, and the unit is complete.
	Absent Evidence = "absent"
	// Open: nothing fits, but it could live elsewhere.
	Open Evidence = "open"
)

// Severity is how loud a finding is. It follows from its claim and evidence.
type Severity string

// The severities, loudest first.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// rank orders severities, loudest highest. An unknown one has rank 0.
func (s Severity) rank() int {
	switch s {
	case Error:
		return 3
	case Warning:
		return 2
	case Info:
		return 1
	}
	return 0
}

// AtLeast reports whether s is as loud as t or louder.
func (s Severity) AtLeast(t Severity) bool { return s.rank() >= t.rank() }

// ParseSeverity returns the severity of that name.
func ParseSeverity(name string) (Severity, error) {
	if s := Severity(name); s.rank() > 0 {
		return s, nil
	}
	return "", fmt.Errorf("no severity %q: use error, warning or info", name)
}

// SeverityOf returns how loud a claim is with that evidence. What merely is
// not there (absent, open) is never more than info: in public repositories 154
// of 158 Services whose pods could not be found were fine.
func SeverityOf(c Claim, e Evidence) Severity {
	switch {
	case c == Advice, e == Absent, e == Open:
		return Info
	case c == Suspect:
		return Warning
	}
	return Error
}
