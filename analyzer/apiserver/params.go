package apiserver

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// Param is the kind of a policy's parameters, "" if it has none.
func (p *Policy) Param() (apiVersion, kind string) {
	if p.Spec.ParamKind == nil {
		return "", ""
	}
	return p.Spec.ParamKind.APIVersion, p.Spec.ParamKind.Kind
}

// params returns the parameters that the server judges by, one after the other
// (k8s.io/apiserver pkg/admission/plugin/policy/generic/policy_dispatcher.go,
// CollectParams). namespace is that of the request.
//
// What is not known may be in the cluster: none is only believed where that
// lets everything pass.
func (p *Policy) params(b *Binding, namespace string, known []Object) ([]runtime.Object, error) {
	ref := b.Spec.ParamRef
	apiVersion, kind := p.Param()
	if kind == "" || ref == nil {
		return []runtime.Object{nil}, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(ref.Selector)
	if err != nil {
		return nil, err
	}
	if ref.Namespace != "" {
		namespace = ref.Namespace
	}
	var all []runtime.Object
	for _, o := range known {
		u := &unstructured.Unstructured{}
		if o.APIVersion != apiVersion || o.Kind != kind || u.UnmarshalJSON(o.text()) != nil {
			continue
		}
		if in := u.GetNamespace(); in != "" && in != namespace {
			continue
		}
		if readsAbsurd(&p.Spec, o.text()) {
			return nil, ErrQuantity
		}
		if ref.Name == u.GetName() || ref.Name == "" && selector.Matches(labels.Set(u.GetLabels())) {
			all = append(all, u)
		}
	}
	if len(all) == 0 && (ref.ParameterNotFoundAction == nil || *ref.ParameterNotFoundAction == admissionv1.DenyAction) {
		return nil, ErrParams
	}
	return all, nil
}
