package apiserver

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	quota "k8s.io/apiserver/pkg/quota/v1"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
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
	// Filled is what the server refuses of the pod once By, a LimitRange, has
	// filled in its defaults; nil if By itself denies the pod.
	Filled *Refusal
}

// Admit returns why the admission that every server runs keeps a pod out,
// given the Namespace, LimitRanges and ResourceQuotas of where it goes. copies
// is how many such pods are wanted; what others use of a quota is not known.
// Pods and policies that the server refuses by themselves deny nothing.
//
// The order is the server's: LimitRanges fill in their defaults, the pod is
// validated, and then admission decides (k8s.io/apiserver
// pkg/registry/generic/registry/store.go, Create).
func Admit(pod Object, copies int, policies []*Object) []Denial {
	external, internal := acceptedPod(&pod)
	if internal == nil {
		return nil
	}
	objects := make([]runtime.Object, len(policies))
	for i, p := range policies {
		objects[i] = accepted(p)
		limits, ok := objects[i].(*corev1.LimitRange)
		if !ok {
			continue
		}
		_ = limitranger.PodMutateLimitFunc(limits, internal) // it only fills in, and never fails
		if v := createPod(internal); len(v.Refusals) > 0 {
			return []Denial{{By: p, Message: v.Refusals[0].Message, Filled: &v.Refusals[0]}}
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

// Admitted returns a pod as admission policies and webhooks see it: with the
// server's defaults and those of the LimitRanges among the policies. ok is false
// if the server refuses the pod.
func Admitted(pod Object, policies []*Object) (admitted Object, ok bool) {
	_, internal := acceptedPod(&pod)
	if internal == nil {
		return Object{}, false
	}
	for _, p := range policies {
		if limits, ok := accepted(p).(*corev1.LimitRange); ok {
			_ = limitranger.PodMutateLimitFunc(limits, internal)
		}
	}
	if len(createPod(internal).Refusals) > 0 {
		return Object{}, false
	}
	external, err := legacyscheme.Scheme.ConvertToVersion(internal, corev1.SchemeGroupVersion)
	if err != nil {
		return Object{}, false
	}
	external.GetObjectKind().SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	data, err := json.Marshal(external)
	return Object{APIVersion: "v1", Kind: "Pod", JSON: data}, err == nil
}

// acceptedPod returns a pod with its defaults, in version v1 and as the server
// works with it; nil if the server refuses it.
func acceptedPod(o *Object) (*corev1.Pod, *core.Pod) {
	external, ok := accepted(o).(*corev1.Pod)
	if !ok {
		return nil, nil
	}
	object, err := find("v1", "Pod").internal(external.DeepCopy())
	if err != nil {
		return nil, nil
	}
	return external, object.(*core.Pod)
}

// createPod returns what the server says of a pod with its defaults.
func createPod(pod *core.Pod) (v Verdict) {
	find("v1", "Pod").create(pod.DeepCopy(), &v)
	return v
}

// invalidSecurityLabels is what PodSecurity, which every server runs, says of
// the labels of a new Namespace; nil if they are valid
// (k8s.io/pod-security-admission/admission ValidateNamespace).
func invalidSecurityLabels(kind schema.GroupKind, ns *core.Namespace) error {
	if _, errs := security.PolicyToEvaluate(ns.Labels, security.Policy{}); len(errs) > 0 {
		return apierrors.NewInvalid(kind, ns.Name, errs)
	}
	return nil
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
