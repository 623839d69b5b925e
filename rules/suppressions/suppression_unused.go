package suppressions

import "github.com/kubeknot/kubeknot/analyzer"

// SuppressionUnused reports suppressions that silence nothing.
var SuppressionUnused = &analyzer.Rule{
	ID:    "suppression-unused",
	Title: "A suppression silences nothing",
	Claim: analyzer.Suspect,
	Why: `Where nothing is found any more, a suppression is of no use, and it does harm later: it hides the next finding of its rule in that place, which nobody has looked at.

A suppression on a line is for the findings that show that line, as the place of the fault or as another end of the tie. One in a comment of its own is for the next line that is more than a comment.

It is not reported while its rule does not run, or cannot judge the file because it needs to know the nodes.`,
	Bad: `apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web # kubeknot:ignore bare-replicaset -- a Deployment made it
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
`,
	Good: `apiVersion: apps/v1
kind: ReplicaSet # kubeknot:ignore bare-replicaset -- a Deployment made it
metadata:
  name: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: nginx}]
`,
	References: []string{"https://github.com/kubeknot/kubeknot/blob/main/docs/suppressing.md"},
	Review:     analyzer.Unused,
}
