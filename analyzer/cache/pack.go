package cache

import (
	"errors"

	"github.com/fxamacker/cbor/v2"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

// The types below are what analyzer.Pass, Finding and their parts look like in a
// store: files by their paths inside the tree, and of objects what reports and
// suppressions ask for.

type said struct {
	_        struct{} `cbor:",toarray"`
	Rule     string
	Findings []finding
	Skipped  []skipped
}

type finding struct {
	_              struct{} `cbor:",toarray"`
	Claim          analyzer.Claim
	Evidence       analyzer.Evidence
	Reading        string
	Severity       analyzer.Severity
	Message, Label string
	Consequence    string
	Notes          []string
	Help           string
	At             place
	Path           []string
	Resource       *object
	Identity       analyzer.Identity
	Unit           string
	Related        []related
	Builds         []build
	Edits          []edit
}

type edit struct {
	_    struct{} `cbor:",toarray"`
	At   place
	Text string
}

type related struct {
	_       struct{} `cbor:",toarray"`
	At      place
	Message string
}

type build struct {
	_          struct{} `cbor:",toarray"`
	Name, File string
}

type skipped struct {
	_        struct{} `cbor:",toarray"`
	Topic    string
	Resource object
}

// place is a location; an empty File is none.
type place struct {
	_          struct{} `cbor:",toarray"`
	File       string
	Start, End int
}

type object struct {
	_          struct{} `cbor:",toarray"`
	Document   place
	Path       []string
	APIVersion string
	Group      string
	Version    string
	Kind       string
	Namespace  string
	Name       string
	// Made reports that a tool has made it, of what was called Written.
	Made    bool
	Written string
}

// errElsewhere says that a finding leads to a file that is not of the tree.
var errElsewhere = errors.New("a place outside the tree")

// Pack returns what the rules have said in the form of a store. name returns by
// what a file is found again, "" if it is not. The error is for what cannot be
// remembered.
func Pack(passes []*analyzer.Pass, name func(*source.File) string) ([]byte, error) {
	p := packer{name: name}
	all := make([]said, len(passes))
	for i, pass := range passes {
		all[i].Rule = pass.Rule.ID
		for j := range pass.Findings {
			all[i].Findings = append(all[i].Findings, p.finding(&pass.Findings[j]))
		}
		for _, s := range pass.Skipped {
			all[i].Skipped = append(all[i].Skipped, skipped{Topic: s.Topic, Resource: *p.object(s.Resource)})
		}
	}
	if p.lost {
		return nil, errElsewhere
	}
	return cbor.Marshal(all)
}

type packer struct {
	name func(*source.File) string
	lost bool // something cannot be remembered
}

func (p *packer) finding(f *analyzer.Finding) finding {
	out := finding{
		Claim: f.Claim, Evidence: f.Evidence, Reading: f.Reading, Severity: f.Severity,
		Message: f.Message, Label: f.Label, Consequence: f.Consequence, Notes: f.Notes, Help: f.Help,
		At: p.place(f.Location), Path: f.Path, Resource: p.object(f.Resource), Identity: f.Identity(), Unit: f.Unit,
	}
	for _, r := range f.Related {
		out.Related = append(out.Related, related{At: p.place(r.Location), Message: r.Message})
	}
	for _, e := range f.Edits {
		out.Edits = append(out.Edits, edit{At: p.place(e.Location), Text: e.Text})
	}
	for _, b := range f.Builds {
		out.Builds = append(out.Builds, build{Name: b.Name, File: p.place(source.Location{File: b.File}).File})
	}
	return out
}

func (p *packer) place(l source.Location) place {
	if l.IsZero() {
		return place{}
	}
	name := p.name(l.File)
	p.lost = p.lost || name == ""
	return place{File: name, Start: l.Span.Start, End: l.Span.End}
}

func (p *packer) object(r *manifest.Resource) *object {
	if r == nil {
		return nil
	}
	return &object{
		Document: p.place(source.Location{File: r.File(), Span: r.Document.Span}), Path: r.Path,
		APIVersion: r.APIVersion, Group: r.Group, Version: r.Version, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name,
		Made: r.Origin != nil, Written: r.WrittenName(),
	}
}

// Unpack returns what Pack was given. open returns the file of a name, nil if it
// cannot be read. Its objects are without their nodes.
func Unpack(data []byte, rules map[string]*analyzer.Rule, open func(name string) *source.File) ([]*analyzer.Pass, error) {
	var all []said
	if err := reading.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	u := unpacker{open: open}
	var passes []*analyzer.Pass
	for i := range all {
		rule := rules[all[i].Rule]
		if rule == nil {
			return nil, errors.New("a rule that is not there")
		}
		pass := &analyzer.Pass{Rule: rule}
		for j := range all[i].Findings {
			pass.Findings = append(pass.Findings, u.finding(rule.ID, &all[i].Findings[j]))
		}
		for _, s := range all[i].Skipped {
			pass.Skipped = append(pass.Skipped, analyzer.Skipped{Topic: s.Topic, Resource: u.object(&s.Resource)})
		}
		passes = append(passes, pass)
	}
	if u.lost {
		return nil, errElsewhere
	}
	return passes, nil
}

type unpacker struct {
	open func(string) *source.File
	lost bool // a file is not there
}

func (u *unpacker) finding(rule string, f *finding) analyzer.Finding {
	out := analyzer.Finding{
		Rule: rule, Claim: f.Claim, Evidence: f.Evidence, Reading: f.Reading, Severity: f.Severity,
		Message: f.Message, Label: f.Label, Consequence: f.Consequence, Notes: f.Notes, Help: f.Help,
		Location: u.location(f.At), Path: f.Path, Resource: u.object(f.Resource), Recalled: &f.Identity, Policy: f.Identity.Policy, Unit: f.Unit,
	}
	for _, r := range f.Related {
		out.Related = append(out.Related, analyzer.Related{Location: u.location(r.At), Message: r.Message})
	}
	for _, e := range f.Edits {
		out.Edits = append(out.Edits, analyzer.Edit{Location: u.location(e.At), Text: e.Text})
	}
	for _, b := range f.Builds {
		out.Builds = append(out.Builds, analyzer.Build{Name: b.Name, File: u.location(place{File: b.File}).File})
	}
	return out
}

func (u *unpacker) location(p place) source.Location {
	if p.File == "" {
		return source.Location{}
	}
	f := u.open(p.File)
	if f == nil || p.Start < 0 || p.Start > p.End || p.End > len(f.Data) {
		u.lost = true
		return source.Location{}
	}
	return source.Location{File: f, Span: source.Span{Start: p.Start, End: p.End}}
}

func (u *unpacker) object(o *object) *manifest.Resource {
	if o == nil {
		return nil
	}
	at := u.location(o.Document)
	d := &manifest.Document{File: at.File, Span: at.Span, Role: manifest.Object}
	r := &manifest.Resource{
		Document: d, Path: o.Path, APIVersion: o.APIVersion, Group: o.Group, Version: o.Version,
		Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
	}
	if o.Made {
		r.Origin = manifest.Forgotten(d, o.Written)
	}
	return r
}
