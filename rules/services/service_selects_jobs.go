package services

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
)

// ServiceSelectsJobs reports Services that find the pods of a Job beside those
// that serve them.
var ServiceSelectsJobs = &analyzer.Rule{
	ID:    "service-selects-jobs",
	Title: "A Service selects the pods of a Job beside those that serve it",
	Claim: analyzer.Suspect,
	Kinds: []string{"Service"},
	Why:   `A Service sends connections to every ready pod that its selector matches. The pods of a Job or CronJob that carry the same labels are ready as soon as they run, without a readiness probe, and get a part of the connections, which are refused: nothing listens there. It happens for as long as the Job runs, such as a migration in each release. Jobs that declare the port of the Service are left alone.`,
	Bad: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: "example/web:1", ports: [{containerPort: 8080}]}]
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  template:
    metadata:
      labels: {app: web}
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: "example/web:1"}]
`,
	Good: `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: web, image: "example/web:1", ports: [{containerPort: 8080}]}]
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  template:
    metadata:
      labels: {app: web-migrate}
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: "example/web:1"}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/services-networking/service/#defining-a-service",
		"k8s.io/endpointslice/util/controller_utils.go: ShouldPodBeInEndpoints",
	},
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Services {
			if !s.Own || p.Graph.Superseded(s.Resource) || p.Unit.Rewrites(kustomize.Relations) {
				continue
			}
			var server *graph.Workload
			var jobs []*graph.Workload
			for _, w := range s.Pods() {
				switch {
				case w.Superseded:
				case w.Group == "batch" && len(w.Ports()) == 0:
					jobs = append(jobs, w)
				case w.Group != "batch" && server == nil:
					server = w
				}
			}
			if server != nil && len(jobs) > 0 {
				p.Report(selectsJob(s, server, jobs[0]))
			}
		}
		return nil
	},
}

func selectsJob(s *graph.Service, server, job *graph.Workload) analyzer.Finding {
	path := firstKey(s.Selector)
	return analyzer.Finding{
		Message:     fmt.Sprintf("%s selects the pods of %s and those of %s, which declares no port", s, server, job),
		Label:       fmt.Sprintf("the pods of %s carry this, too", job),
		Consequence: fmt.Sprintf("while %s runs, a part of the connections goes to its pods and is refused", job),
		Help:        fmt.Sprintf("give the pods of %s other labels, or add a label to the selector that only the pods of %s have", job, server),
		Location:    s.EntryLocation(path...),
		Path:        path,
		Resource:    s.Resource,
		Related:     []analyzer.Related{{Location: job.KeyLocation(job.LabelPath("")...), Message: fmt.Sprintf("the pods of %s have %s", job, job.PodLabels())}},
	}
}
