package containers

import (
	"fmt"
	"slices"

	"github.com/kubeknot/kubeknot/analyzer"
	"github.com/kubeknot/kubeknot/analyzer/graph"
	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// RunAsNonRootConflict reports containers that must not run as root and are told
// to.
var RunAsNonRootConflict = &analyzer.Rule{
	ID:    "run-as-non-root-conflict",
	Title: "runAsNonRoot with runAsUser 0",
	Claim: analyzer.Broken,
	Kinds: podKinds,
	Why:   `kubelet does not start a container whose runAsNonRoot is true and whose runAsUser is 0: the container waits in CreateContainerConfigError. Both fields are read from the container's securityContext, and where it lacks one, from that of the pod. The API server does not compare them.`,
	Bad: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  securityContext:
    runAsNonRoot: true
  containers:
    - name: web
      image: example/web
      securityContext:
        runAsUser: 0
`,
	Good: `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  securityContext:
    runAsNonRoot: true
  containers:
    - name: web
      image: example/web
      securityContext:
        runAsUser: 1000
`,
	References: []string{
		"https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
		"k8s.io/kubernetes/pkg/kubelet/kuberuntime/security_context_others.go: verifyRunAsNonRoot",
		"k8s.io/kubernetes/pkg/securitycontext/util.go: DetermineEffectiveSecurityContext",
	},
	Run: func(p *analyzer.Pass) error {
		seen := map[*manifest.Node]bool{} // the user of the pod, which many containers have
		eachContainer(p, func(w *graph.Workload, c graph.Container) {
			if manifest.String(w.PodField("spec", "os", "name")) == "windows" {
				return
			}
			user, userAt := effective(w, c, "runAsUser")
			nonRoot, nonRootAt := effective(w, c, "runAsNonRoot")
			if uid, ok := manifest.Int(user); !ok || uid != 0 || !manifest.Bool(nonRoot) || seen[user] {
				return
			}
			seen[user] = true
			p.Report(analyzer.Finding{
				Message:     fmt.Sprintf("%s: container %s runs as root by runAsUser: 0, but runAsNonRoot is true", w, c.Name),
				Label:       "root",
				Consequence: "kubelet does not start the container: CreateContainerConfigError, container's runAsUser breaks non-root policy",
				Help:        fmt.Sprintf("set runAsUser to the user of the image, or runAsNonRoot: false in the securityContext of container %s", c.Name),
				Location:    w.EntryLocation(userAt...),
				Path:        userAt,
				Resource:    w.Resource,
				Related:     []analyzer.Related{{Location: w.EntryLocation(nonRootAt...), Message: "root is forbidden here"}},
			})
		})
		return nil
	},
}

// effective returns a field of the container's securityContext, or of the pod's
// where the container has none, and its path.
func effective(w *graph.Workload, c graph.Container, field string) (*manifest.Node, []string) {
	if n := manifest.Get(c.Node, "securityContext", field); n != nil && !manifest.IsNull(n) {
		return n, slices.Concat(c.Path, []string{"securityContext", field})
	}
	return w.PodField("spec", "securityContext", field), w.At("spec", "securityContext", field)
}
