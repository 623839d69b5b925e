package verdict

import (
	"slices"
	"strings"

	"github.com/kubeknot/kubeknot/analyzer/manifest"
)

// toolGroups are the groups of files that have the form of an object and are
// read by a tool or a component, never by an API server. A group stands for
// those that end with it, too.
var toolGroups = []string{
	"skaffold", "openslo", "n9", "garden", "config", "devspace", "score.dev", "backstage.io",
	"kustomize.config.k8s.io", "config.kubernetes.io", "config.k8s.io", "kubeadm.k8s.io", "audit.k8s.io",
	"apiserver.k8s.io", "client.authentication.k8s.io", "imagepolicy.k8s.io", "credentialprovider.kubelet.k8s.io",
	"kind.x-k8s.io", "kind.sigs.k8s.io", "k3d.io", "eksctl.io", "ctlptl.dev", "kuttl.dev", "cli.kyverno.io", "chainsaw.kyverno.io",
	"grizzly.grafana.com", "tanka.dev", "krew.googlecontainertools.github.com", "troubleshoot.sh", "kpt.dev", "vendir.k14s.io", "kbld.k14s.io", "imgpkg.carvel.dev",
}

// IsFileOfTool reports whether a resource is none, but a file of a tool.
func IsFileOfTool(r *manifest.Resource) bool {
	return slices.ContainsFunc(toolGroups, func(g string) bool { return r.Group == g || strings.HasSuffix(r.Group, "."+g) })
}
