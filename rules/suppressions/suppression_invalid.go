package suppressions

import "github.com/kubeknot/kubeknot/analyzer"

// SuppressionInvalid reports suppressions that do nothing because they cannot
// be understood or lack their reason.
var SuppressionInvalid = &analyzer.Rule{
	ID:    "suppression-invalid",
	Title: "A suppression names no rule that exists, or no reason",
	Claim: analyzer.Suspect,
	Why: `A suppression tells the next reader that somebody has looked at a finding and why it is all right. It needs the id of a rule and a reason, in a comment "# kubeknot:ignore rule-id -- reason", or in the annotation kubeknot.io/ignore.

One that cannot be understood silences nothing: what it was meant for is reported as well. Most often the id is misspelt, or the reason was left for later.`,
	Bad: `apiVersion: v1
kind: Pod # kubeknot:ignore bare-pods -- it is run by hand, once
metadata:
  name: migration
spec:
  containers: [{name: migrate, image: example.com/migrate}]
`,
	Good: `apiVersion: v1
kind: Pod # kubeknot:ignore bare-pod -- it is run by hand, once
metadata:
  name: migration
spec:
  containers: [{name: migrate, image: example.com/migrate}]
`,
	References: []string{"https://github.com/kubeknot/kubeknot/blob/main/docs/suppressing.md"},
	Review:     analyzer.Invalid,
}
