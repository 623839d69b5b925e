package apiserver

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/generic"
	"k8s.io/apiserver/pkg/admission/plugin/policy/matching"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// Review is the request to create an object, as admission policies see it. It
// is safe for concurrent use.
type Review struct {
	attributes admission.Attributes
	namespace  *corev1.Namespace // nil of what has none
	// guessed reports that of the namespace no more than its name is known.
	guessed bool
	text    func() []byte // the JSON of the object
}

// NewReview makes the request for an object that goes into a namespace, ""
// for "default". known are Namespace objects. nil is returned of what cannot be
// read, and of what no policy is asked about.
func NewReview(o Object, namespace string, known []Object) *Review {
	setUp()
	object, gvr := admitted(o)
	if object == nil || isPolicy(gvr) {
		return nil
	}
	m, err := meta.Accessor(object)
	if err != nil {
		return nil
	}
	gvk := object.GetObjectKind().GroupVersionKind()
	r := &Review{text: sync.OnceValue(o.text)}
	switch {
	case gvk.GroupKind() == corev1.SchemeGroupVersion.WithKind("Namespace").GroupKind():
		namespace = m.GetName() // the server says so of a Namespace too
	case !Namespaced(o.APIVersion, o.Kind):
		namespace = ""
		m.SetNamespace("")
	default:
		if namespace == "" {
			namespace = defaultNamespace
		}
		m.SetNamespace(namespace)
		r.namespace, r.guessed = namespaceOf(namespace, known)
	}
	r.attributes = admission.NewAttributesRecord(object, nil, gvk, namespace, m.GetName(), gvr, "",
		admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{})
	return r
}

// admitted returns an object as it comes before admission: read, with its
// defaults, and not validated yet. Custom resources get none.
func admitted(o Object) (runtime.Object, schema.GroupVersionResource) {
	gvk := schema.FromAPIVersionAndKind(o.APIVersion, o.Kind)
	gvr, _ := meta.UnsafeGuessKindToResource(gvk)
	k := find(o.APIVersion, o.Kind)
	if k == nil || !k.judged() {
		u := &unstructured.Unstructured{}
		if gvk.Kind == "" || u.UnmarshalJSON(o.text()) != nil {
			return nil, gvr
		}
		return u, gvr
	}
	var v Verdict
	object := k.decode(o, &v)
	if object == nil || len(v.Refusals) > 0 || k.removed {
		return nil, gvr
	}
	k.scheme.Default(object)
	object.GetObjectKind().SetGroupVersionKind(gvk)
	return object, gvk.GroupVersion().WithResource(k.resource)
}

// Namespaced reports whether objects of a kind live in namespaces, as those of
// kinds that are not known do.
func Namespaced(apiVersion, kind string) bool {
	k := find(apiVersion, kind)
	return k == nil || !k.judged() || k.strategy.NamespaceScoped()
}

// namespaceOf returns the Namespace of a name, or, if it is not known, one with
// the label that each has.
func namespaceOf(name string, known []Object) (ns *corev1.Namespace, guessed bool) {
	for i := range known {
		if ns, ok := accepted(&known[i]).(*corev1.Namespace); ok && ns.Name == name {
			return ns, false
		}
	}
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelMetadataName: name}}}, true
}

// Broken is a validation that does not hold.
type Broken struct {
	// Validation is its place in spec.validations, -1 if something else of the
	// policy failed.
	Validation int
	// Message is what the server says.
	Message string
	// ByUser reports that the conditions of the policy exempt a user by name.
	ByUser bool
}

// Why a policy, or a part of it, cannot be evaluated.
var (
	ErrNamespace = errors.New("the labels of the namespace are not known")
	ErrUser      = errors.New("it asks who applies the object")
	ErrParams    = errors.New("its parameters are not known")
	ErrQuantity  = errors.New("it may compute with a quantity whose exponent is out of range")
)

