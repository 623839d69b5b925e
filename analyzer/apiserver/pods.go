package apiserver

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/batch"
	"k8s.io/kubernetes/pkg/apis/core"
)

// judgedWithTemplate reports whether the server, when it has accepted a
// workload, has judged its pods too: it validates templates by nearly all that
// it validates pods by (pkg/apis/core/validation ValidatePodTemplateSpec and
// ValidatePodCreate), so only pods that have one of the differences need to be
// asked about.
func judgedWithTemplate(object runtime.Object) bool {
	switch o := object.(type) {
	case *apps.Deployment:
		return alikeAsPod(&o.Spec.Template)
	case *apps.DaemonSet:
		return alikeAsPod(&o.Spec.Template)
	case *apps.ReplicaSet:
		return alikeAsPod(&o.Spec.Template)
	case *apps.StatefulSet: // claims become volumes of the pod, in place of those it names
		return len(o.Spec.VolumeClaimTemplates) == 0 && alikeAsPod(&o.Spec.Template)
	case *core.ReplicationController:
		return o.Spec.Template != nil && alikeAsPod(o.Spec.Template)
	case *batch.Job:
		return alikeAsPod(&o.Spec.Template)
	case *batch.CronJob:
		return alikeAsPod(&o.Spec.JobTemplate.Spec.Template)
	}
	return false
}

// alikeAsPod reports whether a template holds nothing that a pod is given
// other defaults for (pkg/apis/core/v1 SetDefaults_Pod), that is changed before
// it is validated (pkg/registry/core/pod PrepareForCreate), or that is refused
// in pods alone. That requests follow limits in pods breaks no rule.
func alikeAsPod(t *core.PodTemplateSpec) bool {
	s := &t.Spec
	return (s.SecurityContext == nil || !s.SecurityContext.HostNetwork) &&
		s.Resources == nil && len(s.ResourceClaims)+len(s.SchedulingGates)+len(s.EphemeralContainers) == 0 &&
		!slices.ContainsFunc(s.Volumes, otherInPod) &&
		!slices.ContainsFunc(s.Containers, untrimmed) && !slices.ContainsFunc(s.InitContainers, untrimmed) &&
		!selectsByKeys(s) && !hasAppArmor(t.Annotations)
}

// otherInPod reports volumes of which the pod's name is a part, and images that
// may be named later in a template.
func otherInPod(v core.Volume) bool {
	return v.Ephemeral != nil || v.Image != nil && v.Image.Reference == ""
}

func untrimmed(c core.Container) bool { return strings.TrimSpace(c.Image) != c.Image }

// selectsByKeys reports selectors that the server completes by the pod's
// labels.
func selectsByKeys(s *core.PodSpec) bool {
	if slices.ContainsFunc(s.TopologySpreadConstraints, func(c core.TopologySpreadConstraint) bool { return len(c.MatchLabelKeys) > 0 }) {
		return true
	}
	if s.Affinity == nil {
		return false
	}
	keyed := func(required []core.PodAffinityTerm, preferred []core.WeightedPodAffinityTerm) bool {
		for _, p := range preferred {
			required = append(slices.Clip(required), p.PodAffinityTerm)
		}
		return slices.ContainsFunc(required, func(t core.PodAffinityTerm) bool { return len(t.MatchLabelKeys)+len(t.MismatchLabelKeys) > 0 })
	}
	near, apart := s.Affinity.PodAffinity, s.Affinity.PodAntiAffinity
	return near != nil && keyed(near.RequiredDuringSchedulingIgnoredDuringExecution, near.PreferredDuringSchedulingIgnoredDuringExecution) ||
		apart != nil && keyed(apart.RequiredDuringSchedulingIgnoredDuringExecution, apart.PreferredDuringSchedulingIgnoredDuringExecution)
}

// hasAppArmor reports annotations that the server turns into fields.
func hasAppArmor(annotations map[string]string) bool {
	for key := range annotations {
		if strings.HasPrefix(key, core.DeprecatedAppArmorAnnotationKeyPrefix) {
			return true
		}
	}
	return false
}
