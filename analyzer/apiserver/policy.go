package apiserver

import (
	"sync"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
)

// Policy is a ValidatingAdmissionPolicy as the server compiles it. It is safe
// for concurrent use.
type Policy struct {
	*admissionv1.ValidatingAdmissionPolicy
	validator validating.Validator
	needs     policyNeeds
}

// Binding is a ValidatingAdmissionPolicyBinding, which puts a policy in force.
type Binding struct {
	*admissionv1.ValidatingAdmissionPolicyBinding
}

// NewPolicy compiles a policy; nil if the object is none, or the server refuses
// it, as for an expression that does not compile.
func NewPolicy(o Object) *Policy {
	spec, ok := inV1(o).(*admissionv1.ValidatingAdmissionPolicy)
	if !ok {
		return nil
	}
	validator, err := compile(&spec.Spec, spec.Name)
	if err != nil {
		return nil
	}
	return &Policy{spec, validator, needsOf(&spec.Spec)}
}

// NewBinding reads a binding; nil if the object is none, or the server refuses
// it.
func NewBinding(o Object) *Binding {
	if b, ok := inV1(o).(*admissionv1.ValidatingAdmissionPolicyBinding); ok {
		return &Binding{b}
	}
	return nil
}

// inV1 returns an object of admission with its defaults in version v1, nil if
// the server refuses it.
func inV1(o Object) runtime.Object {
	k := find(o.APIVersion, o.Kind)
	if k == nil || k.gvk.Group != admissionv1.GroupName || !k.served() {
		return nil
	}
	setUp()
	object := accepted(&o)
	if object == nil {
		return nil
	}
	internal, err := k.internal(object)
	if err != nil {
		return nil
	}
	v1, err := k.scheme.ConvertToVersion(internal, admissionv1.SchemeGroupVersion)
	if err != nil {
		return nil
	}
	return v1
}

// environments is where the server compiles the expressions of all policies.
var environments = sync.OnceValue(func() *environment.EnvSet {
	return environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
})

// compile compiles the expressions of a policy as the server's plugin does,
// whose own function is not exported (k8s.io/apiserver
// pkg/admission/plugin/policy/validating/plugin.go, compilePolicy). Annotations
// for the audit log decide nothing and are left out.
func compile(p *admissionv1.ValidatingAdmissionPolicySpec, name string) (validating.Validator, error) {
	compiler, err := cel.NewCompositedCompiler(environments())
	if err != nil {
		return nil, err
	}
	asked := cel.OptionalVariableDeclarations{HasParams: p.ParamKind != nil, HasAuthorizer: true}
	told := cel.OptionalVariableDeclarations{HasParams: p.ParamKind != nil}
	compiler.CompileAndStoreVariables(variables(p.Variables), asked, environment.StoredExpressions)
	conditions := make([]cel.ExpressionAccessor, len(p.MatchConditions))
	for i := range p.MatchConditions {
		conditions[i] = (*matchconditions.MatchCondition)(&p.MatchConditions[i])
	}
	var matcher matchconditions.Matcher
	if len(conditions) > 0 {
		filter := compiler.CompileCondition(conditions, asked, environment.StoredExpressions)
		matcher = matchconditions.NewMatcher(filter, p.FailurePolicy, "policy", "validate", name)
	}
	validations, messages := validationsOf(p.Validations)
	return validating.NewValidator(
		compiler.CompileCondition(validations, asked, environment.StoredExpressions),
		matcher,
		compiler.CompileCondition(nil, asked, environment.StoredExpressions),
		compiler.CompileCondition(messages, told, environment.StoredExpressions),
		p.FailurePolicy, nil,
	), nil
}

func variables(all []admissionv1.Variable) []cel.NamedExpressionAccessor {
	accessors := make([]cel.NamedExpressionAccessor, len(all))
	for i, v := range all {
		accessors[i] = &validating.Variable{Name: v.Name, Expression: v.Expression}
	}
	return accessors
}

// validationsOf returns the conditions, and for each of them what its message
// is computed by, nil if nothing.
func validationsOf(all []admissionv1.Validation) (conditions, messages []cel.ExpressionAccessor) {
	conditions, messages = make([]cel.ExpressionAccessor, len(all)), make([]cel.ExpressionAccessor, len(all))
	for i, v := range all {
		conditions[i] = &validating.ValidationCondition{Expression: v.Expression, Message: v.Message, Reason: v.Reason}
		if v.MessageExpression != "" {
			messages[i] = &validating.MessageExpressionCondition{MessageExpression: v.MessageExpression}
		}
	}
	return conditions, messages
}
