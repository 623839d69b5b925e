package apiserver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	apiservice "k8s.io/kubernetes/pkg/api/service"
	api "k8s.io/kubernetes/pkg/apis/core"
)

// defaultNamespace stands for the namespace of objects that name none.
const defaultNamespace = "default"

// internal fills in defaults and converts to the server's own version.
func (k *kind) internal(typed runtime.Object) (runtime.Object, error) {
	k.scheme.Default(typed)
	object, err := k.scheme.UnsafeConvertToVersion(typed, schema.GroupVersion{Group: k.gvk.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		return nil, fmt.Errorf("converting %s: %w", k.gvk, err)
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return nil, err
	}
	k.prepare(m)
	switch o := object.(type) {
	case *api.Service:
		allocate(o)
	case *api.Pod:
		// plugin/pkg/admission/serviceaccount, which every server runs.
		if o.Spec.ServiceAccountName == "" {
			o.Spec.ServiceAccountName = "default"
		}
	}
	return object, nil
}

// prepare names the object and its namespace, and takes away what the server
// itself has given it, as a dump shows it: that is not the author's.
func (k *kind) prepare(m metav1.Object) {
	if m.GetName() == "" && m.GetGenerateName() != "" {
		m.SetName(m.GetGenerateName() + "00000")
	}
	switch {
	case !k.strategy.NamespaceScoped():
		m.SetNamespace("")
	case m.GetNamespace() == "":
		m.SetNamespace(defaultNamespace)
	}
	m.SetUID("")
	m.SetResourceVersion("")
	m.SetManagedFields(nil)
}

// anyNodePort stands for a port that the server chooses.
const anyNodePort = 30000

// allocate does to a Service what the server does before it validates one
// (pkg/registry/core/service/storage/alloc.go), as far as the manifest decides
// it.
func allocate(s *api.Service) {
	if s.Spec.ClusterIP != "" && len(s.Spec.ClusterIPs) == 0 {
		s.Spec.ClusterIPs = []string{s.Spec.ClusterIP}
	}
	if apiservice.NeedsHealthCheck(s) && s.Spec.HealthCheckNodePort == 0 {
		s.Spec.HealthCheckNodePort = anyNodePort
	}
}

// contextFor is the context of a request about one object.
func (k *kind) contextFor(object runtime.Object, verb string, warnings warning.Recorder) context.Context {
	m, _ := meta.Accessor(object)
	ctx := request.WithNamespace(context.Background(), m.GetNamespace())
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true, Verb: verb, APIGroup: k.gvk.Group, APIVersion: k.gvk.Version,
		Resource: k.resource, Namespace: m.GetNamespace(), Name: m.GetName(),
	})
	return warning.WithWarningRecorder(ctx, warnings)
}

// create runs the strategy as for a new object.
func (k *kind) create(object runtime.Object, v *Verdict) {
	m, err := meta.Accessor(object)
	if err != nil {
		v.refuse(Refusal{Family: Invalid, Message: err.Error()})
		return
	}
	rest.FillObjectMetaSystemFields(m)
	m.SetUID("00000000-0000-4000-8000-000000000000") // a random one would stand in messages
	v.addErrors(asked(func() error { return rest.BeforeCreate(k.strategy, k.contextFor(object, "create", v), object) }), splitPath)
	if s, ok := object.(*api.Service); ok && len(v.Refusals) == 0 {
		v.addErrors(multipleFamilies(s), splitPath)
	}
	if ns, ok := object.(*api.Namespace); ok && len(v.Refusals) == 0 {
		v.addErrors(invalidSecurityLabels(k.gvk.GroupKind(), ns), splitPath)
	}
}

// multipleFamilies is what the server says when it gives a Service addresses
// (pkg/registry/core/service/storage/alloc.go initIPFamilyFields), as far as
// that is the same in every cluster; nil if there is nothing.
func multipleFamilies(s *api.Service) error {
	policy := api.IPFamilyPolicySingleStack
	if p := s.Spec.IPFamilyPolicy; p != nil {
		policy = *p
	} else if s.Spec.ClusterIP == api.ClusterIPNone && len(s.Spec.Selector) == 0 {
		policy = api.IPFamilyPolicyRequireDualStack
	}
	if s.Spec.Type == api.ServiceTypeExternalName || policy != api.IPFamilyPolicySingleStack {
		return nil
	}
	var errs field.ErrorList
	at := field.NewPath("spec", "ipFamilyPolicy")
	if len(s.Spec.ClusterIPs) == 2 {
		errs = append(errs, field.Invalid(at, policy, "must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified"))
	}
	if len(s.Spec.IPFamilies) == 2 {
		errs = append(errs, field.Invalid(at, policy, "must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified"))
	}
	if len(errs) == 0 {
		return nil
	}
	return apierrors.NewInvalid(api.Kind("Service"), s.Name, errs)
}

// asked runs a strategy. Some panic on objects that lack what they take for
// granted; the server then closes the connection without an answer, and goes
// on.
func asked(strategy func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the API server's own code fails on it: %v", p)
		}
	}()
	return strategy()
}

