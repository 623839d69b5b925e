package api

import (
	"fmt"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/kustomize"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
	"github.com/kubeknot/kubeknot/rules/internal/verdict"
)

// PodsRefused reports workloads that the API server accepts, and whose pods it
// does not.
var PodsRefused = &analyzer.Rule{
	ID:    "pods-refused",
	Title: "A workload is accepted, and its pods are refused",
	Claim: analyzer.Broken,
	Kinds: []string{"Pod", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "ReplicationController", "Job", "CronJob"},
	Why: `The API server looks less closely at a pod template than at a pod, and admission does not look at templates at all. So a Deployment is accepted, says "created", and never gets a pod: only its condition ReplicaFailure and the events of its ReplicaSet say why.

kubeknot asks the server's own code, that of Kubernetes ` + apiserver.KubernetesVersion + `, about the pod that the template makes, together with the Pod Security labels of its Namespace, the LimitRanges and the ResourceQuotas that are applied with it. A quota is compared with the one workload alone. Then ValidatingAdmissionPolicies are asked about the pod, with the defaults filled in.`,
	Bad: `apiVersion: v1
kind: LimitRange
metadata:
  name: limits
spec:
  limits:
    - type: Container
      max: {memory: 512Mi}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  replicas: 1
  selector:
    matchLabels: {app: db}
  template:
    metadata:
      labels: {app: db}
    spec:
      containers:
        - name: db
          image: postgres:17
          resources:
            limits: {memory: 1Gi}
`,
	Good: `apiVersion: v1
kind: LimitRange
metadata:
  name: limits
spec:
  limits:
    - type: Container
      max: {memory: 512Mi}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: db
spec:
  replicas: 1
  selector:
    matchLabels: {app: db}
  template:
    metadata:
      labels: {app: db}
    spec:
      containers:
        - name: db
          image: postgres:17
          resources:
            limits: {memory: 512Mi}
`,
	References: []string{
		"https://kubernetes.io/docs/concepts/security/pod-security-admission/",
		"https://kubernetes.io/docs/concepts/policy/limit-range/",
		"https://kubernetes.io/docs/concepts/policy/resource-quotas/",
		"k8s.io/kubernetes/pkg/apis/core/validation/validation.go: ValidatePodCreate",
		"k8s.io/kubernetes/plugin/pkg/admission/limitranger/admission.go: PodValidateLimitFunc",
	},
	Run: func(p *analyzer.Pass) error {
		refused, judged := map[*manifest.Resource]bool{}, map[*manifest.Resource]bool{}
		for _, v := range verdict.All(p.Graph) {
			refused[v.Resource], judged[v.Resource] = len(v.Refusals) > 0, v.PodsJudged
		}
		policies := admissionOf(p.Graph)
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Custom || w.Superseded || w.Controlled() || refused[w.Resource] || graph.NoPods(p.Graph, w) {
				continue
			}
			if _, served := verdict.Builtin(w.Resource); !served || p.Unit.Rewrites(kustomize.Everything) {
				continue
			}
			if !podRefused(p, w, judged[w.Resource]) && !w.IsPod() && policies != nil {
				policies.judgePods(p, w)
			}
		}
		return nil
	},
}

