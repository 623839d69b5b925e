package scaling

import (
	"fmt"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// ScaledObjectBounds reports counts of a ScaledObject that contradict each other.
var ScaledObjectBounds = &analyzer.Rule{
	ID:    "scaled-object-bounds",
	Title: "The replica counts of a ScaledObject contradict each other",
	Claim: analyzer.Rejected,
	Kinds: []string{"ScaledObject"},
	Why:   `KEDA refuses a ScaledObject whose minReplicaCount (0 by default) is larger than its maxReplicaCount (100 by default), or whose idleReplicaCount is not smaller than minReplicaCount. Where its admission webhook is not installed the object is stored and never becomes ready.`,
	Bad: `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: worker
spec:
  scaleTargetRef: {name: worker}
  minReplicaCount: 20
  maxReplicaCount: 10
  triggers:
    - type: cron
      metadata: {timezone: Etc/UTC, start: 0 8 * * *, end: 0 18 * * *, desiredReplicas: "15"}
`,
	Good: `apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: worker
spec:
  scaleTargetRef: {name: worker}
  minReplicaCount: 10
  maxReplicaCount: 20
  triggers:
    - type: cron
      metadata: {timezone: Etc/UTC, start: 0 8 * * *, end: 0 18 * * *, desiredReplicas: "15"}
`,
	References: []string{
		"https://keda.sh/docs/latest/reference/scaledobject-spec/",
		"github.com/kedacore/keda/v2/apis/keda/v1alpha1: CheckReplicaCountBoundsAreValid",
	},
	Run: func(p *analyzer.Pass) error {
		for _, s := range p.Graph.Scalers {
			if s.Own && s.Kind == "ScaledObject" && !p.Unit.Rewrites(kustomize.Relations) && !p.Graph.Superseded(s.Resource) {
				bounds(p, s.Resource)
			}
		}
		return nil
	},
}

// bounds compares the counts of a ScaledObject.
func bounds(p *analyzer.Pass, r *manifest.Resource) {
	const defaultMax = 100
	least, hasLeast := manifest.Int(r.Node, "spec", "minReplicaCount")
	most, hasMost := manifest.Int(r.Node, "spec", "maxReplicaCount")
	idle, hasIdle := manifest.Int(r.Node, "spec", "idleReplicaCount")
	if !hasMost && r.Get("spec", "maxReplicaCount") == nil {
		most, hasMost = defaultMax, true
	}
	f := analyzer.Finding{Consequence: "the KEDA webhook refuses it; without the webhook it never becomes ready", Resource: r}
	switch {
	case hasLeast && hasMost && least > most:
		f.Path = []string{"spec", "minReplicaCount"}
		f.Message = fmt.Sprintf("%s sets minReplicaCount to %d, more than the maxReplicaCount of %d", r, least, most)
		f.Label, f.Help = fmt.Sprintf("more than %d", most), fmt.Sprintf("set minReplicaCount to %d or less, or raise maxReplicaCount", most)
		if r.Get("spec", "maxReplicaCount") != nil {
			f.Related = []analyzer.Related{{Location: r.EntryLocation("spec", "maxReplicaCount"), Message: fmt.Sprintf("at most %d", most)}}
		}
	case hasIdle && idle >= least && (hasLeast || r.Get("spec", "minReplicaCount") == nil):
		f.Path = []string{"spec", "idleReplicaCount"}
		f.Message = fmt.Sprintf("%s sets idleReplicaCount to %d, which is not less than its minReplicaCount of %d", r, idle, least)
		f.Label, f.Help = fmt.Sprintf("not less than %d", least), fmt.Sprintf("set minReplicaCount to more than %d, or remove idleReplicaCount", idle)
	default:
		return
	}
	f.Location = r.EntryLocation(f.Path...)
	p.Report(f)
}