// Judge returns what a policy with a binding finds wrong with an object.
// known are the objects that may be its parameters. The error joins those above
// that keep the manifests from deciding the rest.
func (p *Policy) Judge(b *Binding, r *Review, known []Object) ([]Broken, error) {
	matcher := generic.NewPolicyMatcher(matching.NewMatcher(namespaces{r.namespace}, nil))
	matches, resource, kind, err := matcher.DefinitionMatches(r.attributes, interfaces(), validating.NewValidatingAdmissionPolicyAccessor(p.ValidatingAdmissionPolicy))
	if err != nil || !matches {
		return nil, err
	}
	matches, err = matcher.BindingMatches(r.attributes, interfaces(), validating.NewValidatingAdmissionPolicyBindingAccessor(b.ValidatingAdmissionPolicyBinding))
	if err != nil || !matches {
		return nil, err
	}
	if readsAbsurd(&p.Spec, r.text()) {
		return nil, ErrQuantity
	}
	if r.guessed && (selects(p.Spec.MatchConstraints) || selects(b.Spec.MatchResources)) {
		return nil, ErrNamespace
	}
	open := needsUser
	if r.guessed {
		open |= needsNamespace
	}
	params, err := p.params(b, r.attributes.GetNamespace(), known)
	if errors.Is(err, ErrParams) {
		open |= needsParams
		params, err = []runtime.Object{nil}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := (p.needs.conditions & open &^ needsUser).err(); err != nil {
		return nil, err
	}
	var all []Broken
	var errs []error
	for _, param := range params {
		broken, err := p.decide(r, resource, kind, param, open)
		all, errs = append(all, broken...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// decide evaluates a policy with one of its parameters, once for each user that
// may apply the object. open is what is not known.
func (p *Policy) decide(r *Review, resource schema.GroupVersionResource, kind schema.GroupVersionKind, param runtime.Object, open needs) ([]Broken, error) {
	users := p.needs.users()
	results := make([]decisions, len(users))
	for i, u := range users {
		attributes, err := admission.NewVersionedAttributes(r.by(u), kind, interfaces())
		if err != nil {
			return nil, err
		}
		results[i] = p.validator.Validate(context.Background(), resource, attributes, param, r.namespace, celconfig.RuntimeCELCostBudget, u.authorizer).Decisions
	}
	return p.combine(results, open)
}

// selects reports whether namespaces are chosen by labels other than their
// name.
func selects(m *admissionv1.MatchResources) bool {
	if m == nil || m.NamespaceSelector == nil {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(m.NamespaceSelector)
	if err != nil {
		return true
	}
	requirements, _ := selector.Requirements()
	return slices.ContainsFunc(requirements, func(r labels.Requirement) bool { return r.Key() != corev1.LabelMetadataName })
}

// namespaces lists one Namespace.
type namespaces struct{ one *corev1.Namespace }

func (n namespaces) List(labels.Selector) ([]*corev1.Namespace, error) {
	return []*corev1.Namespace{n.one}, nil
}

func (n namespaces) Get(string) (*corev1.Namespace, error) { return n.one, nil }

// interfaces convert between the versions of a kind, so that a rule for one of
// them matches objects of all.
var interfaces = sync.OnceValue(func() admission.ObjectInterfaces {
	scheme := legacyscheme.Scheme
	versions := runtime.NewEquivalentResourceRegistry()
	for gk, e := range entries {
		for _, gv := range scheme.PrioritizedVersionsForGroup(gk.Group) {
			if k := find(gv.String(), gk.Kind); k != nil && k.served() && k.scheme == scheme {
				versions.RegisterKindFor(gv.WithResource(e.resource), "", k.gvk)
			}
		}
	}
	return &admission.RuntimeObjectInterfaces{
		ObjectCreater: scheme, ObjectTyper: scheme, ObjectDefaulter: scheme, ObjectConvertor: hub{scheme},
		EquivalentResourceMapper: versions,
	}
})

// hub converts between two versions by way of the server's own, as none knows
// another.
type hub struct{ *runtime.Scheme }

func (h hub) Convert(in, out, context any) error {
	object, ok := in.(runtime.Object)
	if !ok {
		return h.Scheme.Convert(in, out, context)
	}
	version := schema.GroupVersion{Group: object.GetObjectKind().GroupVersionKind().Group, Version: runtime.APIVersionInternal}
	internal, err := h.ConvertToVersion(object, version)
	if err != nil {
		return err
	}
	return h.Scheme.Convert(internal, out, context)
}

// isPolicy reports whether a resource is an admission policy or a binding of
// one: those are not asked about each other (k8s.io/apiserver
// pkg/admission/plugin/policy/generic/plugin.go).
func isPolicy(r schema.GroupVersionResource) bool {
	return r.Group == admissionv1.GroupName && strings.Contains(r.Resource, "admissionpolic")
}
