package report

import (
	"fmt"
	"strings"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/kubeknot/kubeknot/analyzer"
)

// describe fills in what viewers show of a rule.
func describe(d *sarif.ReportingDescriptor, r *analyzer.Rule) {
	d.WithDescription(r.Title + ".").WithName(r.ID)
	d.WithFullDescription(sarif.NewMultiformatMessageString().WithText(r.Why))
	d.WithHelp(sarif.NewMultiformatMessageString().WithText(helpText(r)).WithMarkdown(helpMarkdown(r)))
	d.WithHelpURI(home + "/blob/main/docs/rules/" + r.ID + ".md")
	level := sarifLevels[analyzer.SeverityOf(r.Claim, analyzer.Certain)]
	d.WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(level))
	d.WithProperties(sarif.NewPropertyBag().WithTags([]string{"kubernetes", string(r.Claim)}))
}

func helpText(r *analyzer.Rule) string {
	return fmt.Sprintf("%s\n\nReported:\n\n%s\n\nFine:\n\n%s\n\nReferences:\n%s",
		r.Why, strings.TrimSpace(r.Bad), strings.TrimSpace(r.Good), strings.Join(r.References, "\n"))
}

func helpMarkdown(r *analyzer.Rule) string {
	return fmt.Sprintf("%s\n\nReported:\n\n```yaml\n%s\n```\n\nFine:\n\n```yaml\n%s\n```\n\nReferences:\n\n- %s\n",
		r.Why, strings.TrimSpace(r.Bad), strings.TrimSpace(r.Good), strings.Join(r.References, "\n- "))
}
