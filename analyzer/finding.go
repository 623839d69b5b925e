package analyzer

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// Finding is one reported problem.
type Finding struct {
	// Rule is the id of the rule that reports it.
	Rule     string
	Claim    Claim
	Evidence Evidence
	// Reading names what a near miss rests on: "spelling", "pairing"; "" for
	// other evidence, and where the message says it.
	Reading string
	// Severity follows from Claim and Evidence unless it is set.
	Severity Severity

	// Message states the fact: "Kind name" first, present tense, no advice.
	Message string
	// Label is what stands under the marked text of Location; it may be empty.
	Label string
	// Consequence is what Kubernetes will do, "" if the message says it.
	Consequence string
	// Notes are further facts, one sentence each.
	Notes []string
	// Help says what to change, "" if there is nothing to suggest.
	Help string

	// Edits mend the fault, all of them together; nil where a person has to
	// decide how.
	Edits []Edit

	// Policy names the policy that is violated, and the part of it: a constraint,
	// a validation of an admission policy. It tells findings of one rule at one
	// place apart, whatever their words; "" where the place alone does.
	Policy string
	// Location is the value or key at fault.
	Location source.Location
	// Path is the field path of Location inside Resource; nil for the whole.
	Path []string
	// Resource is the object at fault, nil if the file holds none.
	Resource *manifest.Resource
	// Unit is the name of the unit that was judged, "" if the fault is the
	// file's own.
	Unit string
	// Related are the other ends of the broken tie.
	Related []Related
	// Cause is what the API server's refusal or warning is about that the finding
	// repeats, "" if it repeats none. Once a unit is judged, nothing needs it.
	Cause Cause
	// Builds are the kustomizations in whose builds it shows; nil for what is
	// applied as it is written.
	Builds []Build
	// Recalled is the Identity of a finding whose object has no node, because it
	// was not read again or let go; nil for others.
	Recalled *Identity
}

// Build names a kustomization that was built.
type Build struct {
	// Name is its directory as people are shown it.
	Name string
	// File is its kustomization file.
	File *source.File
}

// Related is a secondary place of a finding.
type Related struct {
	Location source.Location
	Message  string
}

// Fingerprint is a hash of the Identity: two findings have the same if it is
// the same.
func (f *Finding) Fingerprint() string {
	id := f.Identity()
	parts := []string{id.Rule, id.File, id.Group, id.Kind, id.Namespace, id.Name, id.Field}
	if id.Policy != "" {
		parts = append(parts, id.Policy)
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// Touches reports whether either end of the finding, the file that a made object
// is made of, or a kustomization in whose build it shows is one for which in
// returns true.
func (f *Finding) Touches(in func(*source.File) bool) bool {
	if r := f.Resource; r != nil && r.Origin != nil && in(r.File()) {
		return true
	}
	if f.Location.File != nil && in(f.Location.File) || slices.ContainsFunc(f.Builds, func(b Build) bool { return in(b.File) }) {
		return true
	}
	return slices.ContainsFunc(f.Related, func(r Related) bool {
		return r.Location.File != nil && in(r.Location.File)
	})
}

// Masked returns the finding with mask applied to all its texts, for those that
// others have written and that may quote what is secret.
func (f Finding) Masked(mask func(string) string) Finding {
	for _, text := range []*string{&f.Message, &f.Label, &f.Consequence, &f.Help} {
		*text = mask(*text)
	}
	f.Notes = slices.Clone(f.Notes)
	for i, s := range f.Notes {
		f.Notes[i] = mask(s)
	}
	f.Related = slices.Clone(f.Related)
	for i, r := range f.Related {
		f.Related[i].Message = mask(r.Message)
	}
	return f
}

// Detached returns the finding without the nodes of its object, which then need not
// stay in memory. Its Identity is the same, and so is what reports and
// suppressions make of it.
func (f Finding) Detached() Finding {
	if f.Resource == nil || f.Recalled != nil {
		return f
	}
	id := f.Identity()
	for _, text := range []*string{&id.Group, &id.Kind, &id.Namespace, &id.Name} {
		*text = strings.Clone(*text) // they are pieces of the text of the whole document
	}
	f.Recalled, f.Resource = &id, f.Resource.Detached()
	return f
}

// Sort puts findings in their one total order: by file, place, rule, message
// and unit.
func Sort(findings []Finding) {
	slices.SortFunc(findings, compare)
}

func compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(path(a), path(b)),
		cmp.Compare(a.Location.Span.Start, b.Location.Span.Start),
		cmp.Compare(a.Location.Span.End, b.Location.Span.End),
		cmp.Compare(a.Rule, b.Rule),
		cmp.Compare(a.Message, b.Message),
		cmp.Compare(a.Unit, b.Unit),
	)
}

func path(f Finding) string {
	if f.Location.File == nil {
		return ""
	}
	return f.Location.File.Path
}
