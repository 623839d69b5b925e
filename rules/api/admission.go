package api

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/analyzer/memo"
	"github.com/kubeknot/kubeknot/analyzer/unit"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// admission is what a unit finds of admission policies: those that it holds,
// those of the directories above and those from outside.
type admission struct {
	policies   []admissionPolicy
	bindings   map[string][]binding // by the name of the policy
	params     []apiserver.Object
	namespaces []apiserver.Object
}

type admissionPolicy struct {
	*apiserver.Policy
	resource *manifest.Resource
}

type binding struct {
	*apiserver.Binding
	resource *manifest.Resource
}

var admissionKey memo.Key[*admission]

// admissionOf collects the policies. Of an object that is defined more than
// once the closest definition counts, and of those of the unit the last. It is
// nil if no policy is in force.
func admissionOf(g *graph.Graph) *admission {
	return admissionKey.Of(g, func() *admission { return newAdmission(g.Unit) })
}

func newAdmission(u *unit.Unit) *admission {
	lists := [][]*manifest.Resource{u.Resources, u.Context, u.Policies}
	if !slices.ContainsFunc(lists, func(list []*manifest.Resource) bool {
		return slices.ContainsFunc(list, func(r *manifest.Resource) bool { return r.Kind == "ValidatingAdmissionPolicy" })
	}) {
		return nil
	}
	a := &admission{bindings: map[string][]binding{}}
	chosen := map[manifest.ID]*manifest.Resource{}
	for _, r := range u.Resources {
		chosen[r.ID()] = r
	}
	var all []*manifest.Resource
	for _, list := range lists {
		for _, r := range list {
			if other := chosen[r.ID()]; other == nil || other == r {
				chosen[r.ID()] = r
				all = append(all, r)
			}
		}
	}
	params := map[[2]string]bool{}
	for _, r := range all {
		if r.Group != "admissionregistration.k8s.io" {
			continue
		}
		if p := policyOf(r); p != nil {
			a.policies = append(a.policies, admissionPolicy{p, r})
			apiVersion, kind := p.Param()
			params[[2]string{apiVersion, kind}] = true
		} else if b := bindingOf(r); b != nil {
			a.bindings[b.Spec.PolicyName] = append(a.bindings[b.Spec.PolicyName], binding{b, r})
		}
	}
	if len(a.policies) == 0 || len(a.bindings) == 0 {
		return nil
	}
	for _, r := range all {
		param, namespace := params[[2]string{r.APIVersion, r.Kind}], r.Group == "" && r.Kind == "Namespace"
		if !param && !namespace {
			continue
		}
		o, ok := verdict.Object(r)
		switch {
		case !ok:
		case param:
			a.params = append(a.params, o)
		default:
			a.namespaces = append(a.namespaces, o)
		}
	}
	return a
}

// policyKey and bindingKey are the keys of what is compiled of a resource, for
// all units below it.
var (
	policyKey  memo.Key[*apiserver.Policy]
	bindingKey memo.Key[*apiserver.Binding]
)

func policyOf(r *manifest.Resource) *apiserver.Policy {
	if r.Kind != "ValidatingAdmissionPolicy" {
		return nil
	}
	return policyKey.Of(r, func() *apiserver.Policy {
		o, ok := verdict.Object(r)
		if !ok {
			return nil
		}
		return apiserver.NewPolicy(o)
	})
}

func bindingOf(r *manifest.Resource) *apiserver.Binding {
	if r.Kind != "ValidatingAdmissionPolicyBinding" {
		return nil
	}
	return bindingKey.Of(r, func() *apiserver.Binding {
		o, ok := verdict.Object(r)
		if !ok {
			return nil
		}
		return apiserver.NewBinding(o)
	})
}

// judge reports what the policies say to a resource.
func (a *admission) judge(p *analyzer.Pass, r *manifest.Resource) {
	o, ok := verdict.Object(r)
	if !ok {
		return
	}
	a.review(p, r, o, nil)
}

// judgePods reports which policies refuse the pods of a workload.
func (a *admission) judgePods(p *analyzer.Pass, w *graph.Workload) {
	if pod, ok := p.Graph.AdmittedPod(w); ok {
		a.review(p, w.Resource, pod, w)
	}
}