// podRefused reports the first reason for which the server refuses a workload's
// pods, or else what denies them in their namespace, and whether there is one.
// judged says that the server accepts them as it accepts the workload.
func podRefused(p *analyzer.Pass, w *graph.Workload, judged bool) bool {
	deciding := p.Graph.Deciding(w)
	judged = judged || w.IsPod() // of a Pod, other rules say it
	if judged && len(deciding) == 0 {
		return false
	}
	pod, ok := w.PodObject()
	if !ok {
		return false
	}
	if !judged {
		for _, r := range apiserver.Create(pod).Refusals {
			r.Path = w.At(r.Path...)
			if verdict.Undecided(w.Resource, r) {
				p.Skip(w.Resource, verdict.OpenValue)
				continue
			}
			f := verdict.Refused(w.Resource, r)
			f.Message = fmt.Sprintf("%s is accepted, but not its pods: %s", w, verdict.InWords(w.Resource, r))
			f.Consequence = "the API server refuses each pod: " + verdict.Said(w.Resource, r.Field, r.Message)
			f.Help, f.Related = remedy(w.Resource, r)
			p.Report(f)
			return true
		}
	}
	deniedBy := map[*apiserver.Object]*manifest.Resource{}
	var all []*apiserver.Object
	for _, r := range deciding {
		if o, ok := verdict.Builtin(r); ok {
			deniedBy[&o] = r
			all = append(all, &o)
		}
	}
	n, counted := p.Graph.LeastPods(w)
	if !counted {
		n = 1
	}
	denials := apiserver.Admit(pod, n, all)
	for _, d := range denials {
		if d.Filled != nil {
			p.Report(filled(w, deniedBy[d.By], *d.Filled))
		} else {
			p.Report(denied(w, deniedBy[d.By], d.Message))
		}
	}
	return len(denials) > 0
}

// failedCreate is what kubectl shows of a workload whose pods are refused.
func failedCreate(w *graph.Workload) string {
	switch w.Kind {
	case "Deployment", "ReplicaSet", "ReplicationController":
		return "condition ReplicaFailure, event FailedCreate"
	}
	return "event FailedCreate"
}

// filled words what the server refuses of the pods of a workload once the
// defaults of a LimitRange are filled in.
func filled(w *graph.Workload, by *manifest.Resource, r apiserver.Refusal) analyzer.Finding {
	path := w.At(manifest.Known(w.PodField(), r.Path)...)
	message := strings.TrimPrefix(r.Message, "Invalid value: ")
	if len(r.Path) > 2 {
		if container := manifest.String(w.PodField(r.Path[:3]...), "name"); container != "" {
			message = fmt.Sprintf("container %s, %s: %s", container, strings.Join(r.Path[3:], "."), message)
		}
	}
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s is accepted, but its pods are invalid with the defaults of %s: %s", w, by, message),
		Consequence: fmt.Sprintf("the API server refuses each pod: %s", failedCreate(w)),
		Help:        fmt.Sprintf("set both the request and the limit of the container, or change the defaults of %s", by),
		Location:    w.EntryLocation(path...),
		Path:        path,
		Resource:    w.Resource,
		Policy:      by.Kind + "/" + by.Name,
		Related:     []analyzer.Related{{Location: by.NameLocation(), Message: "fills in the defaults"}},
	}
	if w.IsPod() {
		f.Claim = analyzer.Rejected
		f.Message = fmt.Sprintf("%s is invalid with the defaults of %s: %s", w, by, message)
		f.Consequence = "the API server refuses the Pod"
	}
	return f
}

// denied words what admission says to the pods of a workload.
func denied(w *graph.Workload, by *manifest.Resource, message string) analyzer.Finding {
	path := w.At("spec", "containers")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s is accepted, but its pods are rejected by %s: %s", w, by, message),
		Consequence: "the API server refuses each pod: " + failedCreate(w),
		Help:        "change the pod template, or what " + by.String() + " requires",
		Location:    w.KeyLocation(path...),
		Path:        path,
		Resource:    w.Resource,
		Policy:      by.Kind + "/" + by.Name,
		Related:     []analyzer.Related{{Location: by.NameLocation(), Message: "rejects the pods"}},
	}
	switch {
	case w.IsPod():
		f.Claim = analyzer.Rejected
		f.Message = fmt.Sprintf("%s is rejected by %s: %s", w, by, message)
		f.Consequence = "the API server refuses the Pod: forbidden"
	case strings.HasPrefix(message, "exceeded quota"):
		f.Message = fmt.Sprintf("%s exceeds %s: %s", w, by, strings.TrimPrefix(message, "exceeded quota: "))
		f.Consequence = "the API server refuses the pods beyond the quota: " + failedCreate(w)
		f.Help = "request fewer or smaller pods, or raise the quota"
	}
	return f
}
