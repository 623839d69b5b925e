package report

import (
	"io"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/secret"
	"github.com/kubeknot/kubeknot/analyzer/source"
)

const (
	home = "https://github.com/kubeknot/kubeknot"
	// sarifBase stands for the working directory. Its place is not written
	// down, so that the same manifests give the same bytes on every machine.
	sarifBase = "%SRCROOT%"
)

// sarifReporter writes SARIF 2.1.0
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
type sarifReporter struct {
	rules   []*analyzer.Rule
	version string
}

// sarifLevels are SARIF's words for severities.
var sarifLevels = map[analyzer.Severity]string{
	analyzer.Error:   sarif.LevelError,
	analyzer.Warning: sarif.LevelWarning,
	analyzer.Info:    sarif.LevelNote,
}

// Report implements Reporter.
func (s sarifReporter) Report(w io.Writer, r *analyzer.Result) error {
	run := sarif.NewRunWithInformationURI("kubeknot", home)
	if s.version != "" {
		run.Tool.Driver.WithVersion(s.version)
	}
	run.WithColumnKind("unicodeCodePoints")
	run.NewlineSequences = []string{"\r\n", "\n", "\r"}
	run.RedactionTokens = []string{secret.Mask}
	base := sarif.NewArtifactLocation().WithDescription(sarif.NewTextMessage("the directory kubeknot was started in"))
	run.OriginalUriBaseIds = map[string]sarif.ArtifactLocation{sarifBase: *base}
	for _, rule := range s.rules {
		describe(run.AddRule(rule.ID), rule)
	}
	ids := identities(r.Findings)
	for i := range r.Findings {
		f := &r.Findings[i]
		run.AddRule(f.Rule) // a finding may be of a rule that is not described
		run.AddResult(newSARIFResult(f, run.GetRuleIndex(f.Rule), ids[i]))
	}
	invocation := sarif.NewInvocation().WithExecutionSuccessful(r.Failure == nil)
	for _, line := range firstLines(r.Failure) {
		note := sarif.NewNotification().WithLevel(sarif.LevelError).WithMessage(sarifMessage(line))
		invocation.AddToolExecutionNotification(note)
	}
	for _, n := range r.NotJudged {
		invocation.AddToolExecutionNotification(newSARIFNotification(n))
	}
	run.AddInvocation(invocation)
	return writeJSON(w, sarif.NewReport().AddRun(run))
}

func newSARIFResult(f *analyzer.Finding, rule int, id string) *sarif.Result {
	result := sarif.NewRuleResult(f.Rule).WithRuleIndex(rule).WithLevel(sarifLevels[severity(f)])
	result.WithMessage(sarifMessage(fullMessage(f)))
	result.PartialFingerprints = map[string]string{
		"kubeknot/v1":             f.Fingerprint(),
		"primaryLocationLineHash": id, // the one that GitHub follows alerts by
	}
	if !f.Location.IsZero() {
		at := newSARIFLocation(f.Location)
		if r := f.Resource; r != nil {
			at.AddLogicalLocation(newLogicalLocation(r))
		}
		result.AddLocation(at)
	}
	for _, r := range f.Related {
		if r.Location.IsZero() {
			continue // it stands in the message
		}
		at := newSARIFLocation(r.Location)
		at.ID = len(result.RelatedLocations) + 1
		if r.Message != "" {
			at.WithMessage(sarifMessage(r.Message))
		}
		result.RelatedLocations = append(result.RelatedLocations, at)
	}
	if len(f.Edits) > 0 {
		result.Fixes = []*sarif.Fix{newSARIFFix(f)}
	}
	bag := sarif.NewPropertyBag().Add("claim", string(f.Claim)).Add("evidence", string(f.Evidence))
	bag.Add("unit", f.Unit).Add("fieldPath", manifest.FieldPath(f.Path)).Add("builds", buildNames(f))
	if f.Reading != "" {
		bag.Add("reading", f.Reading)
	}
	return result.WithProperties(bag)
}

// newSARIFFix holds the edits of a finding, file by file.
func newSARIFFix(f *analyzer.Finding) *sarif.Fix {
	fix := sarif.NewFix().WithDescription(sarifMessage(f.Help))
	changes := map[*source.File]*sarif.ArtifactChange{}
	for _, e := range f.Edits {
		in := e.Location.File
		if changes[in] == nil {
			changes[in] = sarif.NewArtifactChange().WithArtifactLocation(newArtifactLocation(in.Path))
			fix.AddArtifactChange(changes[in])
		}
		content := sarif.NewArtifactContent().WithText(e.Text)
		changes[in].AddReplacement(sarif.NewReplacement().WithDeletedRegion(newSARIFRegion(e.Location)).WithInsertedContent(content))
	}
	return fix
}

func newSARIFRegion(loc source.Location) *sarif.Region {
	start, end := loc.Start(), loc.End()
	region := sarif.NewRegion().WithStartLine(start.Line).WithStartColumn(start.Column)
	return region.WithEndLine(end.Line).WithEndColumn(end.Column)
}

func newSARIFLocation(loc source.Location) *sarif.Location {
	at := sarif.NewPhysicalLocation().WithArtifactLocation(newArtifactLocation(loc.File.Path)).WithRegion(newSARIFRegion(loc))
	return sarif.NewLocationWithPhysicalLocation(at)
}

// drive starts an absolute path of Windows.
var drive = regexp.MustCompile(`^[A-Za-z]:/`)

// newArtifactLocation takes what is relative to the working directory as such.
func newArtifactLocation(name string) *sarif.ArtifactLocation {
	if path.IsAbs(name) || drive.MatchString(name) {
		u := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(name, "/")}
		return sarif.NewSimpleArtifactLocation(u.String())
	}
	return sarif.NewSimpleArtifactLocation((&url.URL{Path: name}).String()).WithURIBaseID(sarifBase)
}

func newLogicalLocation(r *manifest.Resource) *sarif.LogicalLocation {
	name := r.Kind + "/" + r.Name
	if r.Namespace != "" {
		name = r.Namespace + "/" + name
	}
	return sarif.NewLogicalLocation().WithKind("resource").WithName(r.Name).WithFullyQualifiedName(name)
}

func newSARIFNotification(n analyzer.NotJudged) *sarif.Notification {
	note := sarif.NewNotification().WithLevel(sarif.LevelNote).WithMessage(sarifMessage("not judged: " + n.Reason))
	if n.File != "" {
		at := sarif.NewPhysicalLocation().WithArtifactLocation(newArtifactLocation(n.File))
		note.Locations = append(note.Locations, sarif.NewLocationWithPhysicalLocation(at))
	}
	return note
}

// sarifMessage is a plain text. Viewers make links of [text](target) even
// there (section 3.11.6), which must not come out of a manifest.
func sarifMessage(text string) *sarif.Message {
	return sarif.NewTextMessage(strings.ReplaceAll(text, "](", `\](`))
}
