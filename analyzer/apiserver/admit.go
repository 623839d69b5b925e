package apiserver

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	quota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/kubernetes/pkg/apis/core"
	quotacore "k8s.io/kubernetes/pkg/quota/v1/evaluator/core"
	"k8s.io/kubernetes/plugin/pkg/admission/limitranger"
	security "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"k8s.io/utils/clock"
)

// Denial is why admission keeps a pod out of a namespace.
type Denial struct {
	// By is the object whose rule it is.
	By *Object
	// Message is the server's sentence.
	Message string
}

// Admit returns why the admission that every server runs keeps a pod out,
// given the Namespace, LimitRanges and ResourceQuotas of where it goes. copies
// is how many such pods are wanted; what others use of a quota is not known.
// Pods and policies that the server refuses by themselves deny nothing.
func Admit(pod Object, copies int, policies []*Object) []Denial {
	external, ok := accepted(&pod).(*corev1.Pod)
	if !ok {
		return nil
	}
	object, err := find("v1", "Pod").internal(external.DeepCopy())
	if err != nil {
		return nil
	}
	internal := object.(*core.Pod)
	objects := make([]runtime.Object, len(policies))
	for i, p := range policies {
		objects[i] = accepted(p)
		if limits, ok := objects[i].(*corev1.LimitRange); ok {
			_ = limitranger.PodMutateLimitFunc(limits, internal) // it only fills in, and never fails
		}
	}
	var all []Denial
	for i, o := range objects {
		var err error
		switch o := o.(type) {
		case *corev1.Namespace:
			err = secure(o, external)
		case *corev1.LimitRange:
			err = limitranger.PodValidateLimitFunc(o, internal)
		case *corev1.ResourceQuota:
			err = within(o, internal, copies)
		}
		if err != nil {
			all = append(all, Denial{By: policies[i], Message: strings.Trim(err.Error(), "[]")})
		}
	}
	return all
}

// accepted returns an object with its defaults, nil if the server refuses it.
func accepted(o *Object) runtime.Object {
	k := find(o.APIVersion, o.Kind)
	if k == nil || !k.judged() {
		return nil
	}
	if v := Create(*o); len(v.Refusals) > 0 {
		return nil
	}
	object := k.decode(*o, &Verdict{})
	k.scheme.Default(object)
	return object
}

// securityChecks are those of the Pod Security Standards.
var securityChecks = sync.OnceValues(func() (policy.Evaluator, error) { return policy.NewEvaluator(policy.DefaultChecks(), nil) })

// secure asks the level that the namespace's labels enforce
// (k8s.io/pod-security-admission/admission).
func secure(ns *corev1.Namespace, pod *corev1.Pod) error {
	level, errs := security.PolicyToEvaluate(ns.Labels, security.Policy{
		Enforce: security.LevelVersion{Level: security.LevelPrivileged, Version: security.LatestVersion()},
	})
	checks, err := securityChecks()
	if err != nil || len(errs) > 0 {
		return nil // the labels cannot be read
	}
	result := policy.AggregateCheckResults(checks.EvaluatePod(level.Enforce, &pod.ObjectMeta, &pod.Spec))
	if result.Allowed {
		return nil
	}
	return fmt.Errorf("violates PodSecurity %q: %s", level.Enforce.String(), result.ForbiddenDetail())
}

// within counts the pods against a quota, as if nobody else used it
// (k8s.io/apiserver/pkg/admission/plugin/resourcequota CheckRequest).
func within(q *corev1.ResourceQuota, pod *core.Pod, copies int) error {
	q.Status.Hard = q.Spec.Hard // the quota controller copies it
	pods := quotacore.NewPodEvaluator(nil, clock.RealClock{})
	if ok, err := pods.Matches(q, pod); err != nil || !ok {
		return nil
	}
	if err := pods.Constraints(pods.MatchingResources(quota.ResourceNames(q.Spec.Hard)), pod); err != nil {
		return err
	}
	usage, err := pods.Usage(pod)
	if err != nil {
		return nil
	}
	var over []string
	for name, hard := range q.Spec.Hard {
		used, ok := usage[name]
		if !ok {
			continue
		}
		total := resource.Quantity{}
		for range min(copies, maxCopies) {
			total.Add(used)
		}
		if total.Cmp(hard) > 0 {
			over = append(over, fmt.Sprintf("%s of %s, limited to %s", &total, name, &hard))
		}
	}
	if len(over) == 0 {
		return nil
	}
	slices.Sort(over)
	return fmt.Errorf("exceeded quota: requested %s", strings.Join(over, ", "))
}

// maxCopies bounds how many pods are added up.
const maxCopies = 10_000
