package apiserver

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
)

// needs is what an expression asks for that manifests may not tell.
type needs uint

const (
	needsUser      needs = 1 << iota // who applies the object, and what they may do
	needsNamespace                   // the Namespace of the object
	needsParams                      // the parameters
)

// err returns why what is needed is not known, nil if nothing is needed.
func (n needs) err() error {
	var errs []error
	for need, err := range map[needs]error{needsUser: ErrUser, needsNamespace: ErrNamespace, needsParams: ErrParams} {
		if n&need != 0 {
			errs = append(errs, err)
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(errs...)
}

// policyNeeds is what the expressions of a policy need.
type policyNeeds struct {
	conditions  needs
	validations []needs // in their order
	messages    []needs // of messageExpression, in the same order
	// named are the texts in the expressions about the user, which may be names
	// of users and groups.
	named []string
}

var (
	asksUser      = regexp.MustCompile(`\b(userInfo|authorizer)\b`)
	asksNamespace = regexp.MustCompile(`\bnamespaceObject\b`)
	asksParams    = regexp.MustCompile(`\bparams\b`)
	asksVariable  = regexp.MustCompile(`\bvariables\.(\w+)`)
	quotedText    = regexp.MustCompile(`'[^']*'|"[^"]*"`)
)

// needsOf reads the expressions of a policy. A variable passes on what it needs
// itself; it can only refer to variables before it.
func needsOf(spec *admissionv1.ValidatingAdmissionPolicySpec) policyNeeds {
	var p policyNeeds
	variables := map[string]needs{}
	read := func(expression string) needs {
		var n needs
		for pattern, need := range map[*regexp.Regexp]needs{asksUser: needsUser, asksNamespace: needsNamespace, asksParams: needsParams} {
			if pattern.MatchString(expression) {
				n |= need
			}
		}
		for _, m := range asksVariable.FindAllStringSubmatch(expression, -1) {
			n |= variables[m[1]]
		}
		if n&needsUser != 0 {
			p.named = append(p.named, namesIn(expression)...)
		}
		return n
	}
	for _, v := range spec.Variables {
		variables[v.Name] = read(v.Expression)
	}
	for _, c := range spec.MatchConditions {
		p.conditions |= read(c.Expression)
	}
	for _, v := range spec.Validations {
		p.validations = append(p.validations, read(v.Expression))
		p.messages = append(p.messages, read(v.MessageExpression))
	}
	return p
}

// namesIn returns the texts in an expression. Nodes are left out, which the
// condition that Kubernetes' documentation recommends excludes: they apply no
// manifests.
func namesIn(expression string) []string {
	var names []string
	for _, text := range quotedText.FindAllString(expression, -1) {
		if name := text[1 : len(text)-1]; name != "" && !strings.HasPrefix(name, "system:node") {
			names = append(names, name)
		}
	}
	return names
}

func (p policyNeeds) any(need needs) bool {
	return slices.ContainsFunc(append(slices.Concat(p.validations, p.messages), p.conditions), func(n needs) bool { return n&need != 0 })
}

// applier is a user that may apply manifests.
type applier struct {
	user.DefaultInfo
	authorizer authorizer.Authorizer
}

// appliers are different enough that what holds for all of them depends on none:
// a person, an administrator, and the controller of a GitOps tool.
var appliers = []applier{
	{user.DefaultInfo{Name: "user", Groups: []string{user.AllAuthenticated}}, authorizerfactory.NewAlwaysDenyAuthorizer()},
	{user.DefaultInfo{Name: "kubernetes-admin", Groups: []string{"kubeadm:cluster-admins", user.SystemPrivilegedGroup, user.AllAuthenticated}}, authorizerfactory.NewAlwaysAllowAuthorizer()},
	{user.DefaultInfo{Name: "system:serviceaccount:gitops:controller", Groups: []string{"system:serviceaccounts", "system:serviceaccounts:gitops", user.AllAuthenticated}}, authorizerfactory.NewAlwaysAllowAuthorizer()},
}

// maxNamed bounds how many of the users that a policy names are tried.
const maxNamed = 16

// users returns the users for whom a policy is evaluated: one if it asks for
// none, else those above and then each that it names.
func (p policyNeeds) users() []applier {
	if !p.any(needsUser) {
		return appliers[:1]
	}
	users := slices.Clone(appliers)
	for _, name := range p.named[:min(len(p.named), maxNamed)] {
		info := user.DefaultInfo{Name: name, Groups: []string{name, user.AllAuthenticated}}
		users = append(users, applier{info, authorizerfactory.NewAlwaysDenyAuthorizer()})
	}
	return users
}

// by returns the request as a user makes it.
func (r *Review) by(u applier) admission.Attributes {
	a := r.attributes
	return admission.NewAttributesRecord(a.GetObject(), nil, a.GetKind(), a.GetNamespace(), a.GetName(), a.GetResource(), "",
		admission.Create, a.GetOperationOptions(), false, &u.DefaultInfo)
}

// decisions are those of a policy for one user, none if its conditions exempt
// the user.
type decisions []validating.PolicyDecision

// combine returns what is denied for every user, or for every one that the
// conditions do not exempt by name. The error says which parts are denied for
// some, or need what is open.
func (p *Policy) combine(results []decisions, open needs) ([]Broken, error) {
	first := results[0]
	exempt := false
	all := results[:0:0]
	for i, r := range results {
		switch {
		case len(r) == len(first):
			all = append(all, r)
		case i < len(appliers):
			return nil, ErrUser
		default:
			exempt = true
		}
	}
	switch len(first) {
	case 0:
		return nil, (p.needs.conditions & open).err()
	case len(p.Spec.Validations):
		return p.combineValidations(all, open, exempt)
	}
	var broken []Broken // the conditions fail, or the policy as a whole
	for _, d := range first {
		if d.Action == validating.ActionDeny {
			broken = append(broken, Broken{Validation: -1, Message: d.Message})
		}
	}
	return broken, nil
}

func (p *Policy) combineValidations(results []decisions, open needs, exempt bool) ([]Broken, error) {
	var all []Broken
	var undecided needs
	for i, d := range results[0] {
		needed := p.needs.validations[i] & open
		switch {
		case needed&^needsUser != 0:
			undecided |= needed
		case slices.ContainsFunc(results, func(r decisions) bool { return r[i].Action != d.Action }):
			undecided |= needsUser
		case d.Action == validating.ActionDeny:
			broken := Broken{Validation: i, Message: d.Message, ByUser: exempt}
			if p.needs.messages[i]&open != 0 {
				broken.Message = "failed expression: " + strings.TrimSpace(p.Spec.Validations[i].Expression)
			}
			all = append(all, broken)
		}
	}
	return all, undecided.err()
}
