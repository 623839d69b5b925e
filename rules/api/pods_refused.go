package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/apiserver"
	"github.com/kubeknot/kubeknot/analyzer/graph"
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

kubeknot asks the server's own code, that of Kubernetes ` + apiserver.KubernetesVersion + `, about the pod that the template makes, together with the Pod Security labels of its Namespace, the LimitRanges and the ResourceQuotas that are applied with it. A quota is compared with the one workload alone.`,
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
		for _, w := range p.Graph.Workloads {
			if !w.Own || w.Custom || w.Superseded || w.Controlled() || refused[w.Resource] || graph.NoPods(p.Graph, w) {
				continue
			}
			if _, served := verdict.Builtin(w.Resource); !served || p.Unit.Rewritten {
				continue
			}
			podRefused(p, w, judged[w.Resource])
		}
		return nil
	},
}

// podRefused reports the first reason for which a workload's pods are refused.
// judged says that the server accepts them as it accepts the workload.
func podRefused(p *analyzer.Pass, w *graph.Workload, judged bool) {
	deciding := policiesFor(p.Graph, w.Resource)
	judged = judged || w.IsPod() // of a Pod, other rules say it
	if judged && len(deciding) == 0 {
		return
	}
	pod, ok := podOf(w)
	if !ok {
		return
	}
	if !judged {
		for _, r := range apiserver.Create(pod).Refusals {
			r.Path = w.At(r.Path...)
			if verdict.Unfinished(w.Resource, r.Path) || manifest.IsPlaceholder(r.Message) {
				continue
			}
			f := verdict.Refused(w.Resource, r)
			f.Message = fmt.Sprintf("%s is accepted, but not its pods: %s", w, verdict.InWords(w.Resource, r))
			f.Consequence = "the API server refuses each pod: " + verdict.Said(w.Resource, r.Field, r.Message)
			f.Help, f.Related = remedy(w.Resource, r)
			p.Report(f)
			return
		}
	}
	policies := map[*apiserver.Object]*manifest.Resource{}
	var all []*apiserver.Object
	for _, r := range deciding {
		if o, ok := verdict.Builtin(r); ok {
			policies[&o] = r
			all = append(all, &o)
		}
	}
	if len(all) == 0 {
		return
	}
	n, counted := p.Graph.LeastPods(w)
	if !counted {
		n = 1
	}
	for _, d := range apiserver.Admit(pod, n, all) {
		p.Report(denied(w, policies[d.By], d.Message))
	}
}

// denied words what admission says to the pods of a workload.
func denied(w *graph.Workload, by *manifest.Resource, message string) analyzer.Finding {
	path := w.At("spec", "containers")
	f := analyzer.Finding{
		Message:     fmt.Sprintf("%s is accepted, but %s keeps out its pods: %s", w, by, message),
		Consequence: "the API server refuses each pod: ReplicaFailure, FailedCreate",
		Help:        "change the pod template, or what " + by.String() + " asks for",
		Location:    w.KeyLocation(path...),
		Path:        path,
		Resource:    w.Resource,
		Related:     []analyzer.Related{{Location: by.NameLocation(), Message: by.String() + " decides what is let in"}},
	}
	switch {
	case w.IsPod():
		f.Claim = analyzer.Rejected
		f.Message = fmt.Sprintf("%s is kept out by %s: %s", w, by, message)
		f.Consequence = "the API server refuses the Pod: forbidden"
	case strings.HasPrefix(message, "exceeded quota"):
		f.Message = fmt.Sprintf("%s wants more than %s allows: %s", w, by, strings.TrimPrefix(message, "exceeded quota: "))
		f.Consequence = "the API server refuses the pods that are too many: ReplicaFailure, FailedCreate"
		f.Help = "ask for fewer or smaller pods, or raise the quota"
	}
	return f
}

// policiesFor returns what decides which pods are let into the namespace of a
// workload: its Namespace, and LimitRanges and ResourceQuotas. Of two that
// leave the namespace out nobody knows more than that it is the same.
func policiesFor(g *graph.Graph, w *manifest.Resource) []*manifest.Resource {
	namespace := g.Namespace(w)
	var all []*manifest.Resource
	for _, r := range decidingKinds(g) {
		switch {
		case r.Kind == "Namespace" && r.Name == namespace && namespace != "" && !g.Superseded(r),
			(r.Kind == "LimitRange" || r.Kind == "ResourceQuota") && g.Namespace(r) == namespace && !g.Superseded(r):
			all = append(all, r)
		}
	}
	return all
}

// decidingKey is the key of decidingKinds among the views of a graph.
type decidingKey struct{}

// decidingKinds returns the Namespaces, LimitRanges and ResourceQuotas of a
// unit and its context.
func decidingKinds(g *graph.Graph) []*manifest.Resource {
	return g.View(decidingKey{}, func() any {
		var all []*manifest.Resource
		for _, r := range slices.Concat(g.Unit.Resources, g.Unit.Context) {
			if r.Group == "" && (r.Kind == "Namespace" || r.Kind == "LimitRange" || r.Kind == "ResourceQuota") {
				all = append(all, r)
			}
		}
		return all
	}).([]*manifest.Resource)
}

// podOf returns the pod that a workload makes, or that it is.
func podOf(w *graph.Workload) (o apiserver.Object, ok bool) {
	value, ok := manifest.Value(w.PodField())
	template, isObject := value.(map[string]any)
	if !ok || !isObject {
		return o, false
	}
	meta, _ := template["metadata"].(map[string]any)
	spec, _ := template["spec"].(map[string]any)
	if w.Kind == "StatefulSet" && spec != nil {
		spec["volumes"] = withClaims(w, spec["volumes"])
	}
	data, err := json.Marshal(map[string]any{
		"apiVersion": "v1",
		"kind":       "Pod",
		"metadata":   map[string]any{"name": "pod", "labels": meta["labels"], "annotations": meta["annotations"]},
		"spec":       spec,
	})
	return apiserver.Object{APIVersion: "v1", Kind: "Pod", JSON: data}, err == nil
}

// withClaims adds the volumes that a StatefulSet makes of its claim templates,
// in place of those of the same name (pkg/controller/statefulset
// stateful_set_utils.go updateStorage).
func withClaims(w *graph.Workload, volumes any) []any {
	names := map[string]bool{}
	var all []any
	for _, t := range manifest.Items(w.Get("spec", "volumeClaimTemplates")) {
		name := manifest.String(t, "metadata", "name")
		names[name] = true
		all = append(all, map[string]any{"name": name, "persistentVolumeClaim": map[string]any{"claimName": name}})
	}
	list, _ := volumes.([]any)
	for _, v := range list {
		if volume, ok := v.(map[string]any); !ok || !names[fmt.Sprint(volume["name"])] {
			all = append(all, v)
		}
	}
	return all
}
