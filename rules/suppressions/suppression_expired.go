package suppressions

import "github.com/kubeknot/kubeknot/analyzer"

// SuppressionExpired reports suppressions whose day has come.
var SuppressionExpired = &analyzer.Rule{
	ID:    "suppression-expired",
	Title: "A suppression has expired",
	Claim: analyzer.Suspect,
	Why:   `A suppression may name the first day on which it no longer holds, for what is all right until something else is done. From that day on it silences nothing: what it was for is reported again, and the suppression with it, so that its reason is read.`,
	Bad: `apiVersion: v1
kind: Pod # kubeknot:ignore bare-pod expires 2024-07-01 -- until the operator is there
metadata:
  name: broker
spec:
  containers: [{name: broker, image: example.com/broker}]
`,
	Good: `apiVersion: v1
kind: Pod # kubeknot:ignore bare-pod expires 9999-07-01 -- until the operator is there
metadata:
  name: broker
spec:
  containers: [{name: broker, image: example.com/broker}]
`,
	References: []string{"https://github.com/kubeknot/kubeknot/blob/main/docs/suppressing.md"},
	Review:     analyzer.Expired,
}
