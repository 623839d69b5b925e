package workloads

import (
	"fmt"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// CronJobNeverRuns reports schedules of days that no calendar has.
var CronJobNeverRuns = &analyzer.Rule{
	ID:    "cronjob-never-runs",
	Title: "A CronJob's schedule never comes",
	Claim: analyzer.Broken,
	Kinds: []string{"CronJob"},
	Why:   `A schedule can be well formed and name a day that never comes, such as February 31. The API server accepts it; the controller finds no next time, writes an event (InvalidSchedule), and no Job is ever made.`,
	Bad: `apiVersion: batch/v1
kind: CronJob
metadata:
  name: report
spec:
  schedule: "0 6 31 2 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: report, image: example/report}]
`,
	Good: `apiVersion: batch/v1
kind: CronJob
metadata:
  name: report
spec:
  schedule: "0 6 28 2 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: report, image: example/report}]
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax",
		"k8s.io/kubernetes/pkg/controller/cronjob/cronjob_controllerv2.go: syncCronJob",
	},
	Run: func(p *analyzer.Pass) error {
		for _, r := range p.Unit.Resources {
			if r.Kind != "CronJob" || r.Group != "batch" {
				continue
			}
			schedule := manifest.String(r.Node, "spec", "schedule")
			if manifest.IsPlaceholder(schedule) || comes(schedule) {
				continue
			}
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("%s is scheduled for %q, which never comes", r, schedule),
				Label:       "no month of this schedule has such a day",
				Consequence: "it is accepted, and no Job is ever made: only an event says so",
				Help:        "name a day that there is; the fields are minute, hour, day of month, month, day of week",
				Location:    r.EntryLocation("spec", "schedule"),
				Path:        []string{"spec", "schedule"},
				Resource:    r,
			})
		}
		return nil
	},
}

// anyDay is a day to look ahead from. The parser gives up after five years; a
// fixed day, with a leap year near, gives the same answer every day.
var anyDay = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// comes reports whether a schedule has a next time. What cannot be parsed is
// refused by the API server.
func comes(schedule string) bool {
	s, err := cron.ParseStandard(schedule)
	return err != nil || !s.Next(anyDay).IsZero()
}