// review reports what the policies say to an object: a resource, or, if the
// workload is not nil, a pod that it creates. Of pods only what is refused is
// reported, because nobody sees the warnings of a controller.
func (a *admission) review(p *analyzer.Pass, r *manifest.Resource, o apiserver.Object, w *graph.Workload) {
	review := apiserver.NewReview(o, p.Graph.Namespace(r), a.namespaces)
	if review == nil {
		return
	}
	for _, policy := range a.policies {
		for _, b := range a.bindings[policy.Name] {
			if w != nil && !slices.Contains(b.Spec.ValidationActions, "Deny") {
				continue
			}
			broken, err := policy.Judge(b.Binding, review, a.params)
			if err != nil {
				p.Skip(r, fmt.Sprintf("%s: %s", policy.resource, strings.ReplaceAll(err.Error(), "\n", "; ")))
			}
			for _, f := range broken {
				found := denial(r, policy, b, f)
				if w != nil {
					found = podDenial(w, policy, f, found)
				}
				if len(found.Path) > 0 && manifest.HoldsPlaceholder(r.Get(found.Path...)) || r.QuotesPlaceholder(f.Message) {
					p.Skip(r, verdict.OpenValue)
					continue
				}
				p.Report(found)
			}
		}
	}
}

// denial words a validation that does not hold.
func denial(r *manifest.Resource, p admissionPolicy, b binding, f apiserver.Broken) analyzer.Finding {
	finding := analyzer.Finding{
		Message:  fmt.Sprintf("%s violates %s: %s", r, p.resource, r.Mask(f.Message)),
		Resource: r,
		Path:     r.Mentioned(f.Message),
		Policy:   fmt.Sprintf("%s/%d", p.Name, f.Validation),
		Help:     "change the object so that the expression is true, or change what the policy or its binding matches",
	}
	finding.Severity, finding.Claim, finding.Consequence = actions(b)
	at, is := []string{"metadata", "name"}, "the policy"
	if f.Validation >= 0 {
		at, is = []string{"spec", "validations", fmt.Sprint(f.Validation), "expression"}, "is false for this object"
		if finding.Path == nil {
			finding.Path = r.Mentioned(p.Spec.Validations[f.Validation].Expression)
		}
	}
	if f.ByUser {
		finding.Notes = []string{"the matchConditions of the policy exempt some users"}
		if finding.Severity == analyzer.Error {
			finding.Severity = analyzer.Warning
		}
	}
	finding.Location = r.EntryLocation(finding.Path...)
	finding.Related = []analyzer.Related{
		{Location: p.resource.EntryLocation(at...), Message: is},
		{Location: b.resource.EntryLocation("spec", "validationActions"), Message: "the binding enforces the policy"},
	}
	return finding
}

// podDenial rewords a finding for the pods of a workload. Its path is that of
// the field in the pod template.
func podDenial(w *graph.Workload, p admissionPolicy, f apiserver.Broken, found analyzer.Finding) analyzer.Finding {
	found.Message = fmt.Sprintf("%s is accepted, but %s refuses its pods: %s", w, p.resource, w.Mask(f.Message))
	found.Claim = analyzer.Broken
	found.Consequence = "the API server refuses each pod: " + failedCreate(w)
	found.Help = "change the pod template so that the expression is true, or change what the policy or its binding matches"
	path := manifest.Mentioned(w.PodField(), f.Message)
	if path == nil && f.Validation >= 0 {
		path = manifest.Mentioned(w.PodField(), p.Spec.Validations[f.Validation].Expression)
	}
	found.Path = w.At(path...)
	found.Location = w.EntryLocation(found.Path...)
	return found
}

// actions returns what a binding makes of a violation, by the loudest of its
// actions.
func actions(b binding) (analyzer.Severity, analyzer.Claim, string) {
	loudest, claim, does := analyzer.Info, analyzer.Policy, "it is accepted, and the audit log says so"
	for _, action := range b.Spec.ValidationActions {
		switch action {
		case "Deny":
			return analyzer.Error, analyzer.Rejected, "the API server refuses it"
		case "Warn":
			loudest, claim, does = analyzer.Warning, analyzer.Policy, "it is accepted with a warning"
		}
	}
	return loudest, claim, does
}
