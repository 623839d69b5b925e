package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

// Native is the CEL of a ConstraintTemplate of Gatekeeper, whose engine
// K8sNativeValidation is that of admission policies. It is safe for concurrent
// use.
type Native struct {
	validator validating.Validator
	spec      *admissionv1.ValidatingAdmissionPolicySpec
}

// given are the variables that Gatekeeper defines before those of a template
// (github.com/open-policy-agent/gatekeeper pkg/drivers/k8scel/transform). The
// whole constraint is what the server calls the parameters.
var given = []admissionv1.Variable{
	{Name: "anyObject", Expression: "object"}, // nothing is deleted
	{Name: "params", Expression: "has(params.spec) && has(params.spec.parameters) ? params.spec.parameters : null"},
}

// NewNative compiles the source of a template, which is JSON. The error names
// the first expression that does not compile.
func NewNative(source []byte, name string) (*Native, error) {
	var spec admissionv1.ValidatingAdmissionPolicySpec
	if err := json.Unmarshal(source, &spec); err != nil {
		return nil, err
	}
	var conditions struct {
		All []admissionv1.MatchCondition `json:"matchCondition"` // the name in Gatekeeper
	}
	if err := json.Unmarshal(source, &conditions); err != nil {
		return nil, err
	}
	spec.MatchConditions = conditions.All
	spec.Variables = slices.Concat(given, spec.Variables)
	spec.ParamKind = &admissionv1.ParamKind{}
	if err := check(&spec); err != nil {
		return nil, err
	}
	validator, err := compile(&spec, name)
	if err != nil {
		return nil, err
	}
	return &Native{validator, &spec}, nil
}

// check compiles every expression alone, because the server's plugin keeps
// errors for the evaluation.
func check(spec *admissionv1.ValidatingAdmissionPolicySpec) error {
	compiler, err := cel.NewCompositedCompiler(environments())
	if err != nil {
		return err
	}
	declared := cel.OptionalVariableDeclarations{HasParams: true, HasAuthorizer: true}
	expressions := []cel.ExpressionAccessor{}
	for _, v := range variables(spec.Variables) {
		result := compiler.CompileAndStoreVariable(v, declared, environment.StoredExpressions)
		if result.Error != nil {
			return expressionError(v.GetExpression(), result.Error.Detail)
		}
	}
	conditions, messages := validationsOf(spec.Validations)
	expressions = append(append(expressions, conditions...), messages...)
	for _, e := range expressions {
		if e == nil {
			continue
		}
		if result := compiler.CompileCELExpression(e, declared, environment.StoredExpressions); result.Error != nil {
			return expressionError(e.GetExpression(), result.Error.Detail)
		}
	}
	return nil
}

func expressionError(expression, detail string) error {
	detail, _ = withoutExcerpt(detail)
	return fmt.Errorf("%q %s", strings.TrimSpace(expression), strings.TrimPrefix(detail, "it does not compile "))
}

// Violations returns the messages of what does not hold for an object, which
// goes into a namespace. The object, the Namespace, nil if it is not known, and
// the constraint are JSON.
func (n *Native) Violations(object []byte, namespace string, ns, constraint []byte) ([]string, error) {
	if readsAbsurd(n.spec, object, ns, constraint) {
		return nil, ErrQuantity
	}
	var o, c unstructured.Unstructured
	if err := errors.Join(o.UnmarshalJSON(object), c.UnmarshalJSON(constraint)); err != nil {
		return nil, err
	}
	var in *corev1.Namespace
	if ns != nil {
		if err := json.Unmarshal(ns, &in); err != nil {
			return nil, err
		}
	}
	o.SetNamespace(namespace)
	gvk := o.GroupVersionKind()
	gvr, _ := meta.UnsafeGuessKindToResource(gvk)
	attributes := admission.NewAttributesRecord(&o, nil, gvk, namespace, o.GetName(), gvr, "",
		admission.Create, &metav1.CreateOptions{}, false, &user.DefaultInfo{})
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedObject: &o, VersionedKind: gvk}
	result := n.validator.Validate(context.Background(), gvr, versioned, &c, in, celconfig.PerCallLimit, nil)
	var all []string
	for _, d := range result.Decisions {
		if d.Action == validating.ActionDeny {
			all = append(all, d.Message)
		}
	}
	return all, nil
}
