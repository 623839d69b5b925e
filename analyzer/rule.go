// Package analyzer is the contract between rules and the rest: what a rule is,
// what it is given, and what it reports. It imports source, manifest, unit and
// graph.
package analyzer

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/secret"
	"github.com/kubeknot/kubeknot/analyzer/unit"
)

// Rule is one check. A rule is a value: its documentation stands next to its
// code, and everything that is shown of it comes from here.
type Rule struct {
	// ID states the fault in kebab-case and reads well after "ignore":
	// "service-selects-nothing".
	ID string
	// Title is the fault in one line, without a full stop.
	Title string
	// Claim is what its findings say that Kubernetes will do. A finding may
	// claim something else.
	Claim Claim
	// Kinds are the Kubernetes kinds it looks at; empty means all.
	Kinds []string
	// Why says what happens and why it matters, in paragraphs.
	Why string
	// Bad is a manifest that the rule reports; Good is the same, mended. Both
	// are run by the tests. Nodes that they need stand in them.
	Bad, Good string
	// References are the pages of Kubernetes' documentation and the places in
	// its source that the rule follows.
	References []string
	// Policy is the name of the Rego file it is written in, "" for Go.
	Policy string
	// Supersedes are the causes of the API server that the rule explains better
	// than the server: another rule's finding with one of them is dropped if this
	// rule reports the same object at that path, above it or below it.
	Supersedes []Cause
	// Options is a struct that holds the defaults of what the configuration can
	// set; nil if there is nothing. Its fields are integers, booleans, strings
	// or lists of them, tagged json:"name,omitempty" and jsonschema:"what it
	// does"; a method Check() error may refuse values. OptionsOf reads it.
	Options any

	// Run judges a unit. A rule has one of Run, File and Review.
	Run func(*Pass) error
	// File judges a file on its own, before any unit.
	File func(*Pass, *manifest.File) error
	// Review is what it reports of suppressions, once all other rules have
	// said what they have to; "" for other rules. analyzer/suppress judges.
	Review Review
}

// Cause names what the API server says of an object, as apiserver.Cause does.
type Cause string

// Review is what can be wrong with a suppression.
type Review string

const (
	// Invalid: it cannot be understood, or lacks its reason; it does nothing.
	Invalid Review = "invalid"
	// Unused: there is nothing to silence.
	Unused Review = "unused"
	// Expired: its last day is over, so it does nothing.
	Expired Review = "expired"
)

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`)

// Validate refuses a rule that lacks a part.
func (r *Rule) Validate() error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, fmt.Errorf("rule %q: %s", r.ID, what))
		}
	}
	need(idPattern.MatchString(r.ID), "the id is not kebab-case of two words or more")
	need(r.Title != "", "no title")
	need(r.Claim == Rejected || r.Claim == Broken || r.Claim == Suspect || r.Claim == Advice, "no claim")
	need(r.Why != "", "no explanation (Why)")
	need(r.Bad != "" && r.Good != "", "no bad and good example")
	need(len(r.References) > 0, "no reference to Kubernetes' documentation or source")
	judges := 0
	for _, has := range []bool{r.Run != nil, r.File != nil, r.Review != ""} {
		if has {
			judges++
		}
	}
	need(judges == 1, "it needs one of Run, File and Review")
	fault := optionsFault(r.Options)
	need(fault == "", fault)
	return errors.Join(errs...)
}

// Pass is what a rule is given for one unit, and where it reports.
type Pass struct {
	Rule *Rule
	// Unit and Graph are nil when a file is judged on its own.
	Unit  *unit.Unit
	Graph *graph.Graph

	// Kubernetes is the version of the cluster, "1.31"; "" for the one whose
	// API server is asked.
	Kubernetes string

	// Options returns what the configuration says of the rule's options for a
	// resource, nil where it says nothing. Rules ask OptionsOf. It may be nil.
	Options func(*manifest.Resource) any

	// Findings and Skipped collect what the rule says.
	Findings []Finding
	Skipped  []Skipped
}

// Skipped is something a rule did not judge.
type Skipped struct {
	// Topic says what and why, for a count behind it: "nodeSelectors: no node is
	// known" becomes "nodeSelectors: no node is known (4)".
	Topic    string
	Resource *manifest.Resource
}

// Report adds a finding. Rule, Unit, the rule's Claim and the Severity are
// filled in where they are not set; Evidence is Certain by default. The
// secrets of its resource, and what has the shape of one, are masked in its texts.
func (p *Pass) Report(f Finding) {
	f.Rule = p.Rule.ID
	if f.Claim == "" {
		f.Claim = p.Rule.Claim
	}
	if f.Evidence == "" {
		f.Evidence = Certain
	}
	if f.Evidence == Absent && p.Unit != nil && p.Unit.Kind == unit.Dump { // it is nowhere
		f.Evidence = Certain
	}
	if f.Severity == "" {
		f.Severity = SeverityOf(f.Claim, f.Evidence)
	}
	if p.Unit != nil {
		f.Unit = p.Unit.Name
		if b := p.Unit.Build; b != nil && b.Built() {
			f.Builds = []Build{{p.Unit.Name, b.Kustomization.Document.File}}
		}
	}
	mask := secret.MaskShapes
	if f.Resource != nil {
		mask = f.Resource.Mask
	}
	p.Findings = append(p.Findings, f.Masked(mask))
}

// Skip notes something that the rule did not judge, and why. The run counts
// the resources of each topic and says so instead of guessing.
func (p *Pass) Skip(r *manifest.Resource, topic string) {
	p.Skipped = append(p.Skipped, Skipped{Topic: topic, Resource: r})
}