// update runs the strategy as for a change of a stored object.
func (k *kind) update(old, object runtime.Object, v *Verdict) {
	before, err := meta.Accessor(old)
	if err != nil {
		return
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return
	}
	m.SetNamespace(before.GetNamespace())
	m.SetUID(before.GetUID())
	m.SetCreationTimestamp(before.GetCreationTimestamp())
	before.SetResourceVersion("1")
	m.SetResourceVersion("1")
	if s, ok := object.(*api.Service); ok {
		keepIP(old.(*api.Service), s)
	}
	v.addErrors(asked(func() error { return rest.BeforeUpdate(k.strategy, k.contextFor(object, "update", v), object, old) }), splitPath)
	v.Warnings = nil // Create has said them
}

// AddWarning takes what a strategy warns of (k8s.io/apiserver/pkg/warning).
func (v *Verdict) AddWarning(_, text string) {
	path, message, ok := strings.Cut(text, ": ")
	if !ok || strings.Contains(path, " ") {
		path, message = "", text
	}
	cause, _ := classify(path, message)
	v.Warnings = append(v.Warnings, Warning{Path: v.Written(splitPath(path)), Message: message, Cause: cause})
}

// addErrors takes apart what a strategy refuses; split does so with a path.
func (v *Verdict) addErrors(err error, split func(string) []string) {
	if err == nil {
		return
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		v.refuse(Refusal{Family: Invalid, Message: err.Error()})
		return
	}
	for _, c := range status.Status().Details.Causes {
		r := Refusal{Family: familyOf(c), Path: v.Written(split(c.Field)), Field: c.Field}
		r.Message, r.Expression = withoutExcerpt(c.Message)
		if !v.follows(r.Path) && !v.chosen(r) && !v.says(r) && !v.missed(r) {
			v.refuse(r)
		}
	}
	all := v.Refusals
	v.Refusals = nil
	for _, r := range all {
		if repeats(r, all) {
			v.Folded = append(v.Folded, r)
		} else {
			v.Refusals = append(v.Refusals, r)
		}
	}
}

// repeats reports whether a refusal says of a selector as a whole what another
// one says of the part that is at fault, or that is missing.
func repeats(r Refusal, all []Refusal) bool {
	return slices.ContainsFunc(all, func(o Refusal) bool {
		switch r.Cause {
		case SelectorInvalid, Cause(Invalid):
			if r.Field != "spec.selector" {
				return false
			}
			return len(o.Path) > len(r.Path) && slices.Equal(o.Path[:len(r.Path)], r.Path)
		case SelectorMismatch:
			return strings.HasPrefix(o.Field, "spec.selector")
		}
		return false
	})
}

// follows reports whether a refusal may only follow from a value that was
// dropped: inside of what it is about, or around it.
func (v *Verdict) follows(path []string) bool {
	return len(path) > 0 && slices.ContainsFunc(v.dropped, func(d []string) bool {
		n := min(len(d), len(path))
		return slices.Equal(d[:n], path[:n])
	})
}

// chosen reports whether a refusal asks for one of two fields of which the other is
// there and was dropped.
func (v *Verdict) chosen(r Refusal) bool {
	n := len(r.Path) - 1
	return n >= 0 && r.Family == Required && strings.Contains(r.Message, "must set either ") && slices.ContainsFunc(v.dropped, func(d []string) bool {
		return len(d) == n+1 && slices.Equal(d[:n], r.Path[:n])
	})
}

// says reports whether the same has been said: the server checks some things
// twice.
func (v *Verdict) says(r Refusal) bool {
	return slices.ContainsFunc(v.Refusals, func(s Refusal) bool { return s.Field == r.Field && s.Message == r.Message })
}

// missed reports whether a value has been refused as missing: that the empty
// one is not valid either says nothing more.
func (v *Verdict) missed(r Refusal) bool {
	return r.Family == Invalid && slices.ContainsFunc(v.Refusals, func(s Refusal) bool { return s.Family == Required && slices.Equal(s.Path, r.Path) })
}

// familyOf sorts a cause. The server has no type of its own for what may not
// change; it says so in words.
func familyOf(c metav1.StatusCause) Family {
	cause, _ := classify(c.Field, c.Message)
	switch {
	case cause == MayNotChange:
		return Immutable
	case c.Type == metav1.CauseTypeFieldValueRequired:
		return Required
	case c.Type == metav1.CauseTypeTypeInvalid:
		return WrongType
	}
	return Invalid
}

// splitPath takes a field path of the server apart: "spec.ports[0].name",
// "metadata.labels[a.b/c]".
func splitPath(field string) []string {
	// Of claims the server leaves out a step (validation.go ValidatePersistentVolumeClaimSpec).
	field = strings.Replace(field, "resources[storage]", "resources.requests.storage", 1)
	var path []string
	for field != "" {
		switch {
		case field[0] == '[':
			inside, rest, ok := strings.Cut(field[1:], "]")
			if !ok {
				return path
			}
			path = append(path, inside)
			field = strings.TrimPrefix(rest, ".")
		default:
			end := strings.IndexAny(field, ".[")
			if end < 0 {
				end = len(field)
			}
			path = append(path, field[:end])
			field = strings.TrimPrefix(field[end:], ".")
		}
	}
	return path
}
