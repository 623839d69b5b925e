package apiserver

import (
	"slices"
	"strconv"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"

	"github.com/kubeknot/kubeknot/analyzer/quantity"
)

// This file keeps absurd quantities from the expressions of CEL, whose functions
// quantity and isQuantity read any string
// (k8s.io/apiserver/pkg/cel/library/quantity.go). No context ends them.

// readsQuantities reports whether an expression reads a string as a quantity.
func readsQuantities(expression string) bool {
	return strings.Contains(expression, "uantity(")
}

// dropAbsurd refuses the absurd quantities that a rule of the schema can read, and
// drops them. ruled reports that a rule of a level above reads quantities. It
// reports whether the value may stay.
func dropAbsurd(value any, s *structuralschema.Structural, ruled bool, path []string, v *Verdict) bool {
	for _, rule := range s.XValidations {
		ruled = ruled || readsQuantities(rule.Rule) || readsQuantities(rule.MessageExpression)
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			if !dropAbsurd(value[key], schemaAt(s, []string{key}), ruled, at(path, key), v) {
				delete(value, key)
			}
		}
	case []any:
		for i, item := range value {
			step := strconv.Itoa(i)
			if !dropAbsurd(item, schemaAt(s, []string{step}), ruled, at(path, step), v) {
				value[i] = nil
			}
		}
	case string:
		if ruled && quantity.Absurd(value) {
			r := Refusal{Family: Invalid, Path: v.Written(path), Field: join(path), Message: errAbsurd.Error()}
			v.refuse(r)
			v.dropped = append(v.dropped, r.Path)
			return false
		}
	}
	return true
}

// readsAbsurd reports whether expressions that read quantities may get an absurd
// one: from their own text or from one of the objects.
func readsAbsurd(spec *admissionv1.ValidatingAdmissionPolicySpec, objects ...[]byte) bool {
	all := expressions(spec)
	if !slices.ContainsFunc(all, readsQuantities) {
		return false
	}
	return quantity.MayHold([]byte(strings.Join(all, "\n"))) || slices.ContainsFunc(objects, quantity.MayHold)
}

// expressions returns all expressions of a policy.
func expressions(spec *admissionv1.ValidatingAdmissionPolicySpec) []string {
	var all []string
	for _, v := range spec.Validations {
		all = append(all, v.Expression, v.MessageExpression)
	}
	for _, v := range spec.Variables {
		all = append(all, v.Expression)
	}
	for _, c := range spec.MatchConditions {
		all = append(all, c.Expression)
	}
	return all
}
